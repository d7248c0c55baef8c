internal import EmulatorCore
internal import JSON
internal import Time

/// Executions that continue after an end without success.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html>
extension StepFunctionsService {
    private static let redrivableDays: Int64 = 14
    private static let mostRedrives: Int64 = 1000

    func redriveExecution(_ input: JSON) async throws -> JSON {
        let arn = try input.required("executionArn")
        let token = input["clientToken"]?.string
        if let token, !(1...64).contains(token.utf8.count) {
            throw AWSFault.constraint(token, at: "clientToken", "have length less than or equal to 64")
        }
        if arn.split(separator: ":").dropFirst(5).first == "express" { throw AWSFault.stateMachineTypeNotSupported() }
        let execution = try execution(arn)
        let now = clock.now().milliseconds
        let redrive = try await store.write { transaction -> (at: Int64, isNew: Bool) in
            if let token, let earlier = try transaction.snapshot.redrive(of: execution.id, token: token) {
                return (earlier, false)
            }
            guard let current = try transaction.snapshot.execution(arn) else {
                throw AWSFault.executionDoesNotExist(arn)
            }
            try Self.checkRedrivable(current, at: now)
            try transaction.execute(
                "INSERT INTO execution_redrives (execution, number, at, token) VALUES (?, ?, ?, ?)",
                .integer(current.id), .integer(current.redriveCount + 1), .integer(now), .text(token))
            try transaction.execute(
                """
                UPDATE executions SET status = 'RUNNING', output = NULL, error = NULL, cause = NULL, stopped_at = NULL
                WHERE id = ?
                """, .integer(current.id))
            try self.announce(row: current.id, in: transaction)
            return (now, true)
        }
        if redrive.isNew { try await self.redrive(row: execution.id, arn: arn) }
        return ["redriveDate": Timestamp.json(redrive.at)]
    }

    /// Why an execution cannot be redriven; nil when it can.
    static func reasonAgainstRedrive(_ execution: ExecutionRecord, at now: Int64) -> String? {
        switch execution.status {
        case "RUNNING", "SUCCEEDED": return "Execution is \(execution.status) and cannot be redriven"
        default: break
        }
        if let stoppedAt = execution.stoppedAt, now - stoppedAt > redrivableDays * 86_400_000 {
            return "Execution has exceeded the redrivable period of \(redrivableDays) days"
        }
        if execution.redriveCount >= mostRedrives {
            return "Execution has exceeded the limit of \(mostRedrives) redrives"
        }
        return nil
    }

    private static func checkRedrivable(_ execution: ExecutionRecord, at now: Int64) throws(AWSFault) {
        guard let reason = reasonAgainstRedrive(execution, at: now) else { return }
        throw AWSFault("ExecutionNotRedrivable", "Execution Not Redrivable: '\(reason)'")
    }
}

extension Snapshot {
    /// When the execution was redriven by a request with this token.
    fileprivate func redrive(of execution: Int64, token: String) throws -> Int64? {
        try first(
            "SELECT at FROM execution_redrives WHERE execution = ? AND token = ?", .integer(execution), .text(token)
        ) { $0.integer(0) }
    }
}
