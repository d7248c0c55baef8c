internal import AWSClient
internal import AWSModels
internal import Control
internal import JSON
internal import LambdaRuntime

/// Registers the objects that S3 announces. Events arrive at least once and in any order; each object version gets one
/// record.
struct ControlRecorder: JSONHandler {
    let control: ControlTable
    /// The tables that have a contract.
    let tables: Set<String>

    func handle(_ event: JSON, _ context: InvocationContext) throws -> JSON {
        let control = control.limited(to: context.deadline)
        var counts = (recorded: 0, alreadyRecorded: 0, ignored: 0)
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
            }
        }
        return [
            "recorded": .int(counts.recorded), "already_recorded": .int(counts.alreadyRecorded),
            "ignored": .int(counts.ignored),
        ]
    }
}

/// What an event means for the pipeline.
enum Announcement: Equatable {
    case raw(ControlRecord)
    case ignored(String)

    init(_ event: S3EventRecord, tables: Set<String>) {
        guard event.isObjectCreated else {
            self = .ignored("\(event.eventName) does not create an object")
            return
        }
        let key: RawKey
        do {
            key = try RawKey(event.key)
        } catch {
            self = .ignored("\(error)")
            return
        }
        guard tables.contains(key.table) else {
            self = .ignored(
                "the table \(key.table) has no contract; tables with one: \(tables.sorted().joined(separator: ", "))")
            return
        }
        // After versioning was suspended, all uploads of a key have the version `null`.
        let versionID = event.versionID.flatMap { $0 == "null" ? nil : $0 }
        guard let version = versionID.map(ObjectVersion.versionID) ?? event.eTag.map(ObjectVersion.eTag) else {
            self = .ignored("the event has neither a version ID nor an entity tag")
            return
        }
        self = .raw(
            ControlRecord(
                raw: key, bucket: event.bucket, version: version, sizeInBytes: event.sizeInBytes ?? 0,
                createdAt: event.eventTime, sequencer: event.sequencer))
    }
}
