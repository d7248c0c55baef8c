internal import AWSClient
internal import AWSModels
internal import Control
internal import JSON
internal import LambdaRuntime
internal import PublishedContracts

/// Registers the objects that S3 announces. Events arrive at least once and in any order; each object version gets one
/// record, in error if nothing can read it.
struct ControlRecorder: JSONHandler {
    let control: ControlTable
    let objects: ObjectStore
    /// They say which tables there are.
    let contracts: ContractSource

    func handle(_ event: JSON, _ context: InvocationContext) throws -> JSON {
        let control = control.limited(to: context.deadline)
        let tables = Set(try contracts.inForce(objects.limited(to: context.deadline), context.log).tables)
        var counts = (recorded: 0, alreadyRecorded: 0, refused: 0, ignored: 0)
        func note(_ record: ControlRecord, _ isNew: Bool) {
            if isNew { counts.refused += 1 } else { counts.alreadyRecorded += 1 }
            context.log.error(
                "an object cannot be read",
                [
                    "control_id": .string(record.controlID.text), "bucket": .string(record.bucket),
                    "key": .string(record.objectKey), "error_type": record.errorType.map(JSON.string) ?? .null,
                    "error_message": record.errorMessage.map(JSON.string) ?? .null,
                ])
        }
        for announced in try S3Event(event).records {
            switch Announcement(announced, tables: tables) {
            case .ignored(let reason):
                counts.ignored += 1
                context.log.warning(
                    "ignored an object",
                    [
                        "bucket": .string(announced.bucket), "key": .string(announced.key),
                        "reason": .string(reason),
                    ])
            case .raw(let record):
                // Bytes that are uploaded again without versioning are new work on their first record.
                let isNew = try control.registerVersion(record) != .alreadyRecorded
                if isNew { counts.recorded += 1 } else { counts.alreadyRecorded += 1 }
                context.log.info(
                    isNew ? "recorded" : "already recorded",
                    [
                        "control_id": .string(record.controlID.text), "bucket": .string(record.bucket),
                        "key": .string(record.objectKey), "version": .string(record.objectVersion.text),
                    ])
            case .unknownTable(let record):
                note(record, try control.registerVersion(record) != .alreadyRecorded)
            case .unreadable(let record):
                note(record, try control.register(record) == .recorded)
            }
        }
        return [
            "recorded": .int(counts.recorded), "already_recorded": .int(counts.alreadyRecorded),
            "refused": .int(counts.refused), "ignored": .int(counts.ignored),
        ]
    }
}
