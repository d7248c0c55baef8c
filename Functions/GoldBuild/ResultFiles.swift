internal import DuckDB
internal import Iceberg
internal import Lake
internal import ParquetRead

/// The files in which the engine has left the rows of a table.
struct ResultFiles {
    private let paths: [String]

    /// - Parameter places: files, and folders with files of one partition each.
    init(at places: [String]) {
        paths = places.flatMap { $0.hasSuffix(".parquet") ? [$0] : WorkFolder.files(below: $0) }
    }

    /// The rows of all files.
    var rowCount: Int64 {
        get throws {
            try paths.reduce(0) { $0 + Int64(try ParquetFile(reading: try FileRanges(path: $1)).metadata.rowCount) }
        }
    }

    /// What reads the rows at a place.
    static func relation(at place: String) -> String {
        let files = place.hasSuffix(".parquet") ? place : "\(place)/**/*.parquet"
        return "read_parquet(\(DuckDBText.string(files)), hive_partitioning=false)"
    }

    /// Those of which each has a row group of these: the rows in the same order, so that neighbours are in the same file.
    /// - Parameter folder: where they are made.
    func cutUp(in folder: String) throws -> ResultFiles {
        var pieces: [String] = []
        for path in paths {
            let file = try ParquetFile(reading: try FileRanges(path: path))
            let groups = file.metadata.rowGroups.indices
            // Of columns that are not copied as they are, one file has to do.
            guard groups.count > 1, let schema = file.flatSchema(ofColumns: Array(file.metadata.columns.indices))
            else {
                pieces.append(path)
                continue
            }
            for group in groups {
                let piece = try PackedFile(creating: "\(folder)/\(pieces.count).parquet", schema)
                try piece.append(rowGroup: group, of: file)
                try piece.finish()
                pieces.append("\(folder)/\(pieces.count).parquet")
            }
        }
        return ResultFiles(at: pieces)
    }

    /// Uploads them.
    /// - Returns: what the table's manifests say of them; files without rows are none of the table's.
    func upload(
        to prefix: String, _ schema: IcebergSchema, _ spec: PartitionSpec, _ storage: LakeStorage,
        checkTime: () throws(GoldError) -> Void
    ) throws -> [DataFile] {
        var files: [DataFile] = []
        for start in stride(from: 0, to: paths.count, by: concurrentLimit) {
            try checkTime()
            let places = paths[start..<min(start + concurrentLimit, paths.count)].enumerated().map {
                (path: $1, location: "\(prefix)-\(start + $0).parquet")
            }
            files += try concurrently(places) { try Self.upload($0.path, to: $0.location, schema, spec, storage) }
                .compactMap(\.self)
        }
        return files
    }

    /// - Returns: nil for a file without rows, which is not uploaded.
    private static func upload(
        _ path: String, to location: String, _ schema: IcebergSchema, _ spec: PartitionSpec, _ storage: LakeStorage
    ) throws -> DataFile? {
        let source = try FileRanges(path: path)
        let footer = try ParquetFile(reading: source).metadata
        guard footer.rowCount > 0 else { return nil }
        var file = try DataFile(footer, at: location, sizeInBytes: source.size, schema)
        file.partition = try spec.fields.map { field in try onlyValue(of: field, in: file, schema) }
        try upload(path, to: location, storage)
        return file
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
