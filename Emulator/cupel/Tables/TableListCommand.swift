internal import ArgumentParser
internal import Iceberg
internal import JSON
internal import Lake

/// `cupel table list`: the tables of silver and gold.
struct TableListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the tables: rows, files, size, last snapshot, bronze files that wait.",
        discussion: """
            ROWS counts deleted rows of silver too, which stay with their last values.
            WAITING and FAILED count bronze files that have not reached the table:
            cupel status --layer silver lists them.

            EXAMPLES
              cupel table list
              cupel table list --json | jq -r '.tables[] | select(.waiting_files > 0).table'
            """)

    @OptionGroup var options: DeployedOptions
    @OptionGroup var form: OutputOptions

    /// A line of the list. A table that has no snapshot yet has files that wait.
    struct Row {
        let name: LakeTables.Name
        let snapshot: Snapshot?
        let backlog: LakeTables.Backlog
    }

    func run() throws {
        let rows = try Self.rows(of: try LakeTables(try options.pipeline()))
        if form.isJSON {
            return StandardStream.output.line(JSON.object(["tables": .array(rows.map(\.document))]).text)
        }
        guard !rows.isEmpty else {
            return StandardStream.error.line("no tables yet; cupel run takes files to silver")
        }
        Self.table(of: rows).print(to: .output)
    }

    /// Silver's tables and then gold's.
    static func rows(of tables: LakeTables) throws(CommandFailure) -> [Row] {
        let backlog = try tables.backlog()
        var rows: [Row] = []
        let names = try tables.names()
        for name in names {
            guard let table = try tables.table(name) else { continue }
            rows.append(
                Row(name: name, snapshot: table.metadata.currentSnapshot, backlog: backlog[name] ?? .init()))
        }
        for (name, files) in backlog where !names.contains(name) {
            rows.append(Row(name: name, snapshot: nil, backlog: files))
        }
        return rows.sorted {
            ($0.name.layer == .gold ? 1 : 0, $0.name.table) < ($1.name.layer == .gold ? 1 : 0, $1.name.table)
        }
    }

    static func table(of rows: [Row]) -> TextTable {
        var table = TextTable([
            .left("TABLE"), .right("ROWS"), .right("FILES"), .right("SIZE"), .left("LAST SNAPSHOT"),
            .right("WAITING"), .right("FAILED"),
        ])
        for row in rows {
            let snapshot = row.snapshot
            table.add([
                row.name.description, Quantity.count(snapshot?.count("total-records")),
                Quantity.count(snapshot?.count("total-data-files")),
                snapshot?.count("total-files-size").map(Quantity.bytes) ?? "-", snapshot?.time ?? "-",
                Quantity.count(row.backlog.waiting), Quantity.count(row.backlog.failed),
            ])
        }
        return table
    }
}

extension TableListCommand.Row {
    var document: JSON {
        var object: JSONObject = ["table": .string(name.qualified)]
        object["rows"] = snapshot?.count("total-records").map { .int($0) }
        object["data_files"] = snapshot?.count("total-data-files").map { .int($0) }
        object["bytes"] = snapshot?.count("total-files-size").map { .int($0) }
        object["snapshot"] = snapshot.map { .int($0.sequenceNumber) }
        object["snapshot_id"] = snapshot.map { .string("\($0.id)") }
        object["committed_at"] = snapshot.map { .string($0.time) }
        object["waiting_files"] = .int(backlog.waiting)
        object["failed_files"] = .int(backlog.failed)
        return .object(object)
    }
}
