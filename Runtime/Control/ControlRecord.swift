public import Time

/// What is known about one object version and its conversion in one layer.
public struct ControlRecord: Sendable, Hashable {
    public enum Schema: String, Sendable, CaseIterable {
        case bronze = "dm_bronze"
        case silver = "dm_silver"
        case gold = "dm_gold"
    }

    public enum Status: String, Sendable, CaseIterable {
        case pending, running, success, error
    }

    public enum ComputeTarget: String, Sendable, CaseIterable {
        case lambda, ecs, emr
    }

    public enum FileFormat: String, Sendable, CaseIterable {
        case csv, json, parquet
        /// Of a raw object that cannot be read.
        case unknown
    }

    public let controlID: ControlID
    public let schema: Schema
    public let table: String
    public let bucket: String
    public let objectKey: String
    public let objectVersion: ObjectVersion
    public let fileFormat: FileFormat
    public let fileSizeInBytes: Int
    /// The time of the event that announced the object. A repeated event has the same, and output keys derive from it.
    public let createdAt: Timestamp
    public var updatedAt: Timestamp
    public var status: Status
    /// How often the record was claimed. Only the claim with the latest count may end the work.
    public var attemptCount: Int
    public var computeTarget: ComputeTarget?
    public var estimatedRecordCount: Int?
    /// The execution or task that holds the lease.
    public var leaseOwner: String?
    public var leaseExpiresAt: Timestamp?
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp?
    public var durationInMilliseconds: Int?
    /// The invocation that last worked on it.
    public var requestID: String?
    /// Rows read: those written plus those quarantined.
    public var recordCount: Int?
    public var writtenCount: Int?
    public var quarantinedCount: Int?
    /// SHA-256 of the decompressed content, in hexadecimal.
    public var checksum: String?
    public var outputKey: String?
    public var contractVersion: String?
    /// The SHA-256 of the published contract that the first claim pinned. A retry uses it again; a replay forgets it.
    public var contractHash: String?
    public var maskedColumns: [String] = []
    public var quality: [MeasuredRule] = []
    public var personalData: [PersonalDataFinding] = []
    /// The file of rows that broke the contract: all that were quarantined, or the first ones of a file that failed.
    public var quarantineKey: String?
    /// Rows with fields that no column takes, which are in `_rescued_data`.
    public var rescuedCount: Int?
    public var unknownFields: [UnknownField] = []
    public var errorType: String?
    public var errorMessage: String?
    /// How the try before the last replay ended: its error's type, or the status that it was left in.
    public var previousError: String?
    /// Whether the error stays until somebody changes the file or the contract, so that a retry by schedule is in vain.
    public var isPermanent = false
    /// Orders the versions of a key, as S3's event does; see ``VersionOrder``.
    public var sequencer: String?
    /// The newer version whose rows, if any, took the place of this one's.
    public var supersededBy: ControlID?
    /// The version whose place this one took.
    public var supersedes: ControlID?
    /// Of a record of silver: where the bronze file of the version that this one supersedes is kept.
    public var supersededKey: String?
    /// Of a record of silver: the key of the raw file whose rows its bronze file has.
    public var sourceKey: String?
    /// Of a record of silver: the batch that took its file to the table last; the batch's snapshot has the same name.
    public var batchID: String?
    /// The older version with the same bytes, whose bronze file holds the rows of this one too.
    public var identicalTo: ControlID?

    /// A pending record, which nobody has claimed.
    public init(
        controlID: ControlID, schema: Schema, table: String, bucket: String, objectKey: String,
        objectVersion: ObjectVersion, fileFormat: FileFormat, fileSizeInBytes: Int, createdAt: Timestamp
    ) {
        self.controlID = controlID
        self.schema = schema
        self.table = table
        self.bucket = bucket
        self.objectKey = objectKey
        self.objectVersion = objectVersion
        self.fileFormat = fileFormat
        self.fileSizeInBytes = fileSizeInBytes
        self.createdAt = createdAt
        updatedAt = createdAt
        status = .pending
        attemptCount = 0
    }

    /// The record of a raw object version to be converted to bronze.
    public init(
        raw key: RawKey, bucket: String, version: ObjectVersion, sizeInBytes: Int, createdAt: Timestamp,
        sequencer: String? = nil
    ) {
        self.init(
            controlID: ControlID(bucket: bucket, key: key.text, version: version.text, schema: .bronze),
            schema: .bronze, table: key.table, bucket: bucket, objectKey: key.text, objectVersion: version,
            fileFormat: key.format,
            fileSizeInBytes: sizeInBytes, createdAt: createdAt)
        self.sequencer = sequencer
    }

    /// The next layer's record for the output of this one.
    ///
    /// Its ID derives from this record's, not from the output's version: work done twice writes the output twice, and the
    /// next layer must still see it once.
    public func next(
        _ schema: Schema, bucket: String, outputKey: String, version: ObjectVersion, sizeInBytes: Int,
        rowCount: Int
    ) -> ControlRecord {
        var record = ControlRecord(
            controlID: ControlID(bucket: bucket, key: outputKey, version: controlID.text, schema: schema),
            schema: schema, table: table, bucket: bucket, objectKey: outputKey, objectVersion: version,
            fileFormat: .parquet, fileSizeInBytes: sizeInBytes, createdAt: createdAt)
        record.estimatedRecordCount = rowCount
        // Rows of two files that were created in the same millisecond have the order that a reload gives them.
        record.sequencer = sequencer
        record.sourceKey = sourceKey ?? objectKey
        return record
    }

    /// Whether the lease of a running record has expired, which means that its worker has died.
    public func isLeaseExpired(at now: Timestamp) -> Bool {
        status == .running && leaseExpiresAt.map { $0 < now } ?? true
    }
}
