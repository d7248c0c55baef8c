internal import EmulatorCore
internal import JSON
internal import Time

/// A resource of a stack.
struct StackResource: Sendable, Hashable {
    let logicalID: String
    let type: String
    /// The logical ID if the resource is not emulated.
    let physicalID: String
    /// Whether a service of the emulator provides it.
    let isEmulated: Bool
    /// Whether it stays when it leaves the template, or when the stack is deleted.
    var isRetained: Bool

    init(_ entry: StackReport.Entry) {
        logicalID = entry.logicalID
        type = entry.type
        physicalID = entry.physicalID ?? entry.logicalID
        isEmulated = entry.physicalID != nil
        isRetained = entry.isRetained
    }

    init(_ json: JSON) {
        logicalID = json["LogicalResourceId"]?.string ?? ""
        type = json["ResourceType"]?.string ?? ""
        physicalID = json["PhysicalResourceId"]?.string ?? ""
        isEmulated = json["Emulated"]?.bool ?? false
        isRetained = json["Retained"]?.bool ?? false
    }

    var json: JSON {
        [
            "LogicalResourceId": .string(logicalID), "ResourceType": .string(type),
            "PhysicalResourceId": .string(physicalID), "Emulated": .bool(isEmulated), "Retained": .bool(isRetained),
        ]
    }

    func isSameThing(as other: StackResource) -> Bool { type == other.type && physicalID == other.physicalID }
}

extension CloudFormation {
    /// Deletes resources in reverse order, because a resource is created after those that it refers to.
    /// - Returns: the resources that could not be deleted, and why.
    func remove(_ resources: [StackResource]) async -> [(resource: StackResource, reason: String)] {
        var left: [(resource: StackResource, reason: String)] = []
        for resource in resources.reversed() where resource.isEmulated && !resource.isRetained {
            guard let service = peers.resources.first(where: { $0.resourceTypes.contains(resource.type) }) else {
                continue
            }
            do throws(AWSFault) {
                try await service.remove(resource.type, resource.physicalID)
            } catch {
                left.append((resource, error.message))
            }
        }
        return left
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html>
    func deleteStack(_ form: FormBody) async throws -> HTTPResponse {
        let name = try form.required("StackName").stackName
        guard var record = try store.read({ try StackRecord.named(name, in: $0) }) else {
            return QueryAnswer.success("DeleteStack", requestID: clock.uuid()) { _ in }
        }
        guard !record.status.isInProgress else {
            throw AWSFault("ValidationError", "Stack:\(name) is being changed and can not be deleted.")
        }
        if let reason = try exportInUse(of: name) {
            record.reason = "Delete canceled. \(reason)"
            try await save(record)
            return QueryAnswer.success("DeleteStack", requestID: clock.uuid()) { _ in }
        }
        let left = await remove(record.resources)
        if left.isEmpty {
            try await store.write { transaction in
                try StackRecord.delete(name, in: transaction)
                try ChangeSet.deleteAll(of: name, in: transaction)
                try StackDetail.delete(name, in: transaction)
                try StackEvent.deleteAll(of: name, in: transaction)
            }
        } else {
            record.status = .deleteFailed
            record.reason = Self.reason(left)
            record.resources = left.reversed().map(\.resource)
            try await save(record)
        }
        return QueryAnswer.success("DeleteStack", requestID: clock.uuid()) { _ in }
    }

    static func reason(_ left: [(resource: StackResource, reason: String)]) -> String? {
        guard !left.isEmpty else { return nil }
        return "Not deleted: "
            + left.map { "\($0.resource.logicalID) (\($0.resource.physicalID)): \($0.reason)" }.joined(separator: "; ")
    }
}
