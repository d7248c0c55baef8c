internal import EmulatorCore
internal import JSON

// Tags of databases and tables. See <https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-tags.html>

extension GlueService {
    func tag(_ input: JSON) async throws -> JSON {
        let tags = try StoredTags.checked(try input.requiredObject("TagsToAdd"))
        try await store.write { transaction in
            try StoredTags.add(tags, to: try Self.resource(input, in: transaction.snapshot), in: transaction)
        }
        return [:]
    }

    func untag(_ input: JSON) async throws -> JSON {
        let keys = try input.requiredTexts("TagsToRemove")
        try await store.write { transaction in
            try StoredTags.remove(keys, of: try Self.resource(input, in: transaction.snapshot), in: transaction)
        }
        return [:]
    }

    func tags(_ input: JSON) throws -> JSON {
        try store.read { snapshot in
            ["Tags": .object(try StoredTags.all(of: try Self.resource(input, in: snapshot), in: snapshot))]
        }
    }

    /// The database or table that an ARN names.
    private static func resource(_ input: JSON, in snapshot: borrowing Snapshot) throws -> String {
        let text = try input.required("ResourceArn")
        guard let arn = ARN(text), arn.service == "glue" else {
            throw AWSFault.invalidInput("\(text) is not the ARN of a resource of AWS Glue.")
        }
        let parts = arn.resource.split(separator: "/").map(String.init)
        switch (parts.first, parts.count) {
        case ("database", 2): return try database(parts[1], in: snapshot).resource
        case ("table", 3): return try table(parts[1], parts[2], in: snapshot).resource
        default: throw AWSFault.notEmulated("Tags of \(arn.resource)")
        }
    }
}
