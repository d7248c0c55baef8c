internal import ASL
internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// One execution that a restart has to resume.
struct Recovery: Sendable {
    let row: Int64
    /// Settled when the execution has been resumed, or cannot be.
    let resumed = Promise<Void>()
    var hasBegun = false
}

/// What continues when the emulator starts again.
extension StepFunctionsService {
    /// Continues the executions that were running when the emulator ended; express ones start again.
    ///
    /// Returns at once. Standard executions are resumed in the background, a few at a time, and earlier when a request
    /// needs them: replaying their logs may take long.
    package func start() async throws {
        let running = try store.read { try $0.runningExecutions() }
        recovering.withLock { recovering in
            for (row, arn) in running { recovering[arn] = Recovery(row: row) }
        }
        let begun = try store.read { try $0.begunExpressExecutions() }
        Task {
            await withTaskGroup(of: Void.self) { group in
                for (position, execution) in running.enumerated() {
                    if position >= Self.resumedAtOnce { await group.next() }
                    group.addTask { await self.resume(execution.arn) }
                }
            }
            for begun in begun {
                guard let runner = try? runner(of: begun, workflow: .express, keeping: .start) else { continue }
                begin(runner, arn: begun.arn)
            }
        }
    }

    /// Executions whose logs are replayed side by side.
    private static let resumedAtOnce = 6

    /// The runner of an execution; nil when the execution has ended. Resumes the execution first where a restart has not
    /// yet.
    func runner(of arn: String) async -> ExecutionRunner? {
        await resume(arn)
        return runners.withLock { $0[arn] }
    }

    private func resume(_ arn: String) async {
        let found = recovering.withLock { recovering -> (recovery: Recovery, isFirst: Bool)? in
            guard let recovery = recovering[arn] else { return nil }
            recovering[arn]?.hasBegun = true
            return (recovery, !recovery.hasBegun)
        }
        guard let (recovery, isFirst) = found else { return }
        guard isFirst else { return await recovery.resumed.value }
        do {
            try await resumeStandard(row: recovery.row)
        } catch {
            // Without its machine an execution can never continue.
            let cause = "The execution cannot be resumed: \(error)"
            try? await store.write { transaction in
                try transaction.end(
                    recovery.row, with: .failed(ErrorOutput(error: "States.Runtime", cause: cause)),
                    at: self.clock.now().milliseconds)
                try self.announce(row: recovery.row, in: transaction)
            }
        }
        recovering.withLock { $0[arn] = nil }
        recovery.resumed.settle(())
    }

    /// Continues an execution whose row says that it runs again.
    func redrive(row: Int64, arn: String) async throws { try await resumeStandard(row: row) }

    private func resumeStandard(row: Int64) async throws {
        guard let record = try store.read({ try $0.execution(row: row) }), record.stoppedAt == nil else { return }
        let begun = Begun(
            arn: record.arn, name: record.name, machineARN: record.machineARN, revision: record.revision,
            input: record.input, startedAt: record.startedAt)
        guard let runner = try runner(of: begun, workflow: .standard, keeping: .log(row: row)) else { return }
        runners.withLock { $0[record.arn] = runner }
        try await runner.resume()
    }

    private func runner(
        of begun: Begun, workflow: StateMachine.Workflow, keeping: ExecutionRunner.Keeping
    ) throws -> ExecutionRunner? {
        guard let revision = try store.read({ try $0.revision(begun.revision) }),
            let input = try? JSON(parsing: begun.input)
        else { return nil }
        let identity = Execution.Identity(
            arn: begun.arn, name: begun.name, roleARN: revision.roleARN,
            startedAt: Timestamp(milliseconds: begun.startedAt), stateMachineARN: begun.machineARN,
            stateMachineName: begun.machineARN.split(separator: ":").last.map(String.init) ?? "",
            region: account.region)
        return ExecutionRunner(
            Execution(of: try machine(of: revision, workflow: workflow), as: identity, input: input), keeping: keeping,
            logging: logging(of: revision, machine: identity.stateMachineName, at: clock.now().milliseconds),
            service: self)
    }
}

/// A started express execution in the store.
private struct Begun {
    let arn: String
    let name: String
    let machineARN: String
    let revision: Int64
    let input: String
    let startedAt: Int64
}

extension Snapshot {
    /// The rows and ARNs of the standard executions that have not ended.
    fileprivate func runningExecutions() throws -> [(row: Int64, arn: String)] {
        try all("SELECT id, arn FROM executions WHERE status = 'RUNNING'") { ($0.integer(0), $0.text(1)) }
    }

    fileprivate func begunExpressExecutions() throws -> [Begun] {
        try all("SELECT arn, name, machine_arn, revision, input, started_at FROM express_executions") { row in
            Begun(
                arn: row.text(0), name: row.text(1), machineARN: row.text(2), revision: row.integer(3),
                input: row.text(4), startedAt: row.integer(5))
        }
    }
}
