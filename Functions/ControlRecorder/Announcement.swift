internal import AWSModels
internal import Control

/// What an event means for the pipeline.
enum Announcement: Equatable {
    case raw(ControlRecord)
    /// A raw object of a table without a contract: its record is in error until a contract is published and it is replayed.
    case unknownTable(ControlRecord)
    /// An object that cannot be read under its name: its record is in error, and says why.
    case unreadable(ControlRecord)
    case ignored(String)

    /// The table of a record whose key names none.
    static let noTable = "(none)"
    /// Where firehose-transform keeps what the source says about its tables. No table's name begins with an underscore.
    private static let definitions = "raw/_control/"

    init(_ event: S3EventRecord, tables: Set<String>) {
        guard event.isObjectCreated else {
            self = .ignored("\(event.eventName) does not create an object")
            return
        }
        guard event.key.hasPrefix("raw/") else {
            self = .ignored("the key does not begin with raw/")
            return
        }
        guard !Self.isMarker(event) else {
            self = .ignored("an empty object that marks a folder, or the end of a job")
            return
        }
        guard !event.key.hasPrefix(Self.definitions) else {
            self = .ignored("a record of what the source says about its tables")
            return
        }
        // After versioning was suspended, all uploads of a key have the version `null`.
        let versionID = event.versionID.flatMap { $0 == "null" ? nil : $0 }
        guard let version = versionID.map(ObjectVersion.versionID) ?? event.eTag.map(ObjectVersion.eTag) else {
            self = .ignored("the event has neither a version ID nor an entity tag")
            return
        }
        do throws(ControlError) {
            let key = try RawKey(event.key)
            let record = ControlRecord(
                raw: key, bucket: event.bucket, version: version, sizeInBytes: event.sizeInBytes ?? 0,
                createdAt: event.eventTime, sequencer: event.sequencer)
            self = tables.contains(key.table) ? .raw(record) : .unknownTable(record.withoutContract(tables))
        } catch {
            var record = ControlRecord(
                controlID: ControlID(bucket: event.bucket, key: event.key, version: version.text, schema: .bronze),
                schema: .bronze, table: RawKey.table(of: event.key) ?? Self.noTable, bucket: event.bucket,
                objectKey: event.key, objectVersion: version, fileFormat: .unknown,
                fileSizeInBytes: event.sizeInBytes ?? 0, createdAt: event.eventTime)
            record.refuse(
                error.errorType, "\(error); upload the file again under a key raw/<table>/<file> with such a name")
            self = .unreadable(record)
        }
    }

    /// Consoles mark folders by an empty object whose key ends in a slash, Hadoop's jobs their end by `_SUCCESS`.
    private static func isMarker(_ event: S3EventRecord) -> Bool {
        event.sizeInBytes == 0 && (event.key.hasSuffix("/") || event.key.hasSuffix("/_SUCCESS"))
    }
}

extension ControlRecord {
    fileprivate func withoutContract(_ tables: Set<String>) -> ControlRecord {
        var record = self
        record.refuse(
            "UnknownTable",
            "no contract describes the table \(table); tables with one: \(tables.sorted().joined(separator: ", ")); publish "
                + "a contract (cupel contract publish) and replay the record, or upload the file again under the right table"
        )
        return record
    }

    fileprivate mutating func refuse(_ errorType: String, _ message: String) {
        status = .error
        isPermanent = true
        self.errorType = errorType
        errorMessage = message
        finishedAt = createdAt
    }
}
