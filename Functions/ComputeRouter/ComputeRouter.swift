internal import AWSClient
internal import AWSModels
internal import Control
internal import JSON
internal import LambdaRuntime

/// Estimates how many records a raw object holds, from its first and last bytes, and writes down where it goes.
struct ComputeRouter: JSONHandler {
    let control: ControlTable
    let objects: ObjectStore
    /// Above this estimate a task converts the object.
    let lambdaMaxRecords: Int

    func handle(_ event: JSON, _ context: InvocationContext) throws -> JSON {
        guard let id = event["control_id"]?.string.flatMap(ControlID.init) else {
            throw RoutingError.noControlID(event)
        }
        let control = control.limited(to: context.deadline)
        guard let record = try control.record(id) else { throw ControlError.notFound(id) }
        guard record.status == .pending else { return answer(for: record, context) }

        let sample: ObjectSample
        do throws(AWSError) {
            sample = try ObjectSample(of: record, in: objects.limited(to: context.deadline))
        } catch {
            guard error.isNotFound || error.isPreconditionFailed, error.code != "NoSuchBucket" else { throw error }
            let gone = RoutingError.objectGone(record)
            try control.refuse(id, errorType: gone.errorType, message: gone.description)
            throw gone
        }
        let estimate = sample.estimatedRecordCount(in: record.fileFormat)
        let target: ControlRecord.ComputeTarget = estimate <= lambdaMaxRecords ? .lambda : .ecs
        switch try control.route(id, to: target, estimatedRecordCount: estimate) {
        case .routed(let record), .notPending(let record): return answer(for: record, context)
        }
    }

    /// A record that is no longer pending is another execution's, or has ended: there is no target for it.
    private func answer(for record: ControlRecord, _ context: InvocationContext) -> JSON {
        let target = record.status == .pending ? record.computeTarget?.rawValue ?? "none" : "none"
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
    case objectGone(ControlRecord)

    var errorType: String {
        switch self {
        case .noControlID: "InvalidEvent"
        case .objectGone: "ObjectGone"
        }
    }

    var description: String {
        switch self {
        case .noControlID(let event):
            "the event \(event) names no control_id of 32 hexadecimal digits"
        case .objectGone(let record):
            "s3://\(record.bucket)/\(record.objectKey), version \(record.objectVersion.text), is gone: it was deleted or "
                + "replaced before it was read; put the file again, under another key if it was replaced on purpose"
        }
    }
}
