internal import ArgumentParser
internal import AWSClient
internal import Contracts
internal import Control
internal import JSON
internal import RawFile

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
            Uploads each file to raw/<table>/, waits for its bronze, then takes what waits
            to silver and builds the models. The table is --table, or else the name of
            the folder if it is a table, or else the start of the file name:
            review.csv.gz, review-2024.csv.gz. Uses the running emulator, or else starts
            one on the same data. If a file fails, prints why and how to replay it; exit
            status 1. The contracts of its folder are put in force first: those of
            --contracts, or else those that the running emulator was started with.
            Contracts that hash values need MASKING_KEY or MASKING_KEY_FILE in
            the environment of the emulator, the same key for all files.

            EXAMPLES
              cupel run sample                                 all raw files of a folder
              cupel run reviews-*.csv.gz --table review
              MASKING_KEY="$(cat masking.key)" cupel run profile.csv.gz
              cupel run review.json.gz --endpoint http://127.0.0.1:4566 --json
            """)

    @OptionGroup var options: PipelineOptions

    @Argument(
        help: ArgumentHelp(
            "CSV or NDJSON files, plain or compressed, or folders of them: names that end in \(RawFileName.endings)."))
    var paths: [String]

    @Option(help: "The table of all files.")
    var table: String?

    @OptionGroup(title: "Options for the emulator that it starts") var emulator: EmulatorOptions

    @Option(help: "Seconds without progress after which a file fails.")
    var timeout = 900

    @Option(help: "The layer to go to: bronze, silver or gold.")
    var until = Layer.gold

    @Flag(help: "Print one JSON document at the end.")
    var json = false

    /// How many rows of a table with a ranking are shown.
    private static let bestCount = 10

    func validate() throws {
        guard timeout > 0 else { throw ValidationError("--timeout: expected at least 1, not \(timeout)") }
    }

    func run() throws {
        var command = self
        command.emulator = emulator.completed(from: try ProjectFile.read())
        try command.runCompleted()
    }

    private func runCompleted() throws {
        let running = try options.running()
        if let running { try emulator.check(against: running) }
        // Those of another endpoint are known only if they are named.
        let folder = emulator.contracts ?? running?.settings?.contracts
        let catalog = try emulator.loadContracts(in: folder)
        let files = try RawFile.found(at: paths, table: table, tables: catalog.tables)
        let key = try emulator.maskingKey()
        if running != nil || options.namesEndpoint {
            if let running { try check(key, of: running) }
            let pipeline = try options.pipeline()
            if let folder, pipeline.contractsBucket != nil { try publish(folder, through: pipeline) }
            return try run(files, through: pipeline, usesOwnEmulator: false)
        }
        let tables = Set(files.map(\.table))
        if !emulator.namesMaskingKey {
            try LocalMaskingKey.check(catalog.all.filter { tables.contains($0.table) }, have: key)
        }
        let own = try OwnEmulator.start(data: try options.dataFolder(), options: emulator.arguments)
        let outcome = Result { () throws in
            let pipeline = try Pipeline(endpoint: own.state.endpoint, outputs: own.state.outputs)
            try run(files, through: pipeline, usesOwnEmulator: true)
        }
        own.stop()
        try outcome.get()
    }

    /// Checks that a key in the environment is the one that the running emulator's functions use.
    private func check(_ key: LocalMaskingKey?, of running: EndpointFile) throws(CommandFailure) {
        guard let key, key.fingerprint != running.maskingKey else { return }
        let state = running.maskingKey == nil ? "without a masking key" : "with another masking key"
        throw .usage(
            "\(key.variable) is set, but the emulator at \(running.endpoint) was started \(state); stop it and start "
                + "it with the key (\(key.variable)=… cupel up), or unset \(key.variable)")
    }

    /// Puts the contracts of `folder` in force and says which have changed.
    private func publish(_ folder: String, through pipeline: Pipeline) throws(CommandFailure) {
        let outcomes = try pipeline.publish(
            folder: folder, allowsWeakerMasking: emulator.allowWeakerMasking, waits: true)
        for outcome in outcomes where !outcome.isUnchanged {
            StandardStream.error.line("in force now: the contract of \(outcome.table), version \(outcome.version)")
        }
    }

    private func run(_ files: [RawFile], through pipeline: Pipeline, usesOwnEmulator: Bool) throws {
        var run = FileRun(files, pipeline: pipeline, timeout: .seconds(timeout))
        try run.run()
        var report = RunReport(
            ingestions: run.ingestions, lakeBucket: pipeline.lakeBucket, seconds: run.seconds)
        if !json { report.print(to: .output) }
        if until != .bronze, report.failures.count < files.count {
            report.silver =
                try SilverRun(
                    pipeline, timeout: .seconds(timeout), startsGold: false)?.run() ?? []
            if !json { report.silver.print(to: .output) }
            if until == .gold {
                report.gold = try GoldRun(pipeline, timeout: .seconds(timeout))?.run() ?? []
                report.best = try RankedRows.all(of: report.gold.map(\.name), limit: Self.bestCount, in: pipeline)
                if !json {
                    report.gold.print(to: .output)
                    for table in report.best { table.print(to: .output) }
                }
            }
        }
        if json { StandardStream.output.line(report.document.text) }
        report.printFailures(to: .error, usesOwnEmulator: usesOwnEmulator, options: options.arguments)
        report.silver.printFailures(to: .error)
        report.gold.printFailures(to: .error)
        let layers = report.silver.map(\.failure) + report.gold.map(\.failure)
        guard report.failures.isEmpty, layers.allSatisfy({ $0 == nil }) else {
            throw CommandFailure.silent(status: 1)
        }
        guard !json, until != .bronze, StandardStream.output.isTerminal else { return }
        var next = NextSteps(
            table: report.best.first?.name.description, needsEmulator: usesOwnEmulator, options: options.arguments)
        if !usesOwnEmulator { next.endpoint = pipeline.endpoint }
        StandardStream.output.write("\n" + next.lines.map { $0 + "\n" }.joined())
    }
}
