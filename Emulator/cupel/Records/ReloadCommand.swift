internal import ArgumentParser
internal import Control
internal import JSON

/// `cupel reload`: makes a silver table anew from bronze.
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Make a silver table anew from all of its bronze files.",
        discussion: """
            For what another merge of the same files does not change: bronze files that were
            converted again, a derived column that the contract got later, rows that another
            engine changed or deleted. The rows become those that all bronze files give, in
            one snapshot: readers never see half, and older snapshots stay readable. What
            others have written to the table is gone. A file that cannot be read is left
            out, and the log names it. Gold follows.

            EXAMPLES
              cupel reload --table review
              cupel reload --profile prod --stack cupel-prod --table review
            """)

    @OptionGroup var options: DeployedOptions

    @Option(help: "The table.")
    var table: String

    @Option(help: "Seconds after which the command waits no longer.")
    var timeout = 900

    @Flag(help: "Print one JSON document.")
    var json = false

    func validate() throws {
        guard timeout > 0 else { throw ValidationError("--timeout: expected at least 1, not \(timeout)") }
    }

    func run() throws {
        let pipeline = try options.pipeline()
        if try !hasRecords(pipeline) { try options.checkTable(table) }
        guard let run = SilverRun(pipeline, timeout: .seconds(timeout), reloading: table) else {
            throw CommandFailure.notFound("this pipeline has no silver")
        }
        let tables = try run.run()
        if json {
            StandardStream.output.line(JSON.object(["silver": tables.document]).text)
        } else {
            tables.print(to: .output)
        }
        tables.printFailures(to: .error)
        guard let outcome = tables.first, outcome.failure == nil else {
            throw CommandFailure.failed("\(table) was not reloaded; see: cupel logs silver-merge")
        }
        guard outcome.rows != nil else {
            throw CommandFailure.notFound("\(table) has no bronze file, or another run holds the table")
        }
    }

    /// Whether a file of the table was recorded, so that it has a contract in force.
    private func hasRecords(_ pipeline: Pipeline) throws(CommandFailure) -> Bool {
        var hasRecords = false
        do throws(ControlError) {
            try pipeline.control.forEachRecord(.table(table, in: Layer.bronze.schema)) { (_) throws(ControlError) in
                hasRecords = true
                return false
            }
        } catch { throw pipeline.failure(error) }
        return hasRecords
    }
}
