internal import AWSClient
internal import AWSModels
internal import DuckDB
internal import Iceberg
internal import Lake
internal import Parquet
internal import ParquetRead

/// Copies the files of tables to a folder, as far as a statement needs them.
struct TableCopy {
    let folder: String
    let storage: LakeStorage
    /// Called between requests.
    let checkTime: () throws(GoldError) -> Void

    /// A file of this size and more is copied without the columns that are not wanted, a smaller one into one with others.
    private static let sparseSize = 1 << 20
    /// Fewer unwanted bytes than this in one place are copied all the same.
    private static let gapSize = 64 << 10
    private static let pieceSize = 8 << 20

    /// The bytes of columns of files, as the manifests say; of a file of which they do not, all.
    static func size(of files: [VersionFiles.Listed], columns: [IcebergField]) -> Int {
        let wanted = IcebergSchema(id: 0, fields: columns).allFieldIDs
        return files.reduce(0) { total, listed in
            let sizes = listed.file.columnSizes
            guard !sizes.isEmpty else { return total.addingBytes(Int(listed.file.sizeInBytes)) }
            return wanted.reduce(total) { $0.addingBytes(Int(sizes[$1] ?? 0)) }
        }
    }

    /// Copies files.
    /// - Parameters:
    ///   - name: of the view, as SQL writes it.
    ///   - place: the name of a folder for the copies that no other view has.
    ///   - columns: those that the view has.
    /// - Returns: the statement that makes the view.
    func view(
        _ name: String, of files: [VersionFiles.Listed], in version: TableVersion, without deleted: DeletedRows,
        columns: [IcebergField], at place: String
    ) throws -> String {
        let fields = try columns.map { field in
            guard let type = field.type.duckDBName else {
                throw GoldError.table(
                    "table \(version.name): its column \(field.name) is \(field.type), which models cannot read")
            }
            return (field, type)
        }
        guard !files.isEmpty else {
            let nulls = fields.map { field, type in "CAST(NULL AS \(type)) AS \(DuckDBText.name(field.name))" }
            return "CREATE VIEW \(name) AS SELECT \(nulls.joined(separator: ", ")) WHERE false;"
        }
        let wanted = Set(IcebergSchema(id: 0, fields: columns).allFieldIDs)
        var gone = ""
        var (wholeCount, cutCount) = (0, 0)
        var packs: [PackedFile] = []
        var areAsNamed = true
        var small: [SmallFile] = []
        func packSmall() throws {
            try checkTime()
            let contents = try concurrently(small.map(\.ranges)) { try $0.read(0..<$0.size) }
            for (file, bytes) in zip(small, contents) {
                let copied = try pack(bytes, columns: wanted, into: &packs, else: file.path)
                areAsNamed = areAsNamed && columns.allSatisfy { copied.has($0) }
            }
            small = []
        }
        for (number, listed) in files.enumerated() {
            let places = try deleted.places(in: listed.file)
            let kind = places.isEmpty ? "whole" : "cut"
            if places.isEmpty { wholeCount += 1 } else { cutCount += 1 }
            let path = "\(try folder("\(place)-\(kind)"))/\(number).parquet"
            let ranges = try ranges(of: listed.file, of: version.name)
            if places.isEmpty, ranges.size < Self.sparseSize {
                small.append(SmallFile(ranges: ranges, path: path))
                if small.count == concurrentLimit { try packSmall() }
            } else {
                let copied = try copy(ranges, to: path, columns: wanted)
                areAsNamed = areAsNamed && columns.allSatisfy { copied.has($0) }
            }
            for place in places { gone += "\(number),\(place)\n" }
        }
        try packSmall()
        for pack in packs { try pack.finish() }
        // By field id: a file may be older than a column, or than its name.
        let schema = fields.map { field, type in
            "\(field.id): {name: \(DuckDBText.string(field.name)), type: \(DuckDBText.string(type)), default_value: NULL}"
        }
        let map = "schema=MAP{\(schema.joined(separator: ", "))}"
        let names = fields.map { DuckDBText.name($0.0.name) }.joined(separator: ", ")
        var parts: [String] = []
        if wholeCount > 0 {
            // By name where that is the same: the engine takes a fifth less time for it.
            parts.append(
                "SELECT \(names) FROM read_parquet(\(DuckDBText.string("\(folder)/\(place)-whole/*.parquet")), "
                    + (areAsNamed ? "hive_partitioning=false)" : "\(map))"))
        }
        if cutCount > 0 {
            let list = "\(folder)/\(place)-gone.csv"
            try LocalFile(creating: list).append(Array(gone.utf8))
            parts.append(
                "SELECT \(names) FROM read_parquet(\(DuckDBText.string("\(folder)/\(place)-cut/*.parquet")), \(map), "
                    + "file_row_number=true, filename='cupel_file') r ANTI JOIN read_csv(\(DuckDBText.string(list)), "
                    + "header=false, columns={'file': 'BIGINT', 'row': 'BIGINT'}) g "
                    + "ON g.file = CAST(parse_filename(r.cupel_file, true) AS BIGINT) AND g.row = r.file_row_number")
        }
        return "CREATE VIEW \(name) AS \(parts.joined(separator: " UNION ALL "));"
    }

    private func folder(_ name: String) throws(GoldError) -> String {
        try WorkFolder.make("\(folder)/\(name)")
    }

    private func ranges(of file: DataFile, of table: TableName) throws(GoldError) -> ObjectRanges {
        guard let object = LakeStorage.object(at: file.path) else {
            throw GoldError.table("table \(table): the data file \(file.path) is not in S3")
        }
        return ObjectRanges(storage.objects, object, size: Int(file.sizeInBytes))
    }

    private struct SmallFile {
        let ranges: ObjectRanges
        /// Where it is copied to if it cannot be with others.
        let path: String
    }

    /// Puts a small file to those of the same columns.
    /// - Parameter path: where it gets a file: for these columns, or of its own if it cannot be with others.
    /// - Returns: what its footer says.
    private func pack(
        _ bytes: [UInt8], columns: Set<Int32>, into packs: inout [PackedFile], else path: String
    ) throws -> ParquetMetadata {
        let file = try ParquetFile(reading: MemoryRanges(bytes))
        let places = file.metadata.columns.filter { $0.fieldID.map(columns.contains) ?? false }.map(\.index)
        guard !places.isEmpty, let schema = file.flatSchema(ofColumns: places) else {
            try LocalFile(creating: path).append(bytes)
            return file.metadata
        }
        let pack = try packs.first { $0.schema == schema } ?? PackedFile(creating: path, schema)
        try pack.append(file, columns: places)
        if !packs.contains(where: { $0 === pack }) { packs.append(pack) }
        return file.metadata
    }

    /// - Returns: what its footer says.
    private func copy(_ ranges: ObjectRanges, to path: String, columns: Set<Int32>) throws -> ParquetMetadata {
        let copy = try LocalFile(creating: path, size: ranges.size)
        let metadata = try ParquetFile(reading: ranges).metadata
        for wanted in Self.wanted(ranges, metadata, columns: columns) {
            for start in stride(from: wanted.lowerBound, to: wanted.upperBound, by: Self.pieceSize) {
                try checkTime()
                let piece = start..<min(start + Self.pieceSize, wanted.upperBound)
                try copy.write(ranges.read(piece), at: piece.lowerBound)
            }
        }
        return metadata
    }

    /// All of a file but the pages of columns that nobody asks for.
    private static func wanted(
        _ ranges: ObjectRanges, _ metadata: ParquetMetadata, columns: Set<Int32>
    ) -> [Range<Int>] {
        guard ranges.size >= sparseSize else { return [0..<ranges.size] }
        let unwanted = metadata.columns.filter { column in column.fieldID.map { !columns.contains($0) } ?? false }
        let gaps = metadata.rowGroups.flatMap { group in unwanted.map { group.chunks[$0.index].range } }
        var wanted: [Range<Int>] = []
        var start = 0
        for gap in gaps.sorted(by: { $0.lowerBound < $1.lowerBound }).joinedRanges() where gap.count >= gapSize {
            if start < gap.lowerBound { wanted.append(start..<gap.lowerBound) }
            start = gap.upperBound
        }
        return wanted + [start..<ranges.size]
    }
}

extension ParquetMetadata {
    /// Whether the engine, which finds columns by name whatever its case, reads a field's values in the field's type.
    fileprivate func has(_ field: IcebergField) -> Bool {
        guard case .column(let wanted)? = field.type.parquet(named: field.name, field.id, isRequired: false),
            let column = column(fieldID: field.id), column.name.utf8.elementsEqual(field.name.utf8),
            column.hasValues(of: wanted)
        else { return false }
        let name = field.name.lowercased()
        return fields.count { $0.name.lowercased() == name } == 1
    }
}

extension Int {
    /// The sum with what a manifest says, which may be any number.
    func addingBytes(_ count: Int) -> Int {
        let (sum, isTooLarge) = addingReportingOverflow(Swift.max(0, count))
        return isTooLarge ? .max : sum
    }
}

extension [Range<Int>] {
    /// Ranges in ascending order, those that meet as one.
    fileprivate func joinedRanges() -> [Range<Int>] {
        reduce(into: []) { joined, range in
            if let last = joined.last, last.upperBound >= range.lowerBound {
                joined[joined.count - 1] = last.lowerBound..<Swift.max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
    }
}
