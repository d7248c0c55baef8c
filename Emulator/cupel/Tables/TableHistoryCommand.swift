internal import ArgumentParser
internal import Control
internal import Iceberg
internal import JSON
internal import Lake

/// `cupel table history`: the snapshots of a table, and where each came from.
struct TableHistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show what each snapshot of a table changed, and which raw files it took in.",
        discussion: """
            The newest snapshot comes first. INSERTED, UPDATED and DELETED count rows that
            were written: UPDATED also those with a new order of changes and the same
            values, which diff tells apart. FILES counts data files added and removed.
            Below are the raw files of the batch, by their control records, as long as the
            control table keeps them. A snapshot of another writer has that writer's name
            instead of a batch.

            EXAMPLES
              cupel table history beer
              cupel table history beer --limit 1 --files 100
              cupel table history beer --json | jq -r '.snapshots[0].sources[].raw_key'
            """)

    @OptionGroup var options: DeployedOptions
    @OptionGroup var form: OutputOptions

    @Argument(help: "The table: beer, silver.beer.")
    var name: String

    @Option(help: "The most snapshots that are listed.")
    var limit = 20

    @Option(help: "The most raw files that are listed for a snapshot; 0 does not read the control table.")
    var files = 3

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit: expected a number from 1 on, not \(limit)") }
        guard files >= 0 else { throw ValidationError("--files: expected a number from 0 on, not \(files)") }
    }

    func run() throws {
        let pipeline = try options.pipeline()
        let (found, table) = try LakeTables(pipeline).find(name)
        var history = SnapshotHistory(table.metadata, limit: limit)
        if files > 0 { try history.add(filesOf: found, in: pipeline) }
        if form.isJSON {
            return StandardStream.output.line(
                JSON.object(["table": .string(found.qualified), "snapshots": history.document]).text)
        }
        guard !history.entries.isEmpty else { return StandardStream.error.line("\(found) has no snapshot yet") }
        let stream = StandardStream.output
        for line in history.lines(fileLimit: files, width: stream.width) { stream.line(line) }
        let older = table.metadata.snapshots.count - history.entries.count
        if older > 0 { stream.line("and \(Quantity.count(older)) older: --limit \(table.metadata.snapshots.count)") }
    }
}
