internal import Iceberg
internal import JSON
internal import Lake

/// What `cupel table show` says of a table.
struct TableDescription {
    let name: LakeTables.Name
    let metadata: TableMetadata
    let metadataLocation: String
    let backlog: LakeTables.Backlog
    let dataFiles: [DataFile]
    let deleteFileCount: Int
    private let specs: [DataFile: PartitionSpec]

    /// Snapshots that are listed; `cupel table history` lists all.
    private static let snapshotLimit = 5

    init(name: LakeTables.Name, table: LakeCatalog.Table, files: TableFiles, backlog: LakeTables.Backlog) {
        self.name = name
        self.backlog = backlog
        metadata = table.metadata
        metadataLocation = table.metadataLocation
        dataFiles = files.dataFiles.sorted { $0.path < $1.path }
        deleteFileCount = files.deleteFiles.count
        var specs: [DataFile: PartitionSpec] = [:]
        for manifest in files.manifests { for entry in manifest.entries { specs[entry.file] = manifest.spec } }
        self.specs = specs
    }

    private var schema: IcebergSchema { metadata.currentSchema }

    private var key: [IcebergField] { schema.identifierIDs.compactMap { schema.field($0) } }

    private var partitioning: [String] {
        metadata.defaultSpec.fields.map { field in
            let source = schema.field(field.sourceID)?.name ?? "field \(field.sourceID)"
            return field.transform == .identity ? source : "\(field.transform)(\(source))"
        }
    }

    // MARK: Text

    func print(to stream: StandardStream, fileLimit: Int) {
        for (title, text) in facts { stream.line(title + String(repeating: " ", count: 13 - title.count) + text) }
        stream.line("")
        for line in Self.columnLines(schema.fields, width: stream.width) { stream.line(line) }
        let snapshots = metadata.snapshots.sorted { $0.sequenceNumber > $1.sequenceNumber }
        guard !snapshots.isEmpty else { return }
        stream.line("")
        SnapshotHistory.table(of: snapshots.prefix(Self.snapshotLimit).map { SnapshotHistory.Entry($0, metadata) })
            .print(to: stream)
        let others = snapshots.count - Self.snapshotLimit
        if others > 0 { stream.line("and \(Quantity.count(others)) older: cupel table history \(name)") }
        stream.line("")
        filesTable(limit: fileLimit).print(to: stream)
        let left = dataFiles.count - fileLimit
        if left > 0 { stream.line("and \(Quantity.count(left)) others: --limit \(dataFiles.count)") }
    }

    private var facts: [(String, String)] {
        let rows = metadata.currentSnapshot?.count("total-records") ?? 0
        let size = dataFiles.reduce(0) { $0 + Int($1.sizeInBytes) }
        var facts = [
            ("table", name.qualified),
            (
                "rows",
                "\(Quantity.count(rows)) in \(Quantity.count(dataFiles.count)) "
                    + "file\(dataFiles.count == 1 ? "" : "s"), \(Quantity.bytes(size))"
            ),
            ("key", key.isEmpty ? "none" : key.map(\.name).joined(separator: ", ")),
            ("partitioned", partitioning.isEmpty ? "no" : "by \(partitioning.joined(separator: ", "))"),
            ("location", metadata.location),
        ]
        if deleteFileCount > 0 { facts.append(("deletes", "\(deleteFileCount) delete files of another engine")) }
        if backlog.waiting > 0 { facts.append(("waiting", "\(Quantity.count(backlog.waiting)) bronze files")) }
        if backlog.failed > 0 {
            facts.append(
                (
                    "failed",
                    "\(Quantity.count(backlog.failed)) bronze files; cupel status --layer silver --status error"
                ))
        }
        return facts
    }

    /// The columns, with their descriptions on as many lines as they need.
    static func columnLines(_ fields: [IcebergField], width: Int?) -> [String] {
        var table = TextTable([.right("ID"), .left("COLUMN"), .left("TYPE"), .left("NULL")])
        for field in fields {
            table.add(["\(field.id)", field.name, "\(field.type)", field.isRequired ? "no" : "yes"])
        }
        let lines = table.lines()
        let indent = (lines.map(\.count).max() ?? 0) + 2
        let room = width.map { max(24, $0 - indent) } ?? .max
        let texts = ["DESCRIPTION"] + fields.map { $0.documentation ?? "" }
        return zip(lines, texts).flatMap { line, text in
            var result: [String] = []
            for (number, part) in wrapped(text, room).enumerated() {
                let start = number == 0 ? line : ""
                result.append(start + String(repeating: " ", count: indent - start.count) + part)
            }
            return result.isEmpty ? [line] : result
        }
    }

    /// Lines of whole words; a word that is longer than a line has its own.
    private static func wrapped(_ text: String, _ width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(whereSeparator: \.isWhitespace) {
            if let last = lines.last, last.count < width - word.count {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    private func filesTable(limit: Int) -> TextTable {
        let isPartitioned = !partitioning.isEmpty
        let first = key.first
        var columns: [TextTable.Column] = [.left("FILE"), .right("ROWS"), .right("SIZE")]
        if isPartitioned { columns.append(.left("PARTITION")) }
        if let first { columns += [.left("\(first.name.uppercased()) FROM"), .left("TO")] }
        var table = TextTable(columns)
        for file in dataFiles.prefix(limit) {
            var cells = [
                Self.shortName(file.path), Quantity.count(Int(file.recordCount)), Quantity.bytes(Int(file.sizeInBytes)),
            ]
            if isPartitioned {
                let values = partition(of: file).map { name, value in "\(name)=\(value.string ?? value.text)" }
                cells.append(values.joined(separator: "/"))
            }
            if let first {
                cells += [file.lowerBounds[first.id], file.upperBounds[first.id]].map { bytes in
                    bytes.flatMap { IcebergValue(serialized: $0, as: first.type) }?.json(as: first.type).shown ?? "-"
                }
            }
            table.add(cells)
        }
        return table
    }

    /// The name without what is in the middle, since names of files are random.
    static func shortName(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.count > 26 ? "\(name.prefix(10))…\(name.suffix(15))" : name
    }

    private func partition(of file: DataFile) -> [(String, JSON)] {
        guard let spec = specs[file] else { return [] }
        return zip(spec.fields, file.partition).map { field, value in
            let source = schema.field(field.sourceID)?.type
            let type = source.flatMap { field.transform.resultType(of: $0) }
            guard let value, let type else { return (field.name, .null) }
            return (field.name, field.transform.json(value, as: type))
        }
    }

    // MARK: JSON

    func document(fileLimit: Int) -> JSON {
        let columns = schema.fields.map { field -> JSON in
            var column: JSONObject = [
                "id": .int(field.id), "name": .string(field.name), "type": .string("\(field.type)"),
                "required": .bool(field.isRequired),
            ]
            column["doc"] = field.documentation.map { .string($0) }
            return .object(column)
        }
        let snapshots = metadata.snapshots.sorted { $0.sequenceNumber > $1.sequenceNumber }
        var object: JSONObject = [
            "table": .string(name.qualified), "location": .string(metadata.location),
            "metadata_location": .string(metadataLocation), "format_version": .int(metadata.formatVersion),
            "schema_id": .int(schema.id), "columns": .array(columns),
            "key": .array(key.map { .string($0.name) }),
            "partitioning": .array(partitioning.map { .string($0) }),
        ]
        object["rows"] = metadata.currentSnapshot?.count("total-records").map { .int($0) }
        object["data_file_count"] = .int(dataFiles.count)
        object["delete_file_count"] = .int(deleteFileCount)
        object["waiting_files"] = .int(backlog.waiting)
        object["failed_files"] = .int(backlog.failed)
        object["snapshots"] = .array(snapshots.map { SnapshotHistory.Entry($0, metadata).document })
        object["data_files"] = .array(dataFiles.prefix(fileLimit).map(document))
        return .object(object)
    }

    private func document(_ file: DataFile) -> JSON {
        func bounds(_ values: [Int32: [UInt8]]) -> JSON {
            var object = JSONObject()
            for field in schema.fields {
                guard let bytes = values[field.id], let value = IcebergValue(serialized: bytes, as: field.type) else {
                    continue
                }
                object[field.name] = value.json(as: field.type)
            }
            return .object(object)
        }
        var nulls = JSONObject()
        for field in schema.fields { nulls[field.name] = file.nullCounts[field.id].map { .int($0) } }
        return [
            "path": .string(file.path), "rows": .int(file.recordCount), "bytes": .int(file.sizeInBytes),
            "partition": .object(JSONObject(partition(of: file))), "lower_bounds": bounds(file.lowerBounds),
            "upper_bounds": bounds(file.upperBounds), "null_counts": .object(nulls),
        ]
    }
}

extension PartitionTransform {
    /// A partition's value as people read it: `2026` for the year that is stored as 56.
    func json(_ value: IcebergValue, as type: IcebergType) -> JSON {
        guard case .int(let number) = value else { return value.json(as: type) }
        switch self {
        case .year: return .int(1970 + number)
        case .month:
            let month = Int(number) + 1970 * 12
            let (year, rest) = (month / 12, month % 12 + 1)
            return .string("\(year)-\(rest < 10 ? "0" : "")\(rest)")
        case .hour:
            let text = IcebergValue.long(Int64(number) * 3_600_000_000).json(as: .timestamp).string ?? ""
            return .string(String(text.prefix(13)))
        default: return value.json(as: type)
        }
    }
}
