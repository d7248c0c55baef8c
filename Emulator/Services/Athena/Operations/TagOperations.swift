internal import EmulatorCore
internal import JSON

// Tags of work groups. See <https://docs.aws.amazon.com/athena/latest/APIReference/API_TagResource.html>

extension AthenaService {
    /// The tags of a request, by their keys.
    static func tags(_ given: JSON?) throws(AWSFault) -> JSONObject {
        var tags: JSONObject = [:]
        for tag in given?.array ?? [] {
            guard let key = tag["Key"]?.string, !key.isEmpty, key.count <= 128 else {
                throw .invalidRequest("A tag needs a Key of 1 to 128 characters")
            }
            tags[key] = .string(tag["Value"]?.string ?? "")
        }
        return tags
    }

    /// The name of the work group that an ARN names.
    private func workGroup(arn input: JSON) throws(AWSFault) -> String {
        let arn = try input.required("ResourceARN")
        guard let parsed = ARN(arn), parsed.service == "athena", parsed.resource.hasPrefix("workgroup/") else {
            throw .notEmulated("Tags of \(arn), which is no work group,")
        }
        return String(parsed.resource.dropFirst("workgroup/".count))
    }

    func tag(_ input: JSON) async throws -> JSON {
        let tags = try Self.tags(input["Tags"])
        return try await changeTags(input) { for (key, value) in tags { $0[key] = value } }
    }

    func untag(_ input: JSON) async throws -> JSON {
        let keys = (input["TagKeys"]?.array ?? []).compactMap(\.string)
        return try await changeTags(input) { for key in keys { $0[key] = nil } }
    }

    private func changeTags(_ input: JSON, _ body: @escaping @Sendable (inout JSONObject) -> Void) async throws -> JSON
    {
        let name = try workGroup(arn: input)
        try await store.write { transaction in
            guard var group = try StoredWorkGroup.find(name, in: transaction.snapshot) else {
                throw AWSFault.noWorkGroup(name)
            }
            body(&group.tags)
            try group.save(in: transaction)
        }
        return [:]
    }

    func listTags(_ input: JSON) throws -> JSON {
        let tags = try workGroup(try workGroup(arn: input)).tags.map { key, value -> JSON in
            ["Key": .string(key), "Value": value]
        }
        let (page, next) = try input.page(of: tags, limit: 75)
        var answer: JSONObject = ["Tags": .array(Array(page))]
        answer["NextToken"] = next.map(JSON.string)
        return .object(answer)
    }
}
