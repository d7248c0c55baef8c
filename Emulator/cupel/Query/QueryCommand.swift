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
        abstract: "Answer SQL over every layer, the control table and executions.",
        discussion: """
            The SQL is Athena's; the emulator answers it too. Before a table's name:

              bronze. silver. gold.  the layers' tables
              quarantine.rows        rows that broke a contract, with the reason
              control.files          the control table: a row for each object version
                                     and layer, with status, attempts and counts
              executions.runs        executions of the pipeline's state machines

            DESCRIBE control.files lists columns. The rows of these three are copied to a
            temporary table, for Athena; of control.files only those that WHERE names by
            control_id, object_key, status, layer or table_name, of executions.runs by
            state_machine, status, start_date or execution_arn, of quarantine.rows by
            table_name, quarantined_on or quarantine_key.

            Without a statement, a terminal is asked for some: each ends with ;, the
            arrows find earlier ones, Ctrl-C stops a query, Ctrl-D ends.

            EXAMPLES
              cupel query "SELECT beer_name, avg_rating FROM gold.top_beers_by_rating"
              cupel query "SELECT count(*) FROM silver.beer FOR VERSION AS OF 123"
              cupel query "SELECT status, count(*) FROM control.files GROUP BY status"
              cupel query "SELECT * FROM gold.top_beers_by_rating" -o best.parquet
              cupel query < report.sql --format csv > report.csv
              cupel query "SHOW TABLES IN silver" --profile work --stack cupel-prod
            """)

    @OptionGroup var options: DeployedOptions

    @Argument(help: "The statement; default: standard input, or a prompt on a terminal.")
    var statement: String?

    @Option(help: "The database of tables that are named without one; default: that of silver.")
    var database: String?

    @Option(help: ArgumentHelp("Athena's work group; default: the pipeline's, else primary.", valueName: "name"))
    var workgroup: String?

    @Option(
        help: ArgumentHelp("Where Athena writes results; default: athena/ in the lake's bucket.", valueName: "s3://…"))
    var outputLocation: String?

    @Option(
        help: "The form of the rows: text, csv, json (a document a line) or parquet; default: that of the file's name.")
    var format: ResultForm?

    @Option(name: [.customShort("o"), .long], help: "The file to write; default: standard output.")
    var output: String?

    private var form: ResultForm { format ?? output.flatMap(ResultForm.init(fileName:)) ?? .text }

    func validate() throws {
        if let output, format == nil, ResultForm(rawValue: output) != nil {
            throw ValidationError("--output: \(output) would be a file; the form is --format \(output).")
        }
        if form == .parquet, output == nil, StandardStream.output.isTerminal {
            throw ValidationError("--format parquet: a terminal shows no Parquet; name a file with -o.")
        }
    }

    func run() throws {
        let pipeline = try options.pipeline()
        if statement == nil, isatty(STDIN_FILENO) == 1 {
            guard output == nil else { throw CommandFailure.usage("--output: give the statement as an argument") }
            var prompt = QueryPrompt()
            prompt.forEachStatement { text in
                do { try answer(text, pipeline) } catch {
                    StandardStream.error.line("cupel: \("\(error)".printableLines)")
                }
            }
            return
        }
        let text = try statement ?? String(decoding: FileContent.read("/dev/stdin"), as: UTF8.self)
        guard text.contains(where: { !$0.isWhitespace }) else { throw CommandFailure.usage("the statement is empty") }
        try answer(text, pipeline)
    }

    private func answer(_ text: String, _ pipeline: Pipeline) throws(CommandFailure) {
        let location = outputLocation ?? (pipeline.lakeBucket.isEmpty ? nil : "s3://\(pipeline.lakeBucket)/athena/")
        let databases = QueryTables.databases(of: pipeline)
        // The pipeline's has a location of its own, which nobody can change.
        let group = workgroup ?? (outputLocation == nil ? pipeline.workGroup : nil) ?? "primary"
        let client = AthenaClient(
            client: pipeline.client, workGroup: group,
            database: database ?? databases["silver"], outputLocation: location)
        let interruption = Interruption()
        defer { interruption.end() }
        let tables = QueryTables(pipeline: pipeline, location: location) { interruption.isRequested }
        do {
            try tables.withStatement(text) { written throws(CommandFailure) in
                try answer(written, client, pipeline, interruption)
            }
        } catch let failure as CommandFailure {
            throw failure
        } catch let error as AWSError {
            throw pipeline.failure(error)
        } catch let error as ControlError {
            throw pipeline.failure(error)
        } catch {
            throw .failed("\(error)")
        }
    }

    private func answer(
        _ written: LayerNames.Written, _ client: AthenaClient, _ pipeline: Pipeline, _ interruption: Interruption
    ) throws(CommandFailure) {
        func explained(_ message: String) -> String {
            let message = TemporaryTables.restoring(written.message(message)).printable
            let advice = QueryAdvice(
                pipeline: pipeline, workGroup: client.workGroup, databases: QueryTables.databases(of: pipeline))
            return message + (advice.advice(on: message).map { "\n\($0)" } ?? "")
        }
        do {
            let execution = try client.run(written.text) { interruption.isRequested }
            let writer = ResultForm.Writer(
                form, to: try output.map { path throws(CommandFailure) in try OutputFile(path: path) })
            try client.forEachPage(of: execution) { columns, rows in
                try writer.write(columns, rows)
                return !interruption.isRequested
            }
            if interruption.isRequested { throw CommandFailure.failed("interrupted") }
            try writer.finish()
            guard form == .text || output != nil, StandardStream.error.isTerminal else { return }
            let rows = writer.rowCount == 1 ? "1 row" : "\(Quantity.count(writer.rowCount)) rows"
            StandardStream.error.line(
                "(\(rows), \(Quantity.bytes(execution.bytesScanned)) scanned, \(execution.milliseconds) ms)")
        } catch let failure as AthenaClient.Failure {
            throw .failed(explained(failure.message))
        } catch let error as AWSError {
            if case .service("InvalidRequestException", let message, _, _, _) = error {
                throw .usage(explained(message))
            }
            throw pipeline.failure(error)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw .failed("\(error)")
        }
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
