internal import EmulatorCore
internal import JSON

/// Tags of state machines and activities.
struct Tags: Sendable {
    let pairs: [(name: String, value: String)]

    init(_ json: JSON?) throws(AWSFault) {
        var pairs: [(String, String)] = []
        for tag in json?.array ?? [] {
            guard let name = tag["key"]?.string, !name.isEmpty else {
                throw .stepFunctionsValidation("A tag needs a key that is not empty")
            }
            pairs.append((name, tag["value"]?.string ?? ""))
        }
        self.pairs = pairs
    }
}

extension StepFunctionsService {
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_TagResource.html>
    func tagResource(_ input: JSON) async throws -> JSON {
        let resource = try input.required("resourceArn")
        let tags = try Tags(input["tags"])
        try await store.write { transaction in
            try transaction.requireResource(resource)
            try transaction.setTags(tags, of: resource)
        }
        return [:]
    }

    func untagResource(_ input: JSON) async throws -> JSON {
        let resource = try input.required("resourceArn")
        let names = (input["tagKeys"]?.array ?? []).compactMap(\.string)
        try await store.write { transaction in
            try transaction.requireResource(resource)
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
            try snapshot.all("SELECT name, value FROM state_tags WHERE resource = ? ORDER BY name", .text(resource)) {
                ["key": .string($0.text(0)), "value": .string($0.text(1))] as JSON
            }
        }
        return ["tags": .array(tags)]
    }
}

extension Transaction {
    func setTags(_ tags: Tags, of resource: String) throws {
        for (name, value) in tags.pairs {
            try execute(
                "INSERT OR REPLACE INTO state_tags (resource, name, value) VALUES (?, ?, ?)", .text(resource),
                .text(name), .text(value))
        }
    }

    fileprivate func requireResource(_ arn: String) throws {
        let known =
            try snapshot.first("SELECT 1 FROM state_machines WHERE arn = ?", .text(arn)) { _ in true }
            ?? snapshot.first("SELECT 1 FROM activities WHERE arn = ?", .text(arn)) { _ in true }
        guard known != nil else {
            throw AWSFault("ResourceNotFound", "Resource not found: '\(arn)'")
        }
    }
}
