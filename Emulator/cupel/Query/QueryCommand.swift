internal import ArgumentParser
internal import AWSClient
internal import Control

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// `cupel query`: SQL over the tables of all layers.
struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Answer SQL over bronze, silver and gold, through Athena.",
        discussion: """
            The SQL is Athena's; the emulator answers it too. bronze, silver and gold
            before a table's name are the layers' databases. Without a statement, a
            terminal is asked for some: each ends with ;, the arrows find earlier ones,
            Ctrl-C stops a query, Ctrl-D ends.

            EXAMPLES
              cupel query "SELECT beer_name, avg_rating FROM gold.top_beers_by_rating LIMIT 10"
              cupel query "SELECT count(*) FROM silver.beer FOR VERSION AS OF 123" --output json
              cupel query < report.sql --output csv > report.csv
              cupel query "SHOW TABLES IN silver" --profile work --stack cupel-prod
            """)

    @OptionGroup var options: DeployedOptions

    @Argument(help: "The statement; default: standard input, or a prompt on a terminal.")
    var statement: String?

    @Option(help: "The database of tables that are named without one; default: that of silver.")
    var database: String?

    @Option(help: ArgumentHelp("Athena's work group; default: primary.", valueName: "name"))
    var workgroup = "primary"

    @Option(
        help: ArgumentHelp("Where Athena writes results; default: athena/ in the lake's bucket.", valueName: "s3://…"))
    var outputLocation: String?

    @Option(help: "The form of the rows: text, csv or json (a document a line).")
    var output = ResultForm.text

    func run() throws {
        let pipeline = try options.pipeline()
        if statement == nil, isatty(STDIN_FILENO) == 1 {
            var prompt = QueryPrompt()
            prompt.forEachStatement { text in
                do { try answer(text, pipeline) } catch { StandardStream.error.line("cupel: \(error)") }
            }
            return
        }
        let text = try statement ?? String(decoding: FileContent.read("/dev/stdin"), as: UTF8.self)
        guard text.contains(where: { !$0.isWhitespace }) else { throw CommandFailure.usage("the statement is empty") }
        try answer(text, pipeline)
    }

    private func answer(_ text: String, _ pipeline: Pipeline) throws(CommandFailure) {
        let layers = LayerNames(databases: Self.databases(of: pipeline))
        let location = outputLocation ?? (pipeline.lakeBucket.isEmpty ? nil : "s3://\(pipeline.lakeBucket)/athena/")
        let client = AthenaClient(
            client: pipeline.client, workGroup: workgroup, database: database ?? layers.databases["silver"],
            outputLocation: location)
        let written = layers.write(text)
        do {
            let interruption = Interruption()
            defer { interruption.end() }
            let execution = try client.run(written.text) { interruption.isRequested }
            var writer = ResultForm.Writer(output, to: .output)
            try client.forEachPage(of: execution) { columns, rows in
                writer.write(columns, rows)
                return !interruption.isRequested
            }
            guard output == .text, StandardStream.output.isTerminal else { return }
            let rows = writer.rowCount == 1 ? "1 row" : "\(Quantity.count(writer.rowCount)) rows"
            StandardStream.error.line(
                "(\(rows), \(Quantity.bytes(execution.bytesScanned)) scanned, \(execution.milliseconds) ms)")
        } catch let failure as AthenaClient.Failure {
            throw .failed(written.message(failure.message))
        } catch let error as AWSError {
            if case .service("InvalidRequestException", let message, _, _, _) = error {
                throw .usage(written.message(message))
            }
            throw pipeline.failure(error)
        } catch {
            throw .failed("\(error)")
        }
    }

    /// The databases of the layers.
    private static func databases(of pipeline: Pipeline) -> [String: String] {
        let prefix = pipeline.functionPrefix.reduce(into: "") { $0 += $1 == "-" ? "_" : String($1) }
        return [
            "bronze": prefix + "bronze", "silver": Layer.silver.schema.rawValue, "gold": Layer.gold.schema.rawValue,
        ]
    }
}

/// Ctrl-C while a query runs: the query is stopped, too.
private struct Interruption {
    init() {
        isInterruptRequested = 0
        signal(SIGINT) { _ in isInterruptRequested = 1 }
    }

    var isRequested: Bool { isInterruptRequested != 0 }

    func end() { signal(SIGINT, SIG_DFL) }
}

/// Only a signal handler and the thread that it interrupts use it.
private nonisolated(unsafe) var isInterruptRequested: sig_atomic_t = 0
