internal import ArgumentParser
internal import Iceberg
internal import JSON
internal import Lake

/// `cupel table diff`: what changed between two snapshots of a table.
struct TableDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show which rows were inserted, updated and deleted between two snapshots.",
        discussion: """
            Rows are compared by the table's key; without a key, whole rows are. A row of
            silver that is deleted stays in the table with deleted_at, and counts as
            deleted here. Only data files that are in one of the snapshots alone are read,
            and those of which another engine has deleted rows by position.
            Values that the contract masks are masked in the lake, and so here.

            EXAMPLES
              cupel table diff beer 3 5
              cupel table diff beer 0 1                        all rows of the first one
              cupel table diff beer 2h                         from 2 hours ago to now
              cupel table diff beer 3 5 --json | jq '.rows[] | select(.change == "updated")'
            """)

    @OptionGroup var options: DeployedOptions
    @OptionGroup var form: OutputOptions

    @Argument(help: "The table: beer, silver.beer.")
    var name: String

    @Argument(help: "The earlier snapshot: its number or ID, or a time: 2026-03-01T09:30:00Z, 90s, 15m, 2h, 3d ago.")
    var from: SnapshotName

    @Argument(help: "The later snapshot; default: the current one.")
    var to: SnapshotName?

    @Option(help: "The most rows of each kind that are listed.")
    var limit = 20

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit: expected a number from 0 on, not \(limit)") }
    }

    func run() throws {
        let tables = try LakeTables(try options.pipeline())
        let (found, table) = try tables.find(name)
        let metadata = table.metadata
        let old = try from.snapshot(in: metadata)
        let new =
            try to.map { (name) throws(CommandFailure) in try name.snapshot(in: metadata) }
            ?? metadata.currentSnapshot
        let diff = try TableDiff(
            of: found.qualified, tables, metadata.schema(of: new), from: try tables.files(of: old, table),
            to: try tables.files(of: new, table), limit: limit)
        if form.isJSON {
            return StandardStream.output.line(diff.document(of: found, from: old, to: new).text)
        }
        let stream = StandardStream.output
        stream.line("\(found) from \(Self.text(old)) to \(Self.text(new))")
        for line in diff.lines(width: stream.width) { stream.line(line) }
    }

    private static func text(_ snapshot: Snapshot?) -> String {
        snapshot.map { "\($0.sequenceNumber) (\($0.time))" } ?? "0 (no rows yet)"
    }
}

extension TableDiff {
    /// The counts, then the rows.
    func lines(width: Int?) -> [String] {
        var table = TextTable([.left(""), .right("")])
        for kind in Kind.allCases { table.add([kind.rawValue, Quantity.count(counts[kind] ?? 0)]) }
        var lines = table.lines().dropFirst().map { "  \($0)" }
        if restatedCount > 0 {
            lines.append(
                "  \(Quantity.count(restatedCount)) others have new times of changes only, or are deleted in both")
        }
        let files = "\(Quantity.count(fileCount)) data file\(fileCount == 1 ? "" : "s")"
        lines.append("  read: \(files), \(Quantity.bytes(sizeInBytes))")
        for kind in Kind.allCases {
            let rows = rows.filter { $0.kind == kind }
            guard !rows.isEmpty else { continue }
            lines.append("")
            for row in rows { lines.append(TextTable.cut(row.line(keyNames), to: width)) }
            let left = (counts[kind] ?? 0) - rows.count
            if left > 0 {
                lines.append(
                    "  and \(Quantity.count(left)) more \(kind.rawValue): --limit \(counts[kind] ?? 0)")
            }
        }
        return lines
    }

    func document(of name: LakeTables.Name, from old: Snapshot?, to new: Snapshot?) -> JSON {
        func document(_ snapshot: Snapshot?) -> JSON {
            guard let snapshot else { return .null }
            return [
                "snapshot": .int(snapshot.sequenceNumber), "snapshot_id": .string("\(snapshot.id)"),
                "committed_at": .string(snapshot.time),
            ]
        }
        var object: JSONObject = ["table": .string(name.qualified), "from": document(old), "to": document(new)]
        for kind in Kind.allCases { object[kind.rawValue] = .int(counts[kind] ?? 0) }
        object["restated"] = .int(restatedCount)
        object["key"] = .array(keyNames.map { .string($0) })
        object["rows"] = .array(rows.map(\.document))
        return .object(object)
    }
}

extension TableDiff.Row {
    /// `+ beer_id 7  name "Old Ale"`, `~ beer_id 7  abv 5.0 -> 5.5`, `- beer_id 7`.
    fileprivate func line(_ keyNames: [String]) -> String {
        func shown(_ names: [String]) -> String {
            names.map { "\($0) \((values[$0] ?? .null).shown)" }.joined(separator: "  ")
        }
        let mark =
            switch kind {
            case .inserted: "+"
            case .updated: "~"
            case .deleted: "-"
            }
        let others =
            switch kind {
            case .updated:
                changedColumns.map { "\($0) \((before?[$0] ?? .null).shown) -> \((after?[$0] ?? .null).shown)" }
                    .joined(separator: "  ")
            case .inserted, .deleted:
                shown(
                    values.names.filter {
                        !keyNames.contains($0) && !StateColumn.all.contains($0) && values[$0]?.isNull == false
                    })
            }
        return "\(mark) " + [shown(keyNames), others].filter { !$0.isEmpty }.joined(separator: "  ")
    }

    fileprivate var document: JSON {
        var object: JSONObject = ["change": .string(kind.rawValue)]
        if kind == .updated { object["columns"] = .array(changedColumns.map { .string($0) }) }
        object["before"] = before.map { .object($0) }
        object["after"] = after.map { .object($0) }
        return .object(object)
    }
}
