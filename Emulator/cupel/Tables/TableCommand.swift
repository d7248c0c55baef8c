internal import ArgumentParser

/// `cupel table`: shows the Iceberg tables of the lake.
struct TableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table",
        abstract: "Show and maintain the tables of silver and gold: schema, files, history, changes.",
        discussion: """
            A table is named beer, silver.beer or, in another database, database.beer.
            A snapshot is named by its number, by its ID, or by a time: the snapshot that
            was current then; 0 is the table before its first snapshot.

            EXAMPLES
              cupel table list
              cupel table show beer
              cupel table history beer
              cupel table diff beer 3 5
              cupel table maintain beer --dry-run
              cupel table list --profile prod --stack cupel-prod
            """,
        subcommands: [
            TableListCommand.self, TableShowCommand.self, TableHistoryCommand.self, TableDiffCommand.self,
            TableMaintainCommand.self,
        ])
}

/// How a command prints its answer.
struct OutputOptions: ParsableArguments {
    enum Form: String, CaseIterable, ExpressibleByArgument {
        case text, json
    }

    @Option(help: "The form of the answer: text or json.")
    var output = Form.text

    @Flag(help: "Print one JSON document: --output json.")
    var json = false

    var isJSON: Bool { json || output == .json }
}
