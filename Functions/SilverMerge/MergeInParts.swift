internal import Iceberg
internal import Lake
internal import Parquet

/// How files are written.
struct MergeOptions: Sendable {
    var writer = WriterOptions(codec: .zstd(level: 1))
    /// The size of data files that is aimed at, in bytes.
    var fileSize = 64 << 20
    var threads = 2
    /// A row group of up to so many bytes is fetched at once, and is in memory as a whole; of larger ones some columns are.
    var groupLimit = 32 << 20
}

/// Merges the parts of a batch one after the other: each into the files that the former ones have left.
struct MergeInParts {
    private let table: SilverTable
    private let schema: IcebergSchema
    private let storage: LakeStorage
    private let deleted: DeletedRows
    private let options: MergeOptions
    private let prefix: String
    private let checkpoint: () throws -> Void
    private(set) var added: [DataFile] = []
    private(set) var removed: Set<String> = []
    private(set) var counts = Merge.Counts()
    private(set) var truncate: Changes.Truncate?

    init(
        _ table: SilverTable, _ schema: IcebergSchema, truncated: Changes.Truncate?, _ storage: LakeStorage,
        _ deleted: DeletedRows, _ options: MergeOptions, prefix: String, checkpoint: @escaping () throws -> Void
    ) {
        self.table = table
        self.schema = schema
        self.storage = storage
        self.deleted = deleted
        self.options = options
        self.prefix = prefix
        self.checkpoint = checkpoint
        truncate = truncated
    }

    /// - Returns: what became of the files.
    consuming func run(_ changes: inout BatchChanges, over files: [DataFile]) throws -> MergeInParts {
        var current = files
        for part in 0..<changes.count {
            let writer = DataFileWriter(
                storage, try table.parquet(schema), schema, prefix: part == 0 ? prefix : "\(prefix)-\(part)", options)
            var merge = Merge(
                table, schema, try changes.part(part, checkpoint), truncated: truncate, storage, deleted, writer,
                groupLimit: options.groupLimit, checkpoint: checkpoint)
            let new = try merge.run(
                over: current, joiningUpTo: part == changes.count - 1 ? options.fileSize : nil)
            // What a former part wrote and this one wrote again is in no snapshot, as the files of a run that has died.
            let left = current.filter { !merge.removed.contains($0.path) }
            added = added.filter { !merge.removed.contains($0.path) } + new
            removed.formUnion(merge.removed)
            // Where the table was empty, what the former parts wrote has no key of this one.
            current = files.isEmpty ? [] : left + new
            truncate = merge.truncate
            counts.add(merge.counts)
        }
        removed.formIntersection(files.map(\.path))
        return self
    }
}
