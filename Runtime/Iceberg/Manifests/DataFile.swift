/// A file of a table, with what a reader must know to pass it by.
/// - SeeAlso: <https://iceberg.apache.org/spec/#data-file-fields>
public struct DataFile: Sendable, Hashable {
    public enum Content: Int64, Sendable {
        case data = 0, positionDeletes, equalityDeletes
    }

    public var content = Content.data
    /// The whole location, such as `s3://lake/silver/beer/data/….parquet`.
    public var path: String
    /// `PARQUET` as a rule.
    public var format = "PARQUET"
    /// The values of the partition's fields; nil for a null.
    public var partition: [IcebergValue?]
    public var recordCount: Int64
    public var sizeInBytes: Int64
    /// By the ids of columns: their bytes in the file, the values with nulls, the nulls, the NaNs.
    public var columnSizes: [Int32: Int64] = [:]
    public var valueCounts: [Int32: Int64] = [:]
    public var nullCounts: [Int32: Int64] = [:]
    public var nanCounts: [Int32: Int64] = [:]
    /// By the ids of columns, in their single-value form; a text's bounds may be cut.
    public var lowerBounds: [Int32: [UInt8]] = [:]
    public var upperBounds: [Int32: [UInt8]] = [:]
    /// Where row groups begin.
    public var splitOffsets: [Int64] = []
    /// Of equality deletes: the columns that are compared.
    public var equalityIDs: [Int32] = []
    public var sortOrderID: Int32?
    /// Of position deletes for one file: that file.
    public var referencedPath: String?

    public init(path: String, partition: [IcebergValue?], recordCount: Int64, sizeInBytes: Int64) {
        self.path = path
        self.partition = partition
        self.recordCount = recordCount
        self.sizeInBytes = sizeInBytes
    }
}

/// A line of a manifest: a file, and the snapshot that added or removed it.
public struct ManifestEntry: Sendable, Hashable {
    public enum Status: Int64, Sendable {
        case existing = 0, added, deleted
    }

    public var status: Status
    public var snapshotID: Int64
    /// The order of the file's rows among deletes.
    public var sequenceNumber: Int64
    /// When the file itself was added.
    public var fileSequenceNumber: Int64
    public var file: DataFile

    public init(
        status: Status, snapshotID: Int64, sequenceNumber: Int64, fileSequenceNumber: Int64, file: DataFile
    ) {
        self.status = status
        self.snapshotID = snapshotID
        self.sequenceNumber = sequenceNumber
        self.fileSequenceNumber = fileSequenceNumber
        self.file = file
    }
}
