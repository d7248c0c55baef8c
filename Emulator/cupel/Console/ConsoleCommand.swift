internal import ArgumentParser
internal import Console
internal import Control
internal import EmulatorCore
internal import EmulatorServer

/// `cupel console`: the web page over a pipeline on AWS, or over a running emulator.
struct ConsoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console",
        abstract: "Serve the console's web page over a pipeline on AWS until Ctrl-C.",
        discussion: """
            Shows files, executions, tables, lineage and cost at
            http://127.0.0.1:PORT/console/, by AWS's own APIs and with the profile's rights.
            It only reads, unless --allow-replay is given. cupel up serves the same page at
            the emulator's port. Only browsers of this machine reach it.

            EXAMPLES
              cupel console --profile prod --stack cupel-prod
              cupel console --profile prod --stack cupel-prod --allow-replay --port 8080
            """)

    @OptionGroup var options: DeployedOptions

    @Option(help: "The port; 0 chooses a free one.")
    var port = 4567

    @Flag(help: "Let the page replay files and start executions again.")
    var allowReplay = false

    /// Each reading of the counts costs calls that AWS bills.
    private static let interval = Duration.seconds(5)

    func validate() throws {
        guard (0...65_535).contains(port) else {
            throw ValidationError("--port: expected a number from 0 to 65535, not \(port)")
        }
    }

    func run() async throws {
        let pipeline = try options.pipeline()
        let interrupts = Interrupts()
        let console = Console(
            PipelineSource(pipeline: pipeline, age: Self.interval),
            Console.Settings(
                title: options.stack ?? pipeline.control.name, isReadOnly: !allowReplay, interval: Self.interval))
        let listener: any Listener
        do {
            listener = try await HTTPServer().listen(port: port) { request in
                guard Console.isAddressed(by: request) else {
                    return HTTPResponse(status: 307, headers: HTTPHeaders([("Location", Console.root)]))
                }
                return await console.respond(to: request)
            }
        } catch {
            throw CommandFailure.failed("\(error)")
        }
        StandardStream.output.line("console  http://127.0.0.1:\(listener.port)\(Console.root)")
        StandardStream.output.line("Ctrl-C stops it.")
        await interrupts.first()
        await listener.close()
    }
}
