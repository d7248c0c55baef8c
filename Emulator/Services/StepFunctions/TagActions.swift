internal import EmulatorCore
internal import JSON

/// Tags of state machines and activities.
struct Tags: Sendable {
    let pairs: [(name: String, value: String)]

    init(_ json: JSON?) throws(AWSFault) {
        var pairs: [(String, String)] = []
        for (position, tag) in (json?.array ?? []).enumerated() {
            guard let name = tag["key"]?.string, !name.isEmpty else {
                throw .stepFunctionsValidation("A tag needs a key that is not empty")
            }
            let value = tag["value"]?.string ?? ""
            for (text, member, limit) in [(name, "key", Self.longestName), (value, "value", Self.longestValue)]
            where text.unicodeScalars.count > limit {
                throw .constraint(
                    text, at: "tags.\(position + 1).member.\(member)", "have length less than or equal to \(limit)")
            }
            pairs.append((name, value))
        }
        self.pairs = pairs
    }

    private static let longestName = 128
    private static let longestValue = 256
    /// The tags that one resource may have.
    private static let most = 50

    /// - Throws: ``AWSFault`` where the tags that are there and these are too many.
    func check(with existing: Set<String>, of resource: String) throws(AWSFault) {
        guard existing.union(pairs.map(\.name)).count > Self.most else { return }
        throw AWSFault("TooManyTags", "Too many tags: '\(resource)'")
    }
}

extension StepFunctionsService {
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_TagResource.html>
    func tagResource(_ input: JSON) async throws -> JSON {
        let resource = try input.required("resourceArn")
        let tags = try Tags(input["tags"])
        try await store.write { transaction in
            try transaction.snapshot.requireResource(resource)
            try transaction.setTags(tags, of: resource)
        }
        return [:]
    }

    func untagResource(_ input: JSON) async throws -> JSON {
        let resource = try input.required("resourceArn")
        let names = (input["tagKeys"]?.array ?? []).compactMap(\.string)
        try await store.write { transaction in
            try transaction.snapshot.requireResource(resource)
            for name in names {
                try transaction.execute(
                    "DELETE FROM state_tags WHERE resource = ? AND name = ?", .text(resource), .text(name))
            }
        }
        return [:]
    }

    func listTags(_ input: JSON) throws -> JSON {
        let resource = try input.required("resourceArn")
        let tags = try store.read { snapshot in
            try snapshot.requireResource(resource)
            return try snapshot.all(
                "SELECT name, value FROM state_tags WHERE resource = ? ORDER BY name", .text(resource)
            ) {
                ["key": .string($0.text(0)), "value": .string($0.text(1))] as JSON
            }
        }
        return ["tags": .array(tags)]
    }
}

extension Transaction {
    func setTags(_ tags: Tags, of resource: String) throws {
        let existing = try snapshot.all("SELECT name FROM state_tags WHERE resource = ?", .text(resource)) {
            $0.text(0)
        }
        try tags.check(with: Set(existing), of: resource)
        for (name, value) in tags.pairs {
            try execute(
                "INSERT OR REPLACE INTO state_tags (resource, name, value) VALUES (?, ?, ?)", .text(resource),
                .text(name), .text(value))
        }
    }
}

extension Snapshot {
    /// - Throws: ``AWSFault`` where `arn` is no ARN, or of no state machine and no activity.
    fileprivate func requireResource(_ arn: String) throws {
        guard ARN(arn) != nil else { throw AWSFault("InvalidArn", "Invalid Resource Arn: '\(arn)'") }
        let known =
            try first("SELECT 1 FROM state_machines WHERE arn = ?", .text(arn)) { _ in true }
            ?? first("SELECT 1 FROM activities WHERE arn = ?", .text(arn)) { _ in true }
        guard known != nil else { throw AWSFault("ResourceNotFound", "Resource not found: '\(arn)'") }
    }
}
