internal import Control
internal import JSON

/// The result of a run, printed as a table at its end.
struct RunReport {
    let ingestions: [Ingestion]
    let lakeBucket: String
    /// From the first upload until the last file settled.
    var seconds = 0.0
    /// What became of the silver tables that had files waiting.
    var silver: [SilverRun.Table] = []
    /// What became of the models.
    var gold: [GoldRun.Table] = []
    /// The first rows of the models' tables that have a ranking.
    var best: [RankedRows] = []

    var failures: [Ingestion] { ingestions.filter { !$0.hasSucceeded } }

    /// Whether tables have a line each, and not files.
    private var isSummary: Bool { ingestions.count > ProgressDisplay.fewFiles }

    func print(to stream: StandardStream) {
        guard !isSummary else { return RunSummary(ingestions, seconds: seconds).print(to: stream) }
        let wide = table(withOutput: true).lines()
        if let width = stream.width, let longest = wide.map(\.count).max(), longest > width {
            // A truncated path is useless, so on a narrow terminal it gets a line of its own.
            for (position, line) in table(withOutput: false).lines().enumerated() {
                stream.line(line)
                if position > 0, let output = output(of: ingestions[position - 1]) { stream.line("  \(output)") }
            }
        } else {
            for line in wide { stream.line(line) }
        }
    }

    private func table(withOutput: Bool) -> TextTable {
        var columns: [TextTable.Column] = [
            .left("TABLE"), .left("FILE"), .left("TARGET"), .right("READ"), .right("WRITTEN"), .right("QUARANTINED"),
            .right("SECONDS"), .right("MB/S"),
        ]
        if withOutput { columns.append(.left("OUTPUT")) }
        var table = TextTable(columns)
        for ingestion in ingestions {
            let record = ingestion.record
            var cells = [
                ingestion.file.table, ingestion.file.name, record?.computeTarget?.rawValue ?? "-",
                Quantity.count(record?.recordCount), Quantity.count(record?.writtenCount),
                Quantity.count(record?.quarantinedCount), Quantity.decimal(ingestion.seconds, places: 2),
                ingestion.hasSucceeded ? Quantity.decimal(ingestion.megabytesPerSecond, places: 1) : "-",
            ]
            if withOutput { cells.append(output(of: ingestion) ?? "-") }
            table.add(cells)
        }
        return table
    }

    private func output(of ingestion: Ingestion) -> String? {
        guard ingestion.hasSucceeded, let key = ingestion.record?.outputKey else { return nil }
        return "s3://\(lakeBucket)/\(key)"
    }

    /// Prints which files failed, why, and what to type next.
    /// - Parameters:
    ///   - usesOwnEmulator: whether the run started its own emulator, which has ended by now.
    ///   - options: the options that locate this pipeline, each after a space.
    func printFailures(to stream: StandardStream, usesOwnEmulator: Bool, options: String) {
        let failures = failures
        guard !failures.isEmpty else { return }
        if isSummary {
            let summary = FailureSummary(failures, of: ingestions.count, lakeBucket: lakeBucket)
            for line in summary.lines(options: options) { stream.line(line) }
        } else {
            stream.line("\n\(Quantity.count(failures.count)) of \(Quantity.count(ingestions.count)) files failed:")
            for ingestion in failures {
                let reason = ingestion.failure ?? "it neither succeeded nor failed in time"
                stream.line("  \(ingestion.file.path): \(reason)")
                if let key = ingestion.record?.quarantineKey {
                    stream.line("    bad rows: s3://\(lakeBucket)/\(key)")
                }
            }
        }
        // The first digits are enough, and ten whole IDs no line for many files' screen.
        let ids = failures.compactMap { $0.record?.controlID.text }.map { isSummary ? String($0.prefix(12)) : $0 }
        guard !ids.isEmpty else { return }
        let start = usesOwnEmulator ? " (with the emulator running: cupel up\(options))" : ""
        let selection =
            ids.count > (isSummary ? Self.namedRecordsOfMany : Self.namedRecords)
            ? "" : " --id \(ids.joined(separator: " "))"
        let what = selection.isEmpty ? "all records in error" : "them"
        stream.line("\nTo replay \(what)\(start):\n  cupel replay\(options)\(selection)")
    }

    /// So many records are named in the command that replays them.
    private static let namedRecords = 10
    private static let namedRecordsOfMany = 4

    var document: JSON {
        let files = ingestions.map { ingestion -> JSON in
            var file: JSONObject = [
                "path": .string(ingestion.file.path), "table": .string(ingestion.file.table),
                "succeeded": .bool(ingestion.hasSucceeded), "size": .int(ingestion.file.sizeInBytes),
            ]
            file["seconds"] = JSONNumber(ingestion.seconds).map(JSON.number)
            file["output"] = output(of: ingestion).map(JSON.string)
            file["failure"] = ingestion.failure.map(JSON.string)
            file["record"] = ingestion.record.map { .object($0.document) }
            return .object(file)
        }
        return [
            "files": .array(files), "failed": .int(failures.count), "silver": silver.document, "gold": gold.document,
            "best": .array(best.map(\.document)),
        ]
    }
}
