internal import Console
internal import Emulator
internal import EmulatorCore
internal import EmulatorServer
internal import JSON
internal import Threads

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The pipeline on an emulator in this process, and the file by which other commands find it.
struct RunningPipeline: Sendable {
    let emulator: Emulator
    private let dataFolder: String
    /// The key with which requests must be signed; nil if any will do.
    private let requiredKey: AccessKey?
    private let enforcesPermissions: Bool
    /// How far the delivery streams are: an earlier run may have left records.
    private let streams: [StreamStatus]

    /// Starts the emulator, publishes its contracts and runs the init hooks. A reset does the same again.
    static func start(
        _ configuration: Emulator.Configuration, _ server: HTTPServer, _ settings: EmulatorSettings,
        allowsWeakerMasking: Bool, hooks: InitHooks = InitHooks()
    ) async throws -> RunningPipeline {
        do {
            let emulator = try await Emulator(configuration, listening: server)
            let prepare: @Sendable () async throws -> ([StreamStatus], EndpointFile) = { [unowned emulator] in
                let file = EndpointFile(
                    endpoint: emulator.endpoint, processID: getpid(), outputs: Self.outputs(of: emulator),
                    maskingKey: try LocalMaskingKey.ofEnvironment()?.fingerprint, settings: settings)
                let pipeline = try Pipeline(
                    endpoint: file.endpoint, outputs: file.outputs,
                    transport: InProcessTransport(to: emulator.responder))
                let streams =
                    file.outputs["ContractsBucket"] == nil
                    ? []
                    : try await publish(
                        settings.contracts, jobs: configuration.environment["SPARK_JOBS"],
                        models: configuration.environment["MODELS_DIR"], to: pipeline, allowsWeakerMasking)
                serveConsole(over: pipeline, by: emulator)
                try await hooks.run(at: file, signedBy: configuration.requiredKey ?? .emulator)
                return (streams, file)
            }
            let streams: [StreamStatus]
            do {
                let (found, file) = try await prepare()
                streams = found
                try file.write(in: configuration.dataFolder)
            } catch {
                await emulator.stop()
                throw error
            }
            emulator.afterReset { [unowned emulator] in
                try await prepare().1.write(in: configuration.dataFolder)
                return Self.json(of: emulator)
            }
            return RunningPipeline(
                emulator: emulator, dataFolder: configuration.dataFolder, requiredKey: configuration.requiredKey,
                enforcesPermissions: configuration.enforcesPermissions, streams: streams)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure.failed("\(error)")
        }
    }

    private static func outputs(of emulator: Emulator) -> [String: String] {
        Dictionary(emulator.report.outputs.map { ($0.name, $0.value) }) { $1 }
    }

    /// Puts the contracts of `folder` in force, if the template's functions look for published ones.
    /// - Parameters:
    ///   - jobs: the folder of Spark's; nil where Spark is not installed.
    ///   - models: the folder of the models, which one of the jobs reads.
    /// - Returns: the pipeline's delivery streams.
    private static func publish(
        _ folder: String, jobs: String?, models: String?, to pipeline: Pipeline, _ allowsWeakerMasking: Bool
    ) async throws -> [StreamStatus] {
        try await withCheckedThrowingContinuation { continuation in
            // A call blocks its thread, and the emulator that answers needs those of the pool.
            SystemThread {
                continuation.resume(
                    with: Result {
                        try pipeline.publish(folder: folder, allowsWeakerMasking: allowsWeakerMasking, waits: false)
                        if let jobs { try pipeline.publishJobs(jobs, models: models) }
                        return StreamStatus.all(of: pipeline)
                    })
            }.detach()
        }
    }

    /// Serves the console at the emulator's port. It asks the emulator as any client does.
    private static func serveConsole(over pipeline: Pipeline, by emulator: Emulator) {
        // The answers are made and read in this process: small ones keep it small.
        let source = PipelineSource(pipeline: pipeline, pace: CountingPace(pageSize: 100))
        let console = Console(source, Console.Settings(title: "local", isReadOnly: false))
        emulator.serve(Console.isAddressed) { await console.respond(to: $0) }
    }

    func stop() async {
        EndpointFile.remove(in: dataFolder)
        // The event loops run until the process ends, because connections that still close need them.
        await emulator.stop()
    }

    var json: JSON { Self.json(of: emulator) }

    private static func json(of emulator: Emulator) -> JSON {
        var document: JSONObject = ["endpoint": .string(emulator.endpoint)]
        document["outputs"] = .object(
            JSONObject(emulator.report.outputs.map { ($0.name, JSON.string($0.value)) }))
        for (name, outcome) in Self.outcomes {
            document[name] = .array(
                emulator.report.resources(outcome).map {
                    ["logical_id": .string($0.logicalID), "type": .string($0.type), "ref": .string($0.ref ?? "")]
                })
        }
        return .object(document)
    }

    private static let outcomes: [(String, StackReport.Outcome)] = [
        ("emulated", .emulated), ("without_effect", .withoutEffect), ("not_emulated", .notEmulated),
    ]

    /// The text that `cupel up` prints: the endpoint, what is emulated and what is not, and how to connect.
    var welcome: String {
        let report = emulator.report
        var text = "Cupel is up at \(emulator.endpoint) with its state in \(dataFolder)\n\n"
        for entry in report.resources(.emulated) {
            text += "  \(padded(entry.type, 40))\(entry.ref ?? entry.logicalID)\n"
        }
        let inert = Set(report.resources(.withoutEffect).map(\.type)).filter {
            !enforcesPermissions || !$0.hasPrefix("AWS::IAM::")
        }.sorted()
        if !inert.isEmpty { text += "\n  Accepted, without effect here: \(inert.joined(separator: ", "))\n" }
        let missing = report.resources(.notEmulated)
        if !missing.isEmpty { text += "\n  Not emulated:\n" }
        for entry in missing {
            text += "  \(padded(entry.type, 40))\(entry.logicalID)\(entry.reason.map { ": \($0)" } ?? "")\n"
        }
        let key = requiredKey ?? .emulator
        // A secret of the user's own is not printed.
        let secret = key == .emulator ? key.secret : "…"
        text += """

              export AWS_ENDPOINT_URL=\(emulator.endpoint)
              export AWS_ACCESS_KEY_ID=\(key.id) AWS_SECRET_ACCESS_KEY=\(secret) AWS_DEFAULT_REGION=us-east-1


            """
        text += source
        text += "  console  \(emulator.endpoint)\(Console.root)\n\n"
        if requiredKey != nil { text += "Requests without a valid signature by this key are refused.\n" }
        if enforcesPermissions { text += "Roles may do what their policies allow, and nothing else.\n" }
        text += "Ctrl-C stops it.\n"
        return text
    }

    /// How a database's changes come here, and how far those are that came before.
    private var source: String {
        let changes = emulator.report.resources(.emulated).first { $0.type == "AWS::Kinesis::Stream" }?.ref
        guard let changes, let bucket = emulator.report.output("StageBucket") else { return "" }
        var text = """
            To stream the changes of a PostgreSQL database (14 or later, wal_level = logical), with the variables above:

              change-capture --source postgresql://USER@HOST/DATABASE --stream \(changes) \\
                --bucket \(bucket) --tables 'SCHEMA.*'


            """
        guard !streams.isEmpty else { return text }
        for line in StreamStatus.table(of: streams).lines() { text += "  \(line)\n" }
        return text + "\n  cupel status --data \(dataFolder) shows it later\n\n"
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
