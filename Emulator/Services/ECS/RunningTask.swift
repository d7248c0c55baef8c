internal import EmulatorCore
internal import JSON
internal import Time

/// The processes of a task.
actor RunningTask {
    /// A container and the parameters of its process.
    struct Launch: Sendable {
        let container: ContainerDefinition
        let command: Command
        let stream: String
    }

    private static let terminate: Int32 = 15
    private static let kill: Int32 = 9

    private(set) var record: TaskRecord
    private let launches: [Launch]
    private let clock: ClockAndChance
    /// By the container's position.
    private(set) var processes: [Int: ChildProcess] = [:]
    private var isStopping = false
    private let allEnded = Promise<Void>()

    init(record: TaskRecord, launches: [Launch], clock: ClockAndChance) {
        self.record = record
        self.launches = launches
        self.clock = clock
    }

    /// Starts the containers.
    /// - Returns: the task, which is running, or stopped because a container could not be started.
    func start(host: ProcessHost, logs: any LogWriting) async -> TaskRecord {
        for (position, launch) in launches.enumerated() where !isStopping {
            let group = launch.container.logGroup
            do {
                let process = try await host.start(launch.command) { line in
                    logs.write(line + "\n", group: group, stream: launch.stream)
                }
                processes[position] = process
                record.containers[position].status = "RUNNING"
                Task { await self.ended(position, await process.ended()) }
                // A stop during the start of the process did not see the process.
                if isStopping { end(process, launch.container) }
            } catch {
                record.containers[position].reason = "CannotStartContainerError: \(error)"
                await stop(reason: "CannotStartContainerError: \(error)", code: "TaskFailedToStart")
            }
        }
        if !isStopping {
            record.status = "RUNNING"
            record.startedAt = clock.now().milliseconds
        }
        if processes.isEmpty { finish() }
        return record
    }

    /// Waits until all containers have ended.
    func ended() async -> TaskRecord {
        await allEnded.value
        return record
    }

    /// Sends SIGTERM to the containers, and SIGKILL to those that still run after their stop timeout.
    func stop(reason: String, code: String) async {
        guard !isStopping else { return }
        isStopping = true
        record.stopCode = code
        record.stoppedReason = reason
        for (position, process) in processes { end(process, launches[position].container) }
    }

    private func end(_ process: ChildProcess, _ container: ContainerDefinition) {
        process.signal(Self.terminate)
        Task {
            try? await Task.sleep(for: .seconds(container.stopTimeoutInSeconds))
            process.signal(Self.kill)
        }
    }

    private func ended(_ position: Int, _ end: ProcessEnd) async {
        processes[position] = nil
        record.containers[position].status = "STOPPED"
        record.containers[position].exitCode = end.exitCode
        if launches[position].container.isEssential || processes.isEmpty {
            await stop(reason: "Essential container in task exited", code: "EssentialContainerExited")
        }
        if processes.isEmpty { finish() }
    }

    private func finish() {
        record.stop(
            at: clock.now().milliseconds, code: "EssentialContainerExited", reason: "Essential container in task exited"
        )
        allEnded.settle(())
    }
}
