internal import Digest
package import EmulatorCore
internal import JSON
internal import Synchronization
package import Time

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// AWS Lambda: functions are pools of processes that use the Runtime API, invoked directly or from a durable queue.
package final class LambdaService: Sendable {
    package static let schema = [
        FunctionRegistry.schema, LayerRegistry.schema, EventQueue.schema, EventSources.schema, ShardPositions.schema,
    ]

    package struct Options: Sendable {
        /// The folder of the executables that templates name as `Code`.
        package var functions: ExecutableFolder
        package var account = Account()
        package var clock = ClockAndChance.system
        /// Variables for every process whose code is not packaged: they name files that a package would contain. Variables
        /// of the function's definition take precedence.
        package var environment: [String: String] = [:]
        /// The number of concurrent invocations of all functions together.
        package var concurrency = max(4, 4 * sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        /// How long a caller waits for a worker of a function with reserved concurrency before it is throttled. If only
        /// the machine is too small, callers wait for up to 15 minutes.
        package var patience = Duration.seconds(10)
        /// How long a process may take until its first request to the Runtime API.
        /// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>
        package var initTimeout = Duration.seconds(10)
        /// The folders in which interpreters are looked for; nil for the emulator's own `PATH`.
        package var programPath: String?
        /// Makes the keys with which functions act as their roles; nil where all have the emulator's own.
        package var roleKeys: RoleKeys?
        /// Verifies the signatures of requests to function URLs with `AWS_IAM`; nil to accept any.
        package var signatures: SignatureVerifier?
        /// How long an idle worker is kept.
        package var idleTime = Duration.seconds(300)

        package init(functions: ExecutableFolder) { self.functions = functions }
    }

    let options: Options
    let registry: FunctionRegistry
    let queue: EventQueue
    let mappings: EventSources
    let layers: LayerRegistry
    let urls: FunctionURLListeners
    private let pool: WorkerPool
    private let host: ProcessHost
    private let listening: any Listening
    let peers: Peers
    private let environment: ProcessEnvironment
    private let metrics: FunctionMetrics
    private let watch = InvocationWatch()
    /// The environment of each function, as of a revision of it.
    private let environments = Mutex<[String: (revision: Int, variables: [String: String])]>([:])
    private let dispatcher = Mutex<Task<Void, Never>?>(nil)

    /// - Parameter endpoint: the address for `AWS_ENDPOINT_URL` in functions, which must be set before the first
    ///   invocation.
    init(
        store: Store, host: ProcessHost, listening: any Listening, peers: Peers, endpoint: EndpointAddress,
        options: Options
    ) throws {
        self.options = options
        self.host = host
        self.listening = listening
        self.peers = peers
        metrics = FunctionMetrics(peers: peers, clock: options.clock)
        registry = try FunctionRegistry(store: store, account: options.account)
        layers = try LayerRegistry(store: store, account: options.account)
        urls = FunctionURLListeners(listening)
        queue = EventQueue(store: store, clock: options.clock)
        mappings = try EventSources(store: store, peers: peers, account: options.account, clock: options.clock)
        pool = WorkerPool(
            WorkerPool.Limits(
                concurrency: options.concurrency, patience: options.patience, idleTime: options.idleTime))
        environment = ProcessEnvironment(account: options.account, endpoint: endpoint, additions: options.environment)
        FunctionPackage.removeUnfinished(in: packages)
    }

    /// Starts to run queued events, including those of the previous run.
    package func start() async throws {
        let events = EventDispatcher(
            queue: queue, registry: registry, concurrency: options.concurrency, clock: options.clock,
            peers: peers
        ) { [weak self] event, function throws(AWSFault) in
            guard let self else { throw AWSFault("ServiceException", "The emulator is stopping.", status: 503) }
            return try await self.run(
                function,
                Invocation(
                    requestID: event.requestID, payload: event.payload,
                    functionARN: self.registry.arn(of: function.name)))
        }
        dispatcher.withLock { dispatcher in
            dispatcher?.cancel()
            dispatcher = Task { await events.serve() }
        }
        mappings.start()
        try await openURLs()
    }

    /// Starts no more events and ends the idle workers; busy workers end with the emulator.
    package func stop() async {
        mappings.stop()
        await urls.closeAll()
        dispatcher.withLock { dispatcher in
            dispatcher?.cancel()
            dispatcher = nil
        }
        await pool.close()
    }

    // MARK: Invocation

    /// Runs one invocation on a worker.
    /// - Throws: ``AWSFault`` if no worker is available; an error of the function is an outcome.
    func run(_ function: FunctionConfiguration, _ invocation: Invocation) async throws(AWSFault) -> InvocationOutcome {
        let start = ContinuousClock.now
        do throws(AWSFault) {
            let outcome = try await runOnWorker(function, invocation)
            metrics.ended(function.name, isError: outcome.functionError != nil, after: ContinuousClock.now - start)
            return outcome
        } catch {
            if error.code == "TooManyRequestsException" { metrics.throttled(function.name) }
            throw error
        }
    }

    private func runOnWorker(
        _ function: FunctionConfiguration, _ invocation: Invocation
    ) async throws(AWSFault) -> InvocationOutcome {
        let plan = try plan(for: function)
        var invocation = invocation
        invocation.traceID = invocation.traceID ?? newTraceID()
        // A worker may have died since its last invocation; then another one runs this invocation.
        for _ in 0..<3 {
            let turn = try await pool.take(plan)
            let worker: FunctionWorker
            do {
                worker =
                    if let kept = turn.worker { kept } else {
                        try await FunctionWorker.start(
                            plan, host: host, listening: listening, sink: peers, watch: watch, clock: options.clock)
                    }
            } catch {
                await pool.finish(turn, worker: nil)
                if let failure = error as? FunctionWorker.InitFailure { return failure.outcome }
                throw .internalFailure(error)
            }
            let outcome = await worker.run(invocation)
            await pool.finish(turn, worker: worker)
            if let outcome { return outcome }
        }
        throw AWSFault(
            "ServiceException", "The workers of \(function.name) end before they accept an event; see its log.",
            status: 500)
    }

    /// Replaces the idle workers of a function that has changed.
    func discardWorkers(of function: String) async { await pool.discard(function) }

    func code(of function: FunctionConfiguration) throws(AWSFault) -> FunctionCode {
        let code = function.declaration["Code"]
        let owner = "The function \(function.name)"
        if let location = code?.string { return try options.functions.code(at: location, for: owner) }
        guard let package = code?["Package"]?.string else {
            throw .notEmulated(owner + "'s code, which is neither a local path nor part of the request,")
        }
        let folder = packages + "/" + package
        if PythonRuntime.supports(function.runtime) {
            return try PythonRuntime.code(of: function, in: folder, root: packages, path: options.programPath)
        }
        guard function.runtime.hasPrefix("provided") else { throw .notEmulated("The runtime \(function.runtime)") }
        return try ExecutableFolder(packages).code(at: package, for: owner)
    }

    /// The folder in which uploaded code is unpacked.
    var packages: String { queue.store.directory + "/lambda" }

    /// The declaration with its code unpacked, if the code is part of it or in S3.
    /// - Parameter isArchive: whether `Code.ZipFile` is a base64 archive, as in the API, or a source text, as in
    ///   templates.
    func unpacked(_ declaration: JSONObject, isArchive: Bool) throws(AWSFault) -> JSONObject {
        guard let code = declaration["Code"] else { return declaration }
        let location = ObjectLocation(packaged: code)
        let text = code["ZipFile"]?.string
        guard location != nil || text != nil else { return declaration }
        let name = try FunctionConfiguration(declaration).name
        let package: FunctionPackage
        let bytes: [UInt8]
        if let location {
            guard let objects = peers.objects else { throw .notEmulated("Code in S3") }
            bytes = try objects.contents(of: location)
            package = try FunctionPackage(unpacking: bytes, for: name, in: packages)
        } else if let text, isArchive {
            guard let archive = [UInt8](base64: text) else { throw .validation("ZipFile is not base64.") }
            bytes = archive
            package = try FunctionPackage(unpacking: archive, for: name, in: packages)
        } else {
            bytes = Array((text ?? "").utf8)
            package = try FunctionPackage(source: text ?? "", for: name, in: packages)
        }
        var declaration = declaration
        declaration["Code"] = [
            "Package": .string(package.name), "Size": .int(bytes.count), "Hash": .string(Digest.sha256(bytes).base64),
        ]
        return declaration
    }

    private func plan(for function: FunctionConfiguration) throws(AWSFault) -> FunctionWorker.Plan {
        var code = try code(of: function)
        let known = environments.withLock { $0[function.name] }
        var variables: [String: String]
        if let known, known.revision == function.revision, known.variables["LAMBDA_TASK_ROOT"] == code.taskRoot {
            variables = known.variables
        } else {
            variables = self.variables(of: function, code)
            environments.withLock { [variables] in $0[function.name] = (function.revision, variables) }
        }
        if let folder = try layerFolder(of: function) {
            LayerMount.extend(&variables, folder: folder, runtime: function.runtime)
            code = LayerMount.wrap(code, folder: folder)
        }
        return FunctionWorker.Plan(
            configuration: function, code: code, environment: variables, initTimeout: options.initTimeout,
            note: PythonRuntime.note(on: function.runtime, path: options.programPath))
    }

    private func variables(of function: FunctionConfiguration, _ code: FunctionCode) -> [String: String] {
        var environment = environment
        if function.declaration["Code"]?["Package"] != nil { environment.additions = [:] }
        var variables = environment.variables
        let role = options.roleKeys?.variables(ofRole: function.declaration["Role"]?.string, session: function.name)
        variables.merge(role ?? [:]) { _, own in own }
        variables["_HANDLER"] = function.handler
        // The runtimes that are only an operating system do not have it.
        if !function.runtime.hasPrefix("provided") {
            variables["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + function.runtime
        }
        variables["AWS_LAMBDA_FUNCTION_NAME"] = function.name
        variables["AWS_LAMBDA_FUNCTION_VERSION"] = "$LATEST"
        variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = String(function.memoryInMegabytes)
        variables["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand"
        variables["LAMBDA_TASK_ROOT"] = code.taskRoot
        variables.merge(function.logVariables) { _, set in set }
        variables.merge(function.variables) { _, own in own }
        return variables
    }

    /// `Root=1-<seconds>-<24 digits>;Sampled=0`
    /// - SeeAlso: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>
    private func newTraceID() -> String {
        let digits = options.clock.uuid().filter { $0 != "-" }.prefix(24)
        return "Root=1-\(String(options.clock.now().milliseconds / 1000, radix: 16))-\(digits);Sampled=0"
    }
}

extension LambdaService: FunctionInvoking {
    package func arn(ofFunction function: String) -> ARN? { ARN(function) ?? ARN(registry.arn(of: function)) }

    package func invoke(function: String, payload: [UInt8]) async throws(AWSFault) -> FunctionAnswer {
        let configuration = try registry.function(function)
        guard payload.count <= PayloadLimit.request else { throw Self.requestTooLarge(PayloadLimit.request) }
        let requestID = options.clock.uuid()
        let event = payload.isEmpty ? Array("{}".utf8) : payload
        let outcome = try await run(
            configuration,
            Invocation(requestID: requestID, payload: event, functionARN: registry.arn(of: configuration.name)))
        return FunctionAnswer(payload: outcome.payload, functionError: outcome.functionError, requestID: requestID)
    }

    static func requestTooLarge(_ limit: Int) -> AWSFault {
        AWSFault(
            "RequestTooLargeException",
            "Request must be smaller than \(limit) bytes for the InvokeFunction operation", status: 413)
    }
}

extension LambdaService: EventTarget {
    package var targetService: String { "lambda" }

    /// Queues an asynchronous invocation, which is tried up to three times, as on AWS.
    package func accept(_ event: TargetEvent, for resource: ARN, in transaction: borrowing Transaction) throws {
        let configuration = try registry.function(resource.text)
        let payload = Array(event.body.utf8)
        guard payload.count <= PayloadLimit.event else { throw Self.requestTooLarge(PayloadLimit.event) }
        try queue.add(function: configuration.name, payload: payload, in: transaction)
    }
}

extension LambdaService: Service {
    package static let signingNames = ["lambda"]

    package convenience init(_ context: ServiceContext) throws {
        var options = Options(functions: context.processes.executables)
        options.account = context.account
        options.clock = context.clock
        options.environment = context.processes.environment
        options.signatures = context.signatures
        options.roleKeys = context.roleKeys
        try self.init(
            store: context.store, host: context.processes.host, listening: context.processes.listening,
            peers: context.peers, endpoint: context.endpoint, options: options)
    }
}
