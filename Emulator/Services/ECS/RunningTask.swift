internal import EmulatorCore
internal import JSON
internal import Time

/// The processes of one task, from their start to the end of the last.
actor RunningTask {
    /// What a container's process needs beside its definition.
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
    /// - Returns: the task as it is then: running, or stopped because one could not be started.
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
                // Whoever asked the task to stop while the process was being started did not see it.
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

    /// Asks the containers to end, and kills those that have not when their stop time-out is over.
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
