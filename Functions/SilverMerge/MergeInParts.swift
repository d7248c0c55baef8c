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
    /// Of a table that keeps versions.
    private(set) var truncates: Set<Changes.Truncate>

    init(
        _ table: SilverTable, _ schema: IcebergSchema, truncated: Changes.Truncate?,
        truncates: Set<Changes.Truncate>, _ storage: LakeStorage,
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
        self.truncates = truncates
    }

    /// - Returns: what became of the files.
    consuming func run(_ changes: inout BatchChanges, over files: [DataFile]) throws -> MergeInParts {
        var all = files
        var donated = DonatedValues(table)
        for part in 0..<changes.count {
            // Where the table was empty, what the former parts wrote has no key of this one.
            let merge = try merge(
                try changes.part(part, checkpoint), over: files.isEmpty ? [] : all, &all,
                named: part == 0 ? prefix : "\(prefix)-\(part)",
                joiningUpTo: part == changes.count - 1 ? options.fileSize : nil)
            truncate = merge.truncate
            truncates = merge.truncates
            counts.add(merge.counts)
            donated.append(merge.donated)
        }
        var round = 0
        while !donated.isEmpty {
            // A row that is given a value may have given its own to another.
            donated = try merge(
                try donated.changes(), over: all, &all, named: "\(prefix)-given-\(round)", joiningUpTo: nil
            ).donated
            round += 1
        }
        removed.formIntersection(files.map(\.path))
        return self
    }

    /// What is left of a merge whose files are written.
    private struct Merged {
        let truncate: Changes.Truncate?
        let truncates: Set<Changes.Truncate>
        let counts: Merge.Counts
        let donated: DonatedValues
    }

    /// - Parameter all: the files of the table, which become those after the merge.
    private mutating func merge(
        _ changes: Changes, over files: [DataFile], _ all: inout [DataFile], named prefix: String,
        joiningUpTo fileSize: Int?
    ) throws -> Merged {
        let writer = DataFileWriter(storage, try table.parquet(schema), schema, prefix: prefix, options)
        var merge = Merge(
            table, schema, changes, truncated: truncate, truncates: truncates, storage, deleted, writer,
            groupLimit: options.groupLimit,
            checkpoint: checkpoint)
        let new = try merge.run(over: files, joiningUpTo: fileSize)
        // What a former part wrote and this one wrote again is in no snapshot, as the files of a run that has died.
        all = all.filter { !merge.removed.contains($0.path) } + new
        added = added.filter { !merge.removed.contains($0.path) } + new
        removed.formUnion(merge.removed)
        return Merged(
            truncate: merge.truncate, truncates: merge.truncates, counts: merge.counts, donated: merge.donated)
    }
}
