internal import ArgumentParser
internal import JSON

/// `cupel model run`: builds the models now.
struct ModelRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Build the models whose inputs have changed, and wait for their end.",
        discussion: """
            Starts the state machine that silver and the schedule start, too. Exit status 1
            if a model fails; its table stays as it was.

            EXAMPLES
              cupel model run
              cupel model run --profile prod --stack cupel-prod
            """)

    @OptionGroup var options: DeployedOptions
    @OptionGroup var form: OutputOptions

    @Option(help: "Seconds after which the command no longer waits.")
    var timeout = 900

    func validate() throws {
        guard timeout > 0 else { throw ValidationError("--timeout: expected at least 1, not \(timeout)") }
    }

    func run() throws {
        let pipeline = try options.pipeline()
        guard let gold = GoldRun(pipeline, timeout: .seconds(timeout)) else {
            throw CommandFailure.notFound("the pipeline has no machine that builds models")
        }
        let models = try gold.run()
        if form.isJSON {
            StandardStream.output.line(JSON.object(["models": models.document]).text)
        } else {
            models.print(to: .output)
            models.printFailures(to: .error)
        }
        guard models.allSatisfy({ $0.failure == nil }) else { throw CommandFailure.silent(status: 1) }
    }
}
