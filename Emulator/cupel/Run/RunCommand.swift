internal import ArgumentParser
internal import AWSClient
internal import Contracts
internal import Control
internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// `cupel run`: runs local files through the pipeline.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run local files through the pipeline and wait until each succeeds or fails.",
        discussion: """
            Uploads each file to raw/<table>/. The table is --table, or else the name of
            the folder if it is a table, or else the start of the file name:
            review.csv.gz, review-2024.csv.gz. Uses the running emulator, or else starts
            one on the same data. If a file fails, prints why and how to replay it; exit
            status 1.

            EXAMPLES
              cupel run sample                                 all raw files of a folder
              cupel run reviews-*.csv.gz --table review
              cupel run review.json.gz --endpoint http://127.0.0.1:4566 --json
            """)

    @OptionGroup var options: PipelineOptions

    @Argument(help: "Files that end in .csv.gz or .json.gz, or folders of them.")
    var paths: [String]

    @Option(help: "The table of all files.")
    var table: String?

    @OptionGroup(title: "Options for the emulator that it starts") var emulator: EmulatorOptions

    @Option(help: "Seconds without progress after which a file fails.")
    var timeout = 900

    @Flag(help: "Print one JSON document at the end.")
    var json = false

    func validate() throws {
        guard timeout > 0 else { throw ValidationError("--timeout: expected at least 1, not \(timeout)") }
    }

    func run() throws {
        let files = try RawFile.found(at: paths, table: table, tables: try tables())
        guard options.endpoint == nil, Pipeline.variable("AWS_ENDPOINT_URL") == nil,
            EndpointFile(in: options.data) == nil
        else { return try run(files, through: try options.pipeline(), usesOwnEmulator: false) }
        let own = try OwnEmulator.start(data: options.data, options: emulator.arguments)
        let outcome = Result { () throws in
            let pipeline = try Pipeline(endpoint: own.state.endpoint, outputs: own.state.outputs)
            try run(files, through: pipeline, usesOwnEmulator: true)
        }
        own.stop()
        try outcome.get()
    }

    private func tables() throws(CommandFailure) -> [String] {
        let folder = try emulator.contractsFolder()
        do throws(ContractError) { return try ContractCatalog(directory: folder).tables } catch {
            throw .usage("\(error)")
        }
    }

    private func run(_ files: [RawFile], through pipeline: Pipeline, usesOwnEmulator: Bool) throws(CommandFailure) {
        var run = FileRun(files, pipeline: pipeline, timeout: .seconds(timeout))
        try run.run()
        let report = RunReport(ingestions: run.ingestions, lakeBucket: pipeline.lakeBucket)
        if json {
            StandardStream.output.line(report.document.text)
        } else {
            report.print(to: .output)
        }
        report.printFailures(to: .error, usesOwnEmulator: usesOwnEmulator, options: options.arguments)
        guard report.failures.isEmpty else { throw .silent(status: 1) }
    }
}
