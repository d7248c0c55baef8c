internal import ArgumentParser
internal import EmulatorKit
internal import EmulatorServer
internal import JSON

/// `cupel up`: the emulator in the foreground.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run the emulator in the foreground until Ctrl-C.",
        discussion: """
            Plays the template's resources on http://127.0.0.1:PORT, with functions and
            tasks as processes of this machine. Its state survives a restart, however it
            ended.

            EXAMPLES
              cupel up
              cupel up --port 0 --data /tmp/lake --parameter LambdaMaxRecords=1000
              aws --endpoint-url http://127.0.0.1:4566 s3 ls
            """)

    @Option(help: "The port for all services; 0 takes a free one.")
    var port = 4566

    @Option(
        help: ArgumentHelp("The folder that holds the emulator's state; it goes on from there.", valueName: "dir"))
    var data = ".cupel/data"

    @OptionGroup var emulator: EmulatorOptions

    @Flag(help: "Print one JSON document when it is up.")
    var json = false

    func run() async throws {
        let interrupts = Interrupts()
        let server = HTTPServer()
        let pipeline = try await RunningPipeline.start(emulator.configuration(data: data, port: port), server)
        if json {
            StandardStream.output.line(pipeline.json.text)
        } else {
            StandardStream.output.write(pipeline.welcome)
        }
        await interrupts.first()
        await pipeline.stop()
    }
}
