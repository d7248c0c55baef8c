internal import EmulatorCore
internal import JSON
internal import XML

/// A resource with the last that happened to it.
struct ResourceState: Sendable {
    let resource: StackResource
    let status: String
    let reason: String?
    /// Milliseconds since 1970.
    let time: Int64

    func describe(_ text: inout XMLWriter) {
        text.element("LogicalResourceId", resource.logicalID)
        if !resource.physicalID.isEmpty { text.element("PhysicalResourceId", resource.physicalID) }
        text.element("ResourceType", resource.type)
        text.element("ResourceStatus", status)
        text.element("ResourceStatusReason", ifPresent: reason)
    }
}

extension CloudFormation {
    /// The resources of a stack, and those that a failed deployment could not make.
    func resourceStates(of record: StackRecord) throws -> [ResourceState] {
        var last: [String: StackEvent] = [:]
        var failed: [StackEvent] = []
        let known = Set(record.resources.map(\.logicalID))
        for event in try store.read({ try StackEvent.all(of: record.name, in: $0) })
        where last[event.logicalID] == nil && event.type != StackEvent.stackType {
            last[event.logicalID] = event
            if event.status.hasSuffix("_FAILED"), !known.contains(event.logicalID) { failed.append(event) }
        }
        var states = record.resources.map { resource in
            let event = last[resource.logicalID]
            let otherwise = record.status == .updateComplete ? "UPDATE_COMPLETE" : "CREATE_COMPLETE"
            return ResourceState(
                resource: resource, status: event?.status ?? otherwise, reason: event?.reason,
                time: event?.time ?? record.createdAt)
        }
        guard [.createFailed, .updateFailed].contains(record.status) else { return states }
        for event in failed.reversed() {
            let resource = StackResource([
                "LogicalResourceId": .string(event.logicalID), "ResourceType": .string(event.type),
            ])
            states.append(
                ResourceState(resource: resource, status: event.status, reason: event.reason, time: event.time))
        }
        return states
    }
}
