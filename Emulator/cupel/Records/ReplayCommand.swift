internal import ArgumentParser
internal import AWSModels
internal import Control
internal import JSON

/// `cupel replay`: processes files again from their control records.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Process files and models again from their control records.",
        discussion: """
            Replays each file once; its earlier attempts still count. Without --id,
            replays all records of the layer with the given status. A record that a
            running worker holds is skipped. Exit status 1 if a record named by --id was
            skipped. Records of silver are taken to their tables at once, or by schedule;
            a file that was merged before changes nothing. Records of gold are models:
            they are built at once; one whose inputs and text are as before changes nothing.

            EXAMPLES
              cupel replay --dry-run                           what would be replayed
              cupel replay --table review --since 1d
              cupel replay --id 5f2d9c1a07be
              cupel replay --layer silver                      bronze files that silver refused
              cupel replay --layer gold                        models whose last build failed
              cupel replay --id 5f2d9c1a07be44d093b1c62e8fa50d17 --force   also if it succeeded
              cupel replay --profile prod --stack cupel-prod --since 1d --dry-run
            """)

    @OptionGroup var options: DeployedOptions

    @Option(parsing: .upToNextOption, help: "The IDs of records, or the first digits of those that have not succeeded.")
    var id: [String] = []

    @Option(help: "Records with this status: error, running (only if the lease has expired), pending, success.")
    var status = ControlRecord.Status.error

    @Option(help: "The layer whose records are replayed: bronze, silver or gold.")
    var layer = Layer.bronze

    @Option(help: "Only records of this table.")
    var table: String?

    @Option(help: "Only records changed since this time: 2026-03-01T09:30:00Z, or 90s, 15m, 2h, 3d ago.")
    var since: Since?

    @Flag(help: "Print what would be done, and do nothing.")
    var dryRun = false

    @Flag(help: "Also replay records that succeeded or are pending.")
    var force = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func validate() throws {
        guard id.isEmpty || (table == nil && since == nil) else {
            throw ValidationError("--table and --since cannot be combined with --id.")
        }
    }

    func run() throws {
        let pipeline = try options.pipeline()
        let results = try replay(in: pipeline)
        if results.isEmpty, layer != .gold, let table { try options.checkTable(table) }
        if json {
            StandardStream.output.line(JSON.object(["records": .array(results.map(Self.document))]).text)
        } else if results.isEmpty {
            StandardStream.error.line("nothing to replay")
        } else {
            var table = TextTable([.left("ID"), .left("TABLE"), .left("FILE"), .left(dryRun ? "WOULD BE" : "OUTCOME")])
            for result in results {
                table.add([
                    result.id.text, result.record?.table ?? "-", result.record?.fileName ?? "-", "\(result.outcome)",
                ])
            }
            table.print(to: .output)
        }
        if !dryRun { Self.startLayers(of: results, pipeline) }
        try check(results)
    }

    /// Starts what takes replayed records of silver and gold further, and does not wait for it.
    static func startLayers(of results: [ReplayResult], _ pipeline: Pipeline) {
        let replayed = Set(results.filter(\.isReplayed).compactMap { $0.record?.schema })
        if replayed.contains(.silver) { startSilver(of: pipeline) }
        if replayed.contains(.gold) { startGold(of: pipeline) }
    }

    /// The schedule does it if this fails.
    private static func startSilver(of pipeline: Pipeline) {
        do throws(CommandFailure) {
            try SilverRun(pipeline, timeout: .zero, startsGold: true)?.start()
        } catch {
            StandardStream.error.line("silver takes them by its schedule; it was not started now: \(error)")
        }
    }

    /// The schedule does it if this fails.
    private static func startGold(of pipeline: Pipeline) {
        do throws(CommandFailure) {
            try GoldRun(pipeline, timeout: .zero)?.start()
        } catch {
            StandardStream.error.line("gold builds them by its schedule; it was not started now: \(error)")
        }
    }

    private func replay(in pipeline: Pipeline) throws(CommandFailure) -> [ReplayResult] {
        var ids: [ControlID] = []
        for text in id { ids.append(try pipeline.controlID(text)) }
        let selection: ReplaySelection =
            ids.isEmpty ? .matching(status, in: layer.schema, table: table, since: since?.timestamp) : .ids(ids)
        var results: [ReplayResult] = []
        do throws(ControlError) {
            try pipeline.control.replay(selection, ReplayRules(force: force), dryRun: dryRun) {
                (result) throws(ControlError) in
                results.append(result)
                return true
            }
        } catch { throw pipeline.failure(error) }
        return results
    }

    static func document(_ result: ReplayResult) -> JSON {
        [
            "control_id": .string(result.id.text), "object_key": .string(result.record?.objectKey ?? ""),
            "replayed": .bool(result.isReplayed), "outcome": .string("\(result.outcome)"),
        ]
    }

    /// Checks that every record named by --id was replayed.
    private func check(_ results: [ReplayResult]) throws(CommandFailure) {
        guard !id.isEmpty else { return }
        if let missing = results.first(where: { $0.outcome == .notFound }) {
            throw .notFound("no control record has the ID \(missing.id)")
        }
        let left = results.filter { !$0.isReplayed }
        guard left.isEmpty else { throw .failed("\(left.count) of \(results.count) records were not replayed") }
    }
}

extension ReplayResult {
    fileprivate var isReplayed: Bool { if case .replayed = outcome { true } else { false } }
}
