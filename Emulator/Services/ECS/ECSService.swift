package import EmulatorCore
package import JSON
internal import Synchronization
package import Time

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Amazon ECS on Fargate: tasks run as processes of this machine.
package final class ECSService: Sendable {
    package static let schema = [TaskStore.schema]

    package struct Options: Sendable {
        /// The folder of the executables that containers name in `entryPoint` or `command`.
        package var functions: ExecutableFolder
        package var account = Account()
        package var clock = ClockAndChance.system
        /// Variables for every process; those of its definition take precedence.
        package var environment: [String: String] = [:]
        /// Makes the keys with which tasks act as their roles; nil where all have the emulator's own.
        package var roleKeys: RoleKeys?
        /// The number of tasks that run at once; the others wait as `PENDING`.
        package var concurrency = max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

        package init(functions: ExecutableFolder) { self.functions = functions }
    }

    let options: Options
    let tasks: TaskStore
    private let host: ProcessHost
    private let logs: any LogWriting
    private let environment: ProcessEnvironment
    private let places: Places
    private let running = Mutex<[String: (task: RunningTask, end: Promise<TaskRecord>)]>([:])

    init(
        store: Store, host: ProcessHost, logs: any LogWriting, endpoint: EndpointAddress, options: Options
    ) {
        self.options = options
        self.host = host
        self.logs = logs
        tasks = TaskStore(store: store)
        environment = ProcessEnvironment(account: options.account, endpoint: endpoint, additions: options.environment)
        places = Places(options.concurrency)
    }

    /// Marks the tasks of the previous run as stopped. Must run before any request for tasks.
    package func start() async throws { try await tasks.stopOrphans(at: options.clock.now().milliseconds) }

    // MARK: Names

    func clusterARN(_ name: String) -> String { options.account.arn("ecs", "cluster/\(name)") }

    /// The cluster's name in a name or an ARN; nil means `default`.
    func clusterName(_ reference: JSON?) -> String {
        reference?.string.flatMap { $0.split(separator: "/").last.map(String.init) } ?? "default"
    }

    func arn(of definition: TaskDefinition) -> String {
        options.account.arn("ecs", "task-definition/\(definition.family):\(definition.revision)")
    }

    /// - Parameter reference: `family`, `family:revision` or an ARN.
    func definition(_ reference: JSON?) throws(AWSFault) -> TaskDefinition {
        let name = reference?.string.flatMap { $0.split(separator: "/").last.map(String.init) } ?? ""
        let parts = name.split(separator: ":").map(String.init)
        let found: TaskDefinition?
        do {
            found = try tasks.definition(parts.first ?? "", revision: parts.count > 1 ? Int(parts[1]) ?? 0 : nil)
        } catch { throw .internalFailure(error) }
        guard let found else { throw .ecsClient("Unable to describe task definition: \(name) does not exist.") }
        return found
    }

    // MARK: Tasks

    private func launch(_ definition: TaskDefinition, _ request: JSON) async throws(AWSFault) -> TaskRecord {
        let cluster = clusterName(request["cluster"])
        let id = options.clock.uuid().filter { $0 != "-" }
        let record = TaskRecord(
            arn: options.account.arn("ecs", "task/\(cluster)/\(id)"), clusterARN: clusterARN(cluster),
            definitionARN: arn(of: definition), family: definition.family, request: request,
            createdAt: options.clock.now().milliseconds,
            containers: definition.containers.map { TaskRecord.Container(name: $0.name, image: $0.image) })
        var launches: [RunningTask.Launch] = []
        let role = record.request["overrides"]?["taskRoleArn"]?.string ?? definition.declaration["taskRoleArn"]?.string
        for container in definition.containers { launches.append(try launch(container, record, role: role)) }
        let task = RunningTask(record: record, launches: launches, clock: options.clock)
        let end = Promise<TaskRecord>()
        do { try await tasks.save(record) } catch { throw .internalFailure(error) }
        running.withLock { $0[record.arn] = (task, end) }
        Task { await self.run(task, end) }
        return record
    }

    private func launch(
        _ container: ContainerDefinition, _ record: TaskRecord, role: String?
    ) throws(AWSFault) -> RunningTask.Launch {
        let overrides = record.request["overrides"]?["containerOverrides"]?.array ?? []
        let override = overrides.first { $0["name"]?.string == container.name }
        let code = try code(of: container, record.family)
        var variables = environment.variables
        variables["AWS_EXECUTION_ENV"] = "AWS_ECS_FARGATE"
        variables.merge(options.roleKeys?.variables(ofRole: role, session: record.id) ?? [:]) { _, own in own }
        variables.merge(container.environment) { _, own in own }
        variables.merge(ContainerDefinition.variables(override?["environment"])) { _, own in own }
        let stream = ([container.logPrefix, container.name, record.id].compactMap { $0 }).joined(separator: "/")
        return RunningTask.Launch(
            container: container,
            command: Command(
                path: code.executable, arguments: container.arguments(override), environment: variables,
                directory: code.taskRoot), stream: stream)
    }

    func code(of container: ContainerDefinition, _ family: String) throws(AWSFault) -> FunctionCode {
        try options.functions.code(
            at: container.program, for: "The container \(container.name) of the task definition \(family)")
    }

    private func run(_ task: RunningTask, _ end: Promise<TaskRecord>) async {
        await places.take()
        let started = await task.start(host: host, logs: logs)
        // If this fails, the description is late, but only the end of the task must be stored.
        if started.status == "RUNNING" { try? await tasks.save(started) }
        let stopped = await task.ended()
        await places.release()
        do { try await tasks.save(stopped) } catch {
            // The store is closing: the next run finds the task running, and marks it as stopped.
            logs.write(
                "The end of \(stopped.arn) could not be stored: \(error)\n", group: "/ecs/emulator", stream: "tasks")
        }
        _ = running.withLock { $0.removeValue(forKey: stopped.arn) }
        end.settle(stopped)
    }

    func runningTask(_ arn: String) -> RunningTask? { running.withLock { $0[arn]?.task } }
}

extension ECSService: TaskRunning {
    /// - Parameter input: the members of `RunTask`, with capital or small first letters.
    package func runTask(_ input: JSON) async throws(AWSFault) -> JSON {
        let request = input.decapitalized
        let definition = try definition(request["taskDefinition"])
        let count = request["count"]?.looseInt ?? 1
        guard (1...10).contains(count) else { throw .ecsParameter("count must be 1 to 10, not \(count).") }
        var started: [JSON] = []
        for _ in 0..<count { started.append(try await launch(definition, request).document) }
        return ["tasks": .array(started), "failures": []]
    }

    package func waitUntilStopped(task arn: String) async throws(AWSFault) -> JSON {
        if let end = running.withLock({ $0[arn]?.end }) { return await end.value.document }
        return try stored(arn).document
    }

    package func stopTask(_ arn: String, reason: String) async throws(AWSFault) {
        guard let task = runningTask(arn) else {
            _ = try stored(arn)
            return
        }
        await task.stop(reason: reason, code: "UserInitiated")
    }

    func stored(_ arn: String) throws(AWSFault) -> TaskRecord {
        let found: TaskRecord?
        do { found = try tasks.task(arn) } catch { throw .internalFailure(error) }
        guard let found else { throw .ecsParameter("The referenced task was not found: \(arn)") }
        return found
    }
}

/// Limits the number of tasks that run at once.
private actor Places {
    private var free: Int
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiters.append($0) }
        }
    }

    func release() {
        if waiters.isEmpty { free += 1 } else { waiters.removeFirst().resume() }
    }
}
