internal import EmulatorCore
internal import JSON
internal import Time

// Work groups. See <https://docs.aws.amazon.com/athena/latest/APIReference/API_CreateWorkGroup.html>

extension AthenaService {
    func workGroup(_ name: String) throws -> StoredWorkGroup {
        guard let group = try store.read({ try StoredWorkGroup.find(name, in: $0) }) else {
            throw AWSFault.noWorkGroup(name)
        }
        return group
    }

    func createWorkGroup(_ input: JSON) async throws -> JSON {
        let name = try input.required("Name")
        guard name.utf8.count <= 128,
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) })
        else {
            throw AWSFault.invalidRequest(
                "Name '\(name)' is not valid: expected 1 to 128 letters, digits, '.', '_' and '-'")
        }
        var group = StoredWorkGroup(
            name, configuration: try StoredWorkGroup.checked(input["Configuration"] ?? [:]),
            description: input.present("Description")?.string ?? "", now: clock.now().milliseconds)
        group.tags = try Self.tags(input["Tags"])
        let new = group
        try await store.write { transaction in
            guard try StoredWorkGroup.find(name, in: transaction.snapshot) == nil else {
                throw AWSFault.invalidRequest("WorkGroup is already created")
            }
            try new.save(in: transaction)
        }
        return [:]
    }

    func workGroup(_ input: JSON) throws -> JSON {
        ["WorkGroup": try workGroup(try input.required("WorkGroup")).shown]
    }

    func listWorkGroups(_ input: JSON) throws -> JSON {
        let groups = try store.read { try StoredWorkGroup.all(in: $0) }
        let (page, next) = try input.page(of: groups)
        var answer: JSONObject = ["WorkGroups": .array(page.map(\.summary))]
        answer["NextToken"] = next.map(JSON.string)
        return .object(answer)
    }

    func updateWorkGroup(_ input: JSON) async throws -> JSON {
        let name = try input.required("WorkGroup")
        let updates = input["ConfigurationUpdates"] ?? [:]
        try await store.write { transaction in
            guard var group = try StoredWorkGroup.find(name, in: transaction.snapshot) else {
                throw AWSFault.noWorkGroup(name)
            }
            if let description = input.present("Description") { group.document["Description"] = description }
            if let state = input.present("State") { group.document["State"] = state }
            try group.update(updates)
            try group.save(in: transaction)
        }
        return [:]
    }

    func deleteWorkGroup(_ input: JSON) async throws -> JSON {
        let name = try input.required("WorkGroup")
        guard name != StoredWorkGroup.primary else {
            throw AWSFault.invalidRequest("The primary workgroup cannot be deleted")
        }
        let isRecursive = input["RecursiveDeleteOption"]?.bool ?? false
        try await store.write { transaction in
            guard try StoredWorkGroup.find(name, in: transaction.snapshot) != nil else {
                throw AWSFault.noWorkGroup(name)
            }
            guard try isRecursive || StoredWorkGroup.isEmpty(name, in: transaction.snapshot) else {
                throw AWSFault.invalidRequest("WorkGroup \(name) is not empty")
            }
            try StoredWorkGroup.delete(name, in: transaction)
        }
        return [:]
    }
}
