internal import ArgumentParser
internal import Iceberg
internal import JSON
internal import Lake

/// `cupel table show`: one table, its schema, snapshots and files.
struct TableShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a table: columns, key, partitioning, snapshots, data files.",
        discussion: """
            ID is the field ID, by which files name a column. FROM and TO are the bounds
            of the first column of the key in a file; --json has those of all columns.
            Values that the contract masks are masked in the lake, and so here.

            EXAMPLES
              cupel table show beer
              cupel table show beer --limit 100
              cupel table show beer --json | jq '.columns[] | select(.required).name'
            """)

    @OptionGroup var options: DeployedOptions
    @OptionGroup var form: OutputOptions

    @Argument(help: "The table: beer, silver.beer.")
    var name: String

    @Option(help: "The most data files that are listed.")
    var limit = 20

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit: expected a number from 0 on, not \(limit)") }
    }

    func run() throws {
        let tables = try LakeTables(try options.pipeline())
        let (found, table) = try tables.find(name)
        let backlog = try tables.backlog()[found] ?? LakeTables.Backlog()
        let files = try tables.files(of: table.metadata.currentSnapshot, table)
        let description = TableDescription(name: found, table: table, files: files, backlog: backlog)
        if form.isJSON { return StandardStream.output.line(description.document(fileLimit: limit).text) }
        description.print(to: .output, fileLimit: limit)
    }
}
