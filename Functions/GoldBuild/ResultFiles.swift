internal import DuckDB
internal import Iceberg
internal import Lake
internal import ParquetRead

/// The files in which the engine has left the rows of a table.
struct ResultFiles {
    /// A file, or a folder with files of one partition each; there is none if there are no rows.
    let place: String
    private let paths: [String]

    init(at place: String) {
        self.place = place
        paths = place.hasSuffix(".parquet") ? [place] : WorkFolder.files(below: place)
    }

    var isEmpty: Bool { paths.isEmpty }

    /// What reads the rows.
    var relation: String { Self.relation(at: place) }

    static func relation(at place: String) -> String {
        let files = place.hasSuffix(".parquet") ? place : "\(place)/**/*.parquet"
        return "read_parquet(\(DuckDBText.string(files)), hive_partitioning=false)"
    }

    /// Those of which each has a row group of these: the rows in the same order, so that neighbours are in the same file.
    /// - Parameter folder: where they are made.
    func cutUp(in folder: String) throws -> ResultFiles {
        guard paths.count == 1 else { return self }
        let file = try ParquetFile(reading: try FileRanges(path: paths[0]))
        let groups = file.metadata.rowGroups.indices
        // Of columns that are not copied as they are, one file has to do.
        guard groups.count > 1, let schema = file.flatSchema(ofColumns: Array(file.metadata.columns.indices)) else {
            return self
        }
        let pieces = try groups.map { group in
            let path = "\(folder)/\(group).parquet"
            let piece = try PackedFile(creating: path, schema)
            try piece.append(rowGroup: group, of: file)
            try piece.finish()
            return path
        }
        return ResultFiles(place: place, paths: pieces)
    }

    private init(place: String, paths: [String]) {
        self.place = place
        self.paths = paths
    }

    /// Uploads them.
    /// - Returns: what the table's manifests say of them; files without rows are none of the table's.
    func upload(
        to prefix: String, _ schema: IcebergSchema, _ spec: PartitionSpec, _ storage: LakeStorage,
        goOn: () throws(GoldError) -> Void
    ) throws -> [DataFile] {
        var files: [DataFile] = []
        for (number, path) in paths.enumerated() {
            try goOn()
            let source = try FileRanges(path: path)
            let footer = try ParquetFile(reading: source).metadata
            guard footer.rowCount > 0 else { continue }
            let location = "\(prefix)-\(number).parquet"
            var file = try DataFile(footer, at: location, sizeInBytes: source.size, schema)
            file.partition = try spec.fields.map { field in
                try Self.onlyValue(of: field, in: file, schema)
            }
            try Self.upload(path, to: location, storage)
            files.append(file)
        }
        return files
    }

    /// The engine has written a file for each value.
    private static func onlyValue(
        of field: PartitionSpec.Field, in file: DataFile, _ schema: IcebergSchema
    ) throws(GoldError) -> IcebergValue? {
        let id = field.sourceID
        if file.nullCounts[id] == file.recordCount { return nil }
        guard let type = schema.field(id)?.type, file.nullCounts[id] == 0, let lower = file.lowerBounds[id],
            lower == file.upperBounds[id], let value = IcebergValue(serialized: lower, as: type)
        else { throw .table("the engine wrote a file with several values of the partition's column \(field.name)") }
        return value
    }

    private static func upload(_ path: String, to location: String, _ storage: LakeStorage) throws {
        let local = try LocalFile(reading: path)
        let file = try LakeFileWriter(storage, to: location)
        do {
            while true {
                let piece = try local.next(upTo: 1 << 20)
                guard !piece.isEmpty else { break }
                try piece.withUnsafeBytes { (bytes) throws in try file.write(bytes) }
            }
            try file.finish()
        } catch {
            file.abort()
            throw error
        }
    }
}
