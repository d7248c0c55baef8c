internal import ArgumentParser
internal import JSON
internal import SampleData

extension SampleTable: ExpressibleByArgument {}
extension SampleFormat: ExpressibleByArgument {}

/// `cupel generate`: writes sample tables, the same bytes for the same seed.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Generate sample tables: the same bytes for the same seed.",
        discussion: """
            Writes DIR/<table>.csv.gz (or .json.gz). The values include nulls, several
            scripts, quotes, commas and line breaks.

            EXAMPLES
              cupel generate -o sample                         all tables, 1.7 million rows
              cupel generate --table beer --rows 1000 -o sample
              cupel generate --table review --format json --seed 7 -o sample
            """)

    @Option(help: "A table; can be repeated. Default: all four.")
    var table: [SampleTable] = []

    @Option(help: "Rows of each table; default: as many as in the public data set.")
    var rows: Int?

    @Option(help: "The seed of the random values.")
    var seed: UInt64 = 1

    @Option(help: "csv, or json with one object per line.")
    var format: SampleFormat = .csv

    @Option(name: [.customShort("o"), .long], help: "The folder to write to; created if it is missing.")
    var output: String

    @Flag(help: "Print one JSON document.")
    var json = false

    func validate() throws {
        if let rows, rows < 0 { throw ValidationError("--rows must not be negative.") }
    }

    func run() throws {
        try FileKind.makeFolder(output)
        var made: [JSON] = []
        for table in table.isEmpty ? SampleTable.allCases : table {
            let path = "\(output)/\(table.rawValue).\(format.rawValue).gz"
            let rows = rows ?? table.usualRows
            let bytes = try write(table, rows: rows, to: path)
            made.append([
                "table": .string(table.rawValue), "path": .string(path), "rows": .int(rows),
                "uncompressed_bytes": .int(bytes),
            ])
            if !json { print("\(path)  \(rows) rows") }
        }
        if json { print(JSON.object(["files": .array(made)]).text) }
    }

    private func write(_ table: SampleTable, rows: Int, to path: String) throws(CommandFailure) -> Int {
        do {
            return try table.write(rows: rows, seed: seed, as: format, to: path)
        } catch {
            throw .file(error.attempt, error.path, error.code)
        }
    }
}
