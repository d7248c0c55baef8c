internal import ArgumentParser
internal import Contracts
internal import Emulator
internal import EmulatorCore

/// The options of every command that starts an emulator, without the data folder.
struct EmulatorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A CloudFormation template; can be repeated. Default: the pipeline's own.", valueName: "file"))
    var template: [String] = []

    @Option(
        help: ArgumentHelp("The folder of the functions' executables; default: the folder of cupel.", valueName: "dir"))
    var functions: String?

    @Option(
        help: ArgumentHelp(
            "The folder of the data contracts; default: contracts beside the template.", valueName: "dir"))
    var contracts: String?

    @Option(
        help: ArgumentHelp("A value for a parameter of the template; can be repeated.", valueName: "name=value"))
    var parameter: [String] = []

    @Option(
        help: ArgumentHelp(
            "Whether Kinesis enforces its limits of records and bytes per shard and second; default: on.",
            valueName: "on|off"))
    var kinesisLimits: Switch?

    @Option(
        help: ArgumentHelp(
            "The longest time that Firehose buffers records, whatever the template says.", valueName: "seconds"))
    var firehoseInterval: Int?

    @Option(
        help: ArgumentHelp(
            "Waits, timeouts and retries of executions pass so many times as fast: 60 takes a minute's wait in a second.",
            valueName: "factor"))
    var executionSpeed: Double?

    @Flag(
        help: ArgumentHelp(
            "Refuse requests without a valid signature (SigV4) by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment; default: emulator and emulator."
        ))
    var strictAuth = false

    @Flag(
        name: .customLong("enforce-iam"),
        help: ArgumentHelp(
            "Let the policies of roles and resources decide, as IAM does, on what functions, tasks and state machines may do."
        ))
    var enforceIAM = false

    @Flag(help: "Publish contracts that mask or classify less than those in force.")
    var allowWeakerMasking = false

    enum Switch: String, ExpressibleByArgument, CaseIterable {
        case on
        case off
    }

    func configuration(data: String, port: Int) throws(CommandFailure) -> Emulator.Configuration {
        try check()
        var configuration = Emulator.Configuration(
            dataFolder: data, templates: try templates(), functionsFolder: functions ?? Installation.executableFolder)
        configuration.port = port
        configuration.enforcesThroughputLimits = kinesisLimits != .off
        configuration.deliveryIntervalLimit = firehoseInterval.map { Int64($0) * 1000 }
        configuration.executionSpeed = executionSpeed ?? 1
        configuration.enforcesPermissions = enforceIAM
        if strictAuth { configuration.requiredKey = try Self.requiredKey(Pipeline.variable) }
        configuration.environment["CONTRACTS_DIR"] = absolutePath(try contractsFolder())
        configuration.environment["MODELS_DIR"] = absolutePath(try folderBesideTemplate("models"))
        for name in ["SPARK_SUBMIT", "SPARK_JARS"] {
            configuration.environment[name] = Pipeline.variable(name).map(absolutePath)
        }
        if configuration.environment["SPARK_SUBMIT"] != nil {
            configuration.environment["SPARK_JOBS"] = (try? folderBesideTemplate("spark")).map(absolutePath)
        }
        configuration.environment["DUCKDB"] = Installation.engine.map(absolutePath)
        let key = try maskingKey()
        if let key { configuration.environment[key.variable] = key.value }
        configuration.parameters = try parameters()
        return configuration
    }

    private func parameters() throws(CommandFailure) -> [String: String] {
        var parameters: [String: String] = [:]
        for assignment in parameter {
            guard let equals = assignment.firstIndex(of: "=") else {
                throw .usage("--parameter: expected NAME=VALUE, not '\(assignment)'")
            }
            parameters[String(assignment[..<equals])] = String(assignment[assignment.index(after: equals)...])
        }
        return parameters
    }

    /// What an emulator with these options is started with.
    func settings() throws(CommandFailure) -> EmulatorSettings {
        EmulatorSettings(
            contracts: absolutePath(try contractsFolder()), templates: try templates().map(absolutePath),
            functions: absolutePath(functions ?? Installation.executableFolder), parameters: try parameters(),
            options: ["--kinesis-limits": "on", "--execution-speed": "1.0"].merging(others) { $1 })
    }

    /// The values of all other options that were given, by name.
    private var others: [String: String] {
        var others: [String: String] = [:]
        others["--kinesis-limits"] = kinesisLimits?.rawValue
        others["--firehose-interval"] = firehoseInterval.map { "\($0)" }
        others["--execution-speed"] = executionSpeed.map { "\($0)" }
        others["--strict-auth"] = strictAuth ? "true" : nil
        others["--enforce-iam"] = enforceIAM ? "true" : nil
        return others
    }

    /// Checks that the options that were given are those of a running emulator, which they cannot change.
    func check(against running: EndpointFile) throws(CommandFailure) {
        guard let started = running.settings else { return }
        let own = try settings()
        func refuse(_ option: String, _ theirs: String) -> CommandFailure {
            .usage(
                "\(option): the emulator at \(running.endpoint) was started with \(theirs); stop it first, or omit the "
                    + "option here and in \(ProjectFile.name)")
        }
        if !template.isEmpty, own.templates != started.templates {
            throw refuse("--template", started.templates.joined(separator: ", "))
        }
        if functions != nil, own.functions != started.functions { throw refuse("--functions", started.functions) }
        for (name, value) in own.parameters.sorted(by: { $0.key < $1.key }) where started.parameters[name] != value {
            throw refuse(
                "--parameter \(name)=\(value)", started.parameters[name].map { "\(name)=\($0)" } ?? "no \(name)")
        }
        for (name, value) in others.sorted(by: { $0.key < $1.key }) where started.options[name] != value {
            throw refuse("\(name) \(value)", started.options[name].map { "\(name) \($0)" } ?? "its default")
        }
    }

    /// The key of the environment, or else the one that README names.
    static func requiredKey(_ environment: (String) -> String?) throws(CommandFailure) -> AccessKey {
        switch (environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY")) {
        case (let id?, let secret?): return AccessKey(id: id, secret: secret, token: environment("AWS_SESSION_TOKEN"))
        case (nil, nil): return .emulator
        case (let id, _):
            let (set, unset) =
                id == nil ? ("SECRET_ACCESS_KEY", "ACCESS_KEY_ID") : ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
            throw .usage("AWS_\(set) is set and AWS_\(unset) is not; --strict-auth needs both, or neither")
        }
    }

    /// Checks that the files and folders that the options name are there.
    private func check() throws(CommandFailure) {
        if let firehoseInterval, !(0...900).contains(firehoseInterval) {
            throw .usage("--firehose-interval is \(firehoseInterval); expected 0 to 900 seconds")
        }
        if let executionSpeed, !(0.01...10_000).contains(executionSpeed) {
            throw .usage("--execution-speed is \(executionSpeed); expected 0.01 to 10000")
        }
        for path in template where FileKind.of(path) != .file {
            throw .notFound("--template: \(path) is not a file")
        }
        for (option, folder) in [("--functions", functions), ("--contracts", contracts)] {
            if let folder, FileKind.of(folder) != .folder { throw .notFound("\(option): \(folder) is not a folder") }
        }
    }

    /// The masking key that the emulator's functions get from the environment.
    func maskingKey() throws(CommandFailure) -> LocalMaskingKey? {
        let key = try LocalMaskingKey.ofEnvironment()
        if let key, namesMaskingKey {
            throw .usage("\(key.variable) and --parameter MaskingKeyParameter are set; set one of them")
        }
        return key
    }

    /// Whether a parameter of the template names the masking key.
    var namesMaskingKey: Bool { parameter.contains { $0.hasPrefix("MaskingKeyParameter=") } }

    /// The contracts; their warnings go to standard error.
    ///
    /// - Parameter folder: their folder; nil for the one of these options.
    func loadContracts(in folder: String? = nil) throws(CommandFailure) -> ContractCatalog {
        let folder = if let folder { folder } else { try contractsFolder() }
        let catalog: ContractCatalog
        do throws(ContractError) { catalog = try ContractCatalog(directory: folder) } catch { throw .usage("\(error)") }
        for warning in catalog.warnings { StandardStream.error.line("warning: \(warning)") }
        return catalog
    }

    func contractsFolder() throws(CommandFailure) -> String {
        if let contracts { return contracts }
        return try folderBesideTemplate("contracts")
    }

    /// The folder beside the template, or else the one that comes with cupel.
    private func folderBesideTemplate(_ name: String) throws(CommandFailure) -> String {
        let template = try templates()[0]
        let beside = (template.lastIndex(of: "/").map { String(template[...$0]) } ?? "") + name
        return FileKind.of(beside) == .folder ? beside : try Installation.folder(name)
    }

    private func templates() throws(CommandFailure) -> [String] {
        template.isEmpty ? [try Installation.folder("pipeline.yaml")] : template
    }

    /// The options as arguments of `cupel up`.
    var arguments: [String] {
        var arguments = template.flatMap { ["--template", $0] }
        if let functions { arguments += ["--functions", functions] }
        if let contracts { arguments += ["--contracts", contracts] }
        arguments += parameter.flatMap { ["--parameter", $0] }
        if let kinesisLimits { arguments += ["--kinesis-limits", kinesisLimits.rawValue] }
        if let firehoseInterval { arguments += ["--firehose-interval", String(firehoseInterval)] }
        if let executionSpeed { arguments += ["--execution-speed", String(executionSpeed)] }
        if strictAuth { arguments.append("--strict-auth") }
        if enforceIAM { arguments.append("--enforce-iam") }
        if allowWeakerMasking { arguments.append("--allow-weaker-masking") }
        return arguments
    }
}
