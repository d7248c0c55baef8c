internal import DuckDB
internal import Iceberg
internal import JSON

/// What Athena shows of an Iceberg table itself: `"table$snapshots"`, `$history`, `$files`, `$manifests`, `$partitions`, `$refs`.
/// - SeeAlso: <https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-table-data.html>
struct IcebergFacts {
    private let metadata: TableMetadata
    private let document: JSON
    private let offset: Int
    private let read: (String) throws -> [UInt8]

    init(_ metadata: TableMetadata, document: JSON, offset: Int, read: @escaping (String) throws -> [UInt8]) {
        self.metadata = metadata
        self.document = document
        self.offset = offset
        self.read = read
    }

    /// A query of the engine with the rows.
    func rows(of facts: String) throws -> String {
        switch facts {
        case "snapshots":
            return Self.values(
                [
                    ("committed_at", "TIMESTAMP WITH TIME ZONE"), ("snapshot_id", "BIGINT"), ("parent_id", "BIGINT"),
                    ("operation", "VARCHAR"), ("manifest_list", "VARCHAR"), ("summary", "MAP(VARCHAR, VARCHAR)"),
                ],
                metadata.snapshots.map { snapshot in
                    [
                        Self.time(snapshot.timestamp), "\(snapshot.id)", snapshot.parentID.map { "\($0)" } ?? "NULL",
                        snapshot.summary["operation"].map(DuckDBText.string) ?? "NULL",
                        DuckDBText.string(snapshot.manifestList), Self.map(snapshot.summary),
                    ]
                })
        case "history": return history()
        case "refs":
            return Self.values(
                [("name", "VARCHAR"), ("type", "VARCHAR"), ("snapshot_id", "BIGINT")],
                (document["refs"]?.object ?? [:]).map { name, value in
                    [
                        DuckDBText.string(name), DuckDBText.string((value["type"]?.string ?? "").uppercased()),
                        "\(value["snapshot-id"]?.int ?? 0)",
                    ]
                })
        case "files": return try files()
        case "manifests": return try manifests()
        default:
            throw SQLProblem.notEmulated("the table's $\(facts)", at: offset)
        }
    }

    private func history() -> String {
        var ancestors: Set<Int64> = []
        var next = metadata.currentSnapshot
        while let snapshot = next, ancestors.insert(snapshot.id).inserted {
            next = snapshot.parentID.flatMap { id in metadata.snapshots.first { $0.id == id } }
        }
        let parents = Dictionary(metadata.snapshots.map { ($0.id, $0.parentID) }) { first, _ in first }
        return Self.values(
            [
                ("made_current_at", "TIMESTAMP WITH TIME ZONE"), ("snapshot_id", "BIGINT"), ("parent_id", "BIGINT"),
                ("is_current_ancestor", "BOOLEAN"),
            ],
            (document["snapshot-log"]?.array ?? []).map { entry in
                let id = Int64(entry["snapshot-id"]?.int ?? 0)
                return [
                    Self.time(Int64(entry["timestamp-ms"]?.int ?? 0)), "\(id)",
                    (parents[id] ?? nil).map { "\($0)" } ?? "NULL", "\(ancestors.contains(id))",
                ]
            })
    }

    private func tableFiles() throws -> TableFiles {
        try TableFiles(of: metadata.currentSnapshot, in: metadata) { try read($0) }
    }

    private func files() throws -> String {
        let files = try tableFiles()
        return Self.values(
            [
                ("content", "INTEGER"), ("file_path", "VARCHAR"), ("file_format", "VARCHAR"),
                ("record_count", "BIGINT"),
                ("file_size_in_bytes", "BIGINT"),
            ],
            (files.dataFiles + files.deleteFiles).map { file in
                [
                    "\(file.content.rawValue)", DuckDBText.string(file.path), DuckDBText.string(file.format),
                    "\(file.recordCount)", "\(file.sizeInBytes)",
                ]
            })
    }

    private func manifests() throws -> String {
        Self.values(
            [
                ("path", "VARCHAR"), ("length", "BIGINT"), ("partition_spec_id", "INTEGER"),
                ("added_snapshot_id", "BIGINT"),
            ],
            try tableFiles().manifests.map { manifest in
                [
                    DuckDBText.string(manifest.line.path), "\(manifest.line.sizeInBytes)", "\(manifest.line.specID)",
                    "\(manifest.line.addedSnapshotID)",
                ]
            })
    }

    private static func time(_ milliseconds: Int64) -> String { "make_timestamptz(\(milliseconds) * 1000)" }

    private static func map(_ values: [String: String]) -> String {
        let sorted = values.sorted { $0.key < $1.key }
        return "MAP([\(sorted.map { DuckDBText.string($0.key) }.joined(separator: ", "))], "
            + "[\(sorted.map { DuckDBText.string($0.value) }.joined(separator: ", "))])"
    }

    private static func values(_ columns: [(name: String, type: String)], _ rows: [[String]]) -> String {
        let typed = columns.enumerated().map { place, column in
            "CAST(c\(place) AS \(column.type)) AS \(DuckDBText.name(column.name))"
        }
        let names = columns.indices.map { "c\($0)" }.joined(separator: ", ")
        let cells = rows.isEmpty ? [columns.map { _ in "NULL" }] : rows
        let list = cells.map { "(\($0.joined(separator: ", ")))" }.joined(separator: ", ")
        return "SELECT \(typed.joined(separator: ", ")) FROM (VALUES \(list)) AS t(\(names))"
            + (rows.isEmpty ? " WHERE false" : "")
    }
}
