internal import ArgumentParser
internal import EmulatorKit
internal import EmulatorServer
internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// What every command that starts an emulator takes.
struct EmulatorOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder that holds the emulator's state; it goes on from there.", valueName: "dir"))
    var data = ".cupel/data"

    @Option(
        help: ArgumentHelp(
            "A CloudFormation template; may be repeated. The pipeline's own otherwise.", valueName: "file"))
    var template: [String] = []

    @Option(help: ArgumentHelp("Where the functions' executables are; beside cupel otherwise.", valueName: "dir"))
    var functions: String?

    @Option(
        help: ArgumentHelp("The folder of the data contracts; beside the first template otherwise.", valueName: "dir"))
    var contracts: String?

    @Option(
        help: ArgumentHelp("Another value for a parameter of the template; may be repeated.", valueName: "name=value"))
    var parameter: [String] = []

    func configuration(port: Int) throws(CommandFailure) -> Emulator.Configuration {
        let templates = template.isEmpty ? [try Installation.folder("pipeline.yaml")] : template
        var configuration = Emulator.Configuration(
            dataFolder: data, templates: templates, functionsFolder: functions ?? Installation.executableFolder)
        configuration.port = port
        let templateFolder = templates.first.flatMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
        configuration.environment["CONTRACTS_DIR"] = absolutePath(contracts ?? (templateFolder ?? ".") + "/contracts")
        for assignment in parameter {
            guard let equals = assignment.firstIndex(of: "=") else {
                throw .usage("--parameter takes NAME=VALUE, not '\(assignment)'")
            }
            configuration.parameters[String(assignment[..<equals])] =
                String(assignment[assignment.index(after: equals)...])
        }
        return configuration
    }

    private func absolutePath(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

/// `cupel up`: the emulator in the foreground.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run the emulator in the foreground until Ctrl-C.",
        discussion: """
            Plays the template's resources on http://127.0.0.1:PORT, with functions and tasks as processes of this machine.
            Its state survives a restart, however it ended.

            EXAMPLES
              cupel up
              cupel up --port 0 --data /tmp/lake --parameter LambdaMaxRecords=1000
              aws --endpoint-url http://127.0.0.1:4566 s3 ls
            """)

    @Option(help: "The port for all services; 0 takes a free one.")
    var port = 4566

    @OptionGroup var options: EmulatorOptions

    @Flag(help: "Print one JSON document when it is up.")
    var json = false

    func run() async throws {
        let interrupts = Interrupts()
        let server = HTTPServer()
        let emulator = try await RunningPipeline.start(options.configuration(port: port), server)
        if json {
            StandardStream.output.line(emulator.json.text)
        } else {
            StandardStream.output.write(emulator.welcome)
        }
        await interrupts.first()
        await emulator.stop()
    }
}
