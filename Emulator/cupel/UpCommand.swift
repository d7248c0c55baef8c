internal import ArgumentParser
internal import Emulator
internal import EmulatorServer
internal import JSON

/// `cupel up`: runs the emulator in the foreground.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run the emulator in the foreground until Ctrl-C.",
        discussion: """
            Emulates the template's resources on http://127.0.0.1:PORT. Functions and
            tasks run as processes of this machine. The state survives a restart and a
            crash. Its contracts are put in force at the start; cupel contract publish
            does the same later. cupel.yaml in the working directory may set options
            by their names, for up and run: port: 4566, parameter: {LambdaMaxRecords: 1}.
            MASKING_KEY or MASKING_KEY_FILE in the environment is the key of
            contracts that hash values. Signatures are verified with --strict-auth only,
            and permissions with --enforce-iam only.
            POST /_cupel/reset makes everything as just after the start.

            EXAMPLES
              cupel up
              cupel up --port 0 --data /tmp/lake --parameter LambdaMaxRecords=1000
              AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=secret cupel up --strict-auth
              aws --endpoint-url http://127.0.0.1:4566 s3 ls
            """)

    @Option(help: "The port for all services; 0 chooses a free one. Default: 4566.")
    var port: Int?

    @Option(
        help: ArgumentHelp(
            "The address to listen on, such as 0.0.0.0 in a container, whose network then reaches it. Default: 127.0.0.1.",
            valueName: "address"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "The folder of the emulator's state, which is kept between runs. Default: .cupel/data.", valueName: "dir"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Accept requests from web pages of this origin, such as http://localhost:5173; can be repeated.",
            valueName: "origin"))
    var allowOrigin: [String] = []

    @Option(
        help: ArgumentHelp(
            "Accept requests to this host name and names below it; can be repeated. Default: only loopback names.",
            valueName: "name"))
    var allowHost: [String] = []

    @Option(
        name: .customLong("init"),
        help: ArgumentHelp(
            "Run the *.sh and *.py in this folder once it is up, and after each reset. Default: init.d, if it is there.",
            valueName: "dir"))
    var initFolder: String?

    @OptionGroup var emulator: EmulatorOptions

    @Flag(help: "Print one JSON document once it is up.")
    var json = false

    func validate() throws {
        if let port, !(0...65_535).contains(port) {
            throw ValidationError("--port: expected a number from 0 to 65535, not \(port)")
        }
        for origin in allowOrigin {
            let parts = origin.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].hasSuffix(":"), parts[1].isEmpty, !parts[2].isEmpty, !origin.contains("*")
            else {
                throw ValidationError(
                    "--allow-origin: expected an origin without a path, such as http://localhost:5173, not '\(origin)'")
            }
        }
        for host in allowHost where host.isEmpty || host.contains(where: { "/:*".contains($0) }) {
            throw ValidationError("--allow-host: expected a host name without a port, not '\(host)'")
        }
    }

    func run() async throws {
        let file = try ProjectFile.read()
        var command = self
        command.port = port ?? file.port
        command.listen = listen ?? file.listen
        command.data = data ?? file.data
        command.initFolder = initFolder ?? file.initFolder
        if allowOrigin.isEmpty { command.allowOrigin = file.allowOrigin }
        if allowHost.isEmpty { command.allowHost = file.allowHost }
        command.emulator = emulator.completed(from: file)
        try command.validate()
        try await command.runCompleted()
    }

    private func runCompleted() async throws {
        _ = try emulator.loadContracts()
        let hooks = try InitHooks(folder: initFolder)
        let interrupts = Interrupts()
        let server = HTTPServer(host: listen ?? "127.0.0.1")
        var configuration = try emulator.configuration(
            data: data ?? PipelineOptions.defaultData, port: port ?? 4566)
        configuration.allowedOrigins = allowOrigin
        configuration.allowedHosts = allowHost
        let pipeline = try await RunningPipeline.start(
            configuration, server, try emulator.settings(), allowsWeakerMasking: emulator.allowWeakerMasking,
            hooks: hooks)
        if json {
            StandardStream.output.line(pipeline.json.text)
        } else {
            StandardStream.output.write(pipeline.welcome)
        }
        await interrupts.first()
        await pipeline.stop()
    }
}
