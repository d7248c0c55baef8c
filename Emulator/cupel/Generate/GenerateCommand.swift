internal import ArgumentParser
internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

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
            let bytes = try generate(table, rows: rows, path: path)
            made.append([
                "table": .string(table.rawValue), "path": .string(path), "rows": .int(rows),
                "uncompressed_bytes": .int(bytes),
            ])
            if !json { print("\(path)  \(rows) rows") }
        }
        if json { print(JSON.object(["files": .array(made)]).text) }
    }

    /// - Returns: the size before compression, in bytes.
    private func generate(_ table: SampleTable, rows: Int, path: String) throws(CommandFailure) -> Int {
        var file = try GzipFile(path: path)
        var random = SampleRandom(seed: seed, stream: table.rawValue)
        var writer = RowWriter(format: format, columns: table.columns)
        for number in 0..<rows {
            table.write(row: number + 1, &random, to: &writer)
            if writer.bytes.count > 1 << 18 {
                try file.write(writer.bytes)
                writer.removeWritten()
            }
        }
        try file.write(writer.bytes)
        try file.finish()
        return file.uncompressedBytes
    }
}
