internal import Columns
internal import Iceberg
internal import Lake
internal import Parquet
internal import ParquetRead

/// Writes the data files of a snapshot, a new one when the last is large enough.
struct DataFileWriter: ~Copyable {
    private let storage: LakeStorage
    private let schema: ParquetSchema
    private let table: IcebergSchema
    /// `s3://…/data/<token>`, which no other attempt has.
    private let prefix: String
    private let options: WriterOptions
    private var writer: ParquetWriter?
    private var file: LakeFileWriter?
    private(set) var written: [DataFile] = []
    /// A file ends when it has this many bytes: large enough for a scan, small enough to be written again for a few rows.
    let targetSize: Int
    private let threads: Int
    private let groupLimit: Int
    /// The same for the file that is open.
    private var sizeLimit: Int
    /// Of the file that is open, or the next one.
    private var partition: [IcebergValue?] = []

    init(
        _ storage: LakeStorage, _ schema: ParquetSchema, _ table: IcebergSchema, prefix: String,
        _ options: MergeOptions
    ) {
        self.storage = storage
        self.schema = schema
        self.table = table
        self.prefix = prefix
        self.options = options.writer
        targetSize = options.fileSize
        threads = options.threads
        groupLimit = options.groupLimit
        sizeLimit = targetSize
    }

    /// The rows that follow, up to ``endFile()``, are those of `file`: new files are as large as it where that is sensible, so that
    /// a file that grows a little does not leave a small one behind.
    mutating func startFile(inPlaceOf file: DataFile) {
        let count = max(1, (Int(file.sizeInBytes) + targetSize / 2) / targetSize)
        partition = file.partition
        sizeLimit = count == 1 ? .max : Int(file.sizeInBytes) / count * 9 / 8
    }

    /// Whether a file is begun that has not ended.
    var isOpen: Bool { writer != nil }

    /// The rows that follow, up to ``endFile()``, are of this partition.
    mutating func startFile(in partition: [IcebergValue?]) { self.partition = partition }

    mutating func append(_ rows: Int, _ columns: [ColumnArray]) throws {
        try open()
        try writer?.append(rowCount: rows, columns: columns)
        try drain()
        if let size = self.file?.sizeInBytes, size >= sizeLimit { try endWritten() }
    }

    /// Whether chunks of a file fit the new ones as they are.
    func copies(_ file: ParquetFile) -> Bool { file.matches(schema) || file.isOlder(than: schema) }

    /// Appends a row group of another file in which some rows change.
    /// - Parameters:
    ///   - places: of the columns in the file; nil for those that it lacks.
    ///   - copies: what ``copies(_:)`` says.
    ///   - replacements: for each column.
    mutating func append(
        _ group: Int, of file: ParquetFile, places: [StoredColumn?], copies: Bool, _ replacements: [Replacements?]
    ) throws {
        try open()
        let rewriter = GroupRewriter(
            schema: schema, options: options, file: file, group: group, places: places, copies: copies,
            replacements: replacements)
        writer?.startRowGroup(rowCount: file.metadata.rowGroups[group].rowCount)
        // A large row group is not in memory as a whole.
        let isLarge = file.metadata.rowGroups[group].compressedSize > groupLimit
        let step = isLarge ? threads : schema.columns.count
        for start in stride(from: 0, to: schema.columns.count, by: step) {
            let columns = start..<min(start + step, schema.columns.count)
            for chunk in try rewriter.chunks(of: columns, threads: threads) { try writer?.append(nextChunk: chunk) }
            if isLarge { try drain() }
        }
        try writer?.endRowGroupOfChunks()
        try drain()
        if let size = self.file?.sizeInBytes, size >= sizeLimit { try endWritten() }
    }

    private mutating func open() throws {
        guard writer == nil else { return }
        writer = ParquetWriter(schema, options)
        file = try LakeFileWriter(storage, to: "\(prefix)-\(written.count).parquet")
    }

    private mutating func drain() throws {
        let file = file
        try writer?.drain { (bytes) throws in try file?.write(bytes) }
    }

    /// Ends the file that is open, if any.
    mutating func endFile() throws {
        try endWritten()
        sizeLimit = targetSize
    }

    private mutating func endWritten() throws {
        guard let open = writer.take(), let file = file.take() else { return }
        do {
            try open.finish { (bytes) throws in try file.write(bytes) }
            try file.finish()
        } catch {
            file.abort()
            throw error
        }
        guard let object = LakeStorage.object(at: file.location) else { return }
        let footer = try ParquetFile(reading: ObjectRanges(storage.objects, object, size: file.sizeInBytes)).metadata
        var made = try DataFile(footer, at: file.location, sizeInBytes: file.sizeInBytes, table)
        made.partition = partition
        written.append(made)
    }
}
