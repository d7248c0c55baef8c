internal import ArgumentParser
internal import AWSModels
internal import ContractTools
internal import Contracts
internal import Control
internal import JSON
internal import Time

/// `cupel status`: lists control records.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "List control records: the state of each file.",
        discussion: """
            A line counts all records; then the newest changes come first, in 80 columns.
            --wide has the whole IDs and all columns, of which RESCUED counts rows with
            fields that the contract does not know; show names the fields. The commands
            show, replay and trace accept an ID, and the first digits of the ID of a record
            that has not succeeded.
            A second table shows the delivery streams of an emulator that have records:
            those that wait in the source and how old the oldest is, and open buffers.
            Below is where the sources of these tables differ from their contracts: by what
            AWS DMS says of them, and by unknown fields; `cupel contract drift` proposes
            the change. Models of gold whose last build failed are listed at the end;
            --layer gold lists all of them.

            EXAMPLES
              cupel status                                     the newest bronze records
              cupel status --limit 1000 --wide
              cupel status --status error --since 2h
              cupel status --table review --json | jq -r '.records[].output_key'
              cupel status --profile prod --stack cupel-prod --status error
            """)

    @OptionGroup var options: DeployedOptions

    @Option(help: "Only records of this table.")
    var table: String?

    @Option(help: "Only records with this status: pending, running, success or error.")
    var status: ControlRecord.Status?

    @Option(help: "Only records changed since this time: 2026-03-01T09:30:00Z, or 90s, 15m, 2h, 3d ago.")
    var since: Since?

    @Option(help: "The layer: bronze, silver or gold.")
    var layer = Layer.bronze

    @Option(help: "The most records that are listed; default: 20, and all with --json.")
    var limit: Int?

    @Flag(help: "Show whole IDs and all columns, however wide.")
    var wide = false

    @Flag(help: "Print one JSON document.")
    var json = false

    private static let defaultLimit = 20

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit: expected a number from 0 on, not \(limit)") }
    }

    func run() throws {
        let pipeline = try options.pipeline()
        let records = try records(in: pipeline)
        let streams = table == nil && status == nil ? StreamStatus.all(of: pipeline) : []
        if records.isEmpty, layer != .gold, let table { try options.checkTable(table) }
        let drifts = try drifts(of: records, in: pipeline)
        let models = try failedModels(in: pipeline)
        if json {
            let documents = records.prefix(limit ?? .max).map { JSON.object($0.document) }
            var document: JSONObject = ["records": .array(documents)]
            if !streams.isEmpty { document["streams"] = .array(streams.map(\.document)) }
            if !drifts.isEmpty { document["drift"] = .array(drifts.map(\.document)) }
            if !models.isEmpty { document["failed_models"] = .array(models.map { .object($0.document) }) }
            return StandardStream.output.line(JSON.object(document).text)
        }
        if records.isEmpty {
            StandardStream.error.line("no records")
        } else {
            let stream = StandardStream.output
            stream.line(Self.summary(of: records, layer))
            let listed = Array(records.prefix(limit ?? Self.defaultLimit))
            if wide, !listed.isEmpty {
                Self.table(of: listed).print(to: stream)
            } else if !listed.isEmpty {
                for line in Self.lines(of: listed, at: .now(), width: stream.width ?? 80) { stream.line(line) }
            }
            let others = records.count - listed.count
            if others > 0 { stream.line("and \(Quantity.count(others)) older: --limit \(records.count)") }
        }
        // Streams that are idle say nothing.
        let busy = streams.filter { $0.recordsWaiting > 0 || $0.buffers > 0 }
        if !busy.isEmpty {
            StandardStream.output.line("")
            StreamStatus.table(of: busy).print(to: .output)
        }
        if !drifts.isEmpty {
            StandardStream.output.line("")
            Self.table(of: drifts).print(to: .output)
        }
        if !models.isEmpty {
            StandardStream.output.line("")
            Self.table(ofFailed: models).print(to: .output)
        }
    }

    /// The models whose last build failed, beside the files of all tables.
    private func failedModels(in pipeline: Pipeline) throws(CommandFailure) -> [ControlRecord] {
        guard layer == .bronze, table == nil, status == nil || status == .error else { return [] }
        do throws(ControlError) {
            return try pipeline.control.records(.schema(.gold)).filter { record in
                record.status == .error && since.map { $0.timestamp <= record.updatedAt } ?? true
            }.sorted { $0.objectKey < $1.objectKey }
        } catch { throw pipeline.failure(error) }
    }

    static func table(ofFailed models: [ControlRecord]) -> TextTable {
        var table = TextTable([.left("MODEL"), .left("STATUS"), .left("UPDATED"), .left("NOTE")])
        for record in models {
            table.add([
                record.fileName, record.status.rawValue, record.updatedAt.rfc3339,
                [record.errorType, record.errorMessage].compactMap(\.self).joined(separator: ": "),
            ])
        }
        return table
    }

    private func drifts(of records: [ControlRecord], in pipeline: Pipeline) throws(CommandFailure) -> [SchemaDrift] {
        guard layer == .bronze else { return [] }
        let packaged = try? ContractCatalog(directory: options.contractsFolder())
        return try pipeline.schemaDrift(of: records, packaged: packaged, table: table)
    }

    static func table(of drifts: [SchemaDrift]) -> TextTable {
        var table = TextTable([.left("TABLE"), .left("COLUMN"), .left("SOURCE")])
        for drift in drifts { table.add([drift.table, drift.column ?? "-", drift.message]) }
        return table
    }

    private func records(in pipeline: Pipeline) throws(CommandFailure) -> [ControlRecord] {
        let query: ControlQuery =
            if let status { .status(status, in: layer.schema) } else if let table {
                .table(table, in: layer.schema)
            } else { .schema(layer.schema) }
        var records: [ControlRecord] = []
        do throws(ControlError) {
            try pipeline.control.forEachRecord(query) { (record) throws(ControlError) in
                let isWanted =
                    table.map { $0 == record.table } ?? true
                    && since.map { $0.timestamp <= record.updatedAt } ?? true
                if isWanted { records.append(record) }
                return true
            }
        } catch { throw pipeline.failure(error) }
        return records.sorted { ($0.updatedAt, $0.controlID.text) > ($1.updatedAt, $1.controlID.text) }
    }

    /// All records in a sentence: `1,204 bronze files: 1,202 success, 2 error; 14 rows in quarantine`.
    static func summary(of records: [ControlRecord], _ layer: Layer) -> String {
        let counts = ControlRecord.Status.allCases.compactMap { status -> String? in
            let count = records.count { $0.status == status }
            return count > 0 ? "\(Quantity.count(count)) \(status.rawValue)" : nil
        }
        let noun = layer == .gold ? "model" : "\(layer.rawValue) file"
        let held = records.reduce(0) { $0 + ($1.quarantinedCount ?? 0) }
        return "\(Quantity.count(records.count)) \(noun)\(records.count == 1 ? "" : "s"): "
            + counts.joined(separator: ", ")
            + (held > 0 ? "; \(Quantity.count(held)) rows in quarantine" : "")
    }

    /// A line a record, and another for what it says of itself.
    /// - Parameter width: that of every line; names of files are cut where they do not fit.
    static func lines(of records: [ControlRecord], at now: Timestamp, width: Int) -> [String] {
        func lines(fileWidth: Int) -> [String] {
            var table = TextTable([
                .left("ID"), .left("STATUS"), .left("TABLE"), .left("FILE"), .right("WRITTEN"), .right("HELD"),
                .right("MS"), .right("CHANGED"),
            ])
            for record in records {
                table.add([
                    String(record.controlID.text.prefix(12)), record.status.rawValue,
                    record.table.printable.cut(toColumns: 12), record.fileName.printable.cut(toColumns: fileWidth),
                    Quantity.count(record.writtenCount), Quantity.count(record.quarantinedCount),
                    Quantity.count(record.durationInMilliseconds), age(of: record.updatedAt, at: now),
                ])
            }
            return table.lines()
        }
        let longest = records.map { $0.fileName.printable.count }.max() ?? 0
        let excess = (lines(fileWidth: longest).map(\.count).max() ?? 0) - width
        let table = lines(fileWidth: max(8, longest - max(0, excess)))
        var shown = [TextTable.cut(table[0], to: width)]
        for (line, record) in zip(table.dropFirst(), records) {
            shown.append(TextTable.cut(line, to: width))
            let note =
                record.succession ?? ErrorText.of(record)
            if !note.isEmpty { shown.append(TextTable.cut("  \(note.printable)", to: width)) }
        }
        return shown
    }

    /// `5s`, `12m`, `3h`, `9d` ago.
    private static func age(of time: Timestamp, at now: Timestamp) -> String {
        let seconds = max(0, now.milliseconds(since: time) / 1000)
        switch seconds {
        case ..<100: return "\(seconds)s ago"
        case ..<6000: return "\(seconds / 60)m ago"
        case ..<172_800: return "\(seconds / 3600)h ago"
        default: return "\(seconds / 86_400)d ago"
        }
    }

    static func table(of records: [ControlRecord]) -> TextTable {
        var table = TextTable([
            .left("ID"), .left("STATUS"), .left("TABLE"), .left("FILE"), .left("TARGET"), .right("TRIES"),
            .right("READ"), .right("WRITTEN"), .right("QUARANTINED"), .right("RESCUED"), .left("QUALITY"), .right("MS"),
            .left("UPDATED"), .left("NOTE"),
        ])
        for record in records {
            table.add([
                record.controlID.text, record.status.rawValue, record.table,
                record.fileName, record.computeTarget?.rawValue ?? "-", "\(record.attemptCount)",
                Quantity.count(record.recordCount), Quantity.count(record.writtenCount),
                Quantity.count(record.quarantinedCount), Quantity.count(record.rescuedCount), record.qualitySummary,
                Quantity.count(record.durationInMilliseconds),
                record.updatedAt.rfc3339,
                record.succession
                    ?? [record.errorType, record.errorMessage].compactMap(\.self).joined(separator: ": "),
            ])
        }
        return table
    }
}
