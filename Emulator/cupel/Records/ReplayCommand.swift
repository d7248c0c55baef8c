internal import ArgumentParser
internal import AWSModels
internal import Control
internal import JSON

/// `cupel replay`: files run again from their control records.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Run files again from their control records.",
        discussion: """
            Each file goes once; its attempts stay counted. Without --id, all bronze
            records with the given status. A record that a living worker holds is left
            alone. Exit status 1 if a record named by --id was left.

            EXAMPLES
              cupel replay --dry-run                           what would go again
              cupel replay --table review --since 1d
              cupel replay --id 5f2d9c1a07be --force           also if it succeeded
              cupel replay --profile prod --stack cupel-prod --since 1d --dry-run
            """)

    @OptionGroup var options: DeployedOptions

    @Option(parsing: .upToNextOption, help: "Records by id, or by its first digits.")
    var id: [String] = []

    @Option(help: "Records with this status: error, running (only where the lease has expired), pending, success.")
    var status = ControlRecord.Status.error

    @Option(help: "Only records of this table.")
    var table: String?

    @Option(help: "Only records that changed since: 2026-03-01T09:30:00Z, 90s, 15m, 2h, 3d.")
    var since: Since?

    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false

    @Flag(help: "Also replay what succeeded or is pending.")
    var force = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func validate() throws {
        guard id.isEmpty || (table == nil && since == nil) else {
            throw ValidationError("--id names records; --table and --since do not go with it.")
        }
    }

    func run() throws {
        let results = try replay(in: try options.pipeline())
        if json {
            StandardStream.output.line(JSON.object(["records": .array(results.map(Self.document))]).text)
        } else if results.isEmpty {
            StandardStream.error.line("nothing to replay")
        } else {
            var table = TextTable([.left("ID"), .left("TABLE"), .left("FILE"), .left(dryRun ? "WOULD BE" : "OUTCOME")])
            for result in results {
                let id = String(result.id.text.prefix(Pipeline.shownDigitsOfID))
                table.add([id, result.record?.table ?? "-", result.record?.fileName ?? "-", "\(result.outcome)"])
            }
            table.print(to: .output)
        }
        try check(results)
    }

    private func replay(in pipeline: Pipeline) throws(CommandFailure) -> [ReplayResult] {
        var ids: [ControlID] = []
        for text in id { ids.append(try pipeline.controlID(text)) }
        let selection: ReplaySelection =
            ids.isEmpty ? .matching(status, table: table, since: since?.timestamp) : .ids(ids)
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

    private static func document(_ result: ReplayResult) -> JSON {
        let isReplayed = if case .replayed = result.outcome { true } else { false }
        return [
            "control_id": .string(result.id.text), "object_key": .string(result.record?.objectKey ?? ""),
            "replayed": .bool(isReplayed), "outcome": .string("\(result.outcome)"),
        ]
    }

    /// Records that were asked for by name must have gone.
    private func check(_ results: [ReplayResult]) throws(CommandFailure) {
        guard !id.isEmpty else { return }
        if let missing = results.first(where: { $0.outcome == .notFound }) {
            throw .notFound("there is no control record \(missing.id)")
        }
        let left = results.filter { if case .replayed = $0.outcome { false } else { true } }
        guard left.isEmpty else { throw .failed("\(left.count) of \(results.count) records were left as they are") }
    }
}
