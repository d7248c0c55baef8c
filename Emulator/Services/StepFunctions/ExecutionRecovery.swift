internal import ASL
internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// Resumes executions when the emulator starts.
extension StepFunctionsService {
    /// Continues the executions that were running when the emulator ended. Express executions start again.
    package func start() async throws {
        for record in try store.read({ try $0.runningExecutions() }) {
            guard
                let runner = try runner(
                    of: Begun(
                        arn: record.arn, name: record.name, machineARN: record.machineARN, revision: record.revision,
                        input: record.input, startedAt: record.startedAt),
                    workflow: .standard, keeping: .log(row: record.id))
            else { continue }
            let log = try store.read { snapshot in
                try snapshot.all(
                    "SELECT sequence, inputs, last_event FROM execution_log WHERE execution = ? ORDER BY sequence",
                    .integer(record.id)
                ) { (sequence: $0.integer(0), inputs: $0.text(1), lastEvent: $0.integer(2)) }
            }
            runners.withLock { $0[record.arn] = runner }
            await runner.resume(log)
        }
        for begun in try store.read({ try $0.begunExpressExecutions() }) {
            guard let runner = try runner(of: begun, workflow: .express, keeping: .start) else { continue }
            begin(runner, arn: begun.arn)
        }
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
    fileprivate func begunExpressExecutions() throws -> [Begun] {
        try all("SELECT arn, name, machine_arn, revision, input, started_at FROM express_executions") { row in
            Begun(
                arn: row.text(0), name: row.text(1), machineARN: row.text(2), revision: row.integer(3),
                input: row.text(4), startedAt: row.integer(5))
        }
    }
}
