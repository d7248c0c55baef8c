internal import AWSClient
internal import AWSModels
internal import Control
internal import JSON
internal import LambdaRuntime
internal import RawFile

/// Estimates the number of records in a raw object from its first and last bytes, and records where it is converted.
struct ComputeRouter: JSONHandler {
    let control: ControlTable
    let objects: ObjectStore
    /// A task converts objects with more records than this by estimate, or larger ones, whose rows are long.
    let lambdaMaxRecords: Int
    let lambdaMaxBytes: Int
    /// How a function ends that had too little time or memory. A task has no limit of time, and twice the memory.
    private static let outgrown: Set = [
        "States.Timeout", "Sandbox.Timedout", "Runtime.ExitError", "Runtime.OutOfMemory",
    ]

    func handle(_ event: JSON, _ context: InvocationContext) throws -> JSON {
        guard let id = event["control_id"]?.string.flatMap(ControlID.init) else {
            throw RoutingError.noControlID(event)
        }
        let control = control.limited(to: context.deadline)
        guard let record = try control.record(id) else { throw ControlError.notFound(id) }
        guard record.status == .pending else {
            return answer(for: record, holder: event["lease_owner"]?.string, context)
        }

        let estimate: Int
        do throws(AWSError) {
            let sample = try ObjectSample(of: record, in: objects.limited(to: context.deadline))
            estimate = sample.estimatedRecordCount(in: RawFileName(record.objectKey))
        } catch {
            guard error.isNotFound || error.isPreconditionFailed, error.code != "NoSuchBucket" else { throw error }
            // The writer finds out whether a newer version has replaced it.
            estimate = 0
        }
        let isLarge = estimate > lambdaMaxRecords || record.fileSizeInBytes > lambdaMaxBytes
        let hasOutgrown = record.previousError.map(Self.outgrown.contains) ?? false
        let target: ControlRecord.ComputeTarget = isLarge || hasOutgrown ? .ecs : .lambda
        switch try control.route(id, to: target, estimatedRecordCount: estimate) {
        case .routed(let record), .notPending(let record): return answer(for: record, context)
        }
    }

    /// A record that is no longer pending belongs to another execution or has ended: its target is `none`. One that the
    /// execution itself holds was claimed before the execution began again: its writer is gone, and another one takes over.
    private func answer(for record: ControlRecord, holder: String? = nil, _ context: InvocationContext) -> JSON {
        let isOpen =
            record.status == .pending || record.status == .running && holder != nil && record.leaseOwner == holder
        let target = isOpen ? record.computeTarget?.rawValue ?? "none" : "none"
        let fields: JSONObject = [
            "control_id": .string(record.controlID.text), "compute_target": .string(target),
            "estimated_record_count": record.estimatedRecordCount.map(JSON.int) ?? .null,
        ]
        context.log.info("routed", fields)
        return .object(fields)
    }
}

enum RoutingError: LambdaFailure, CustomStringConvertible {
    case noControlID(JSON)

    var errorType: String {
        switch self {
        case .noControlID: "InvalidEvent"
        }
    }

    var description: String {
        switch self {
        case .noControlID(let event):
            "expected an event with a control_id of 32 hexadecimal digits, not \(event)"
        }
    }
}
