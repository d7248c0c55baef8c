internal import EmulatorCore
internal import JSON
internal import Time

/// What others hear of standard executions: EventBridge's default bus of each change of status, and CloudWatch.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html>
extension StepFunctionsService {
    /// Inputs and outputs that an event carries together, in bytes; larger ones are left out.
    private static let dataLimit = 248 * 1024

    /// Announces the status that an execution has in the store, in the transaction that changed it.
    func announce(row: Int64, in transaction: borrowing Transaction) throws {
        guard let execution = try transaction.snapshot.execution(row: row) else { return }
        count(execution)
        let bus = account.arn("events", "event-bus/default")
        guard peers.acceptsEvents(for: bus) else { return }
        let now = clock.now()
        let isWhole = execution.input.utf8.count + (execution.output?.utf8.count ?? 0) <= Self.dataLimit
        let reason = Self.reasonAgainstRedrive(execution, at: now.milliseconds)
        let hasOutput = execution.output != nil
        let detail: JSON = [
            "executionArn": .string(execution.arn), "stateMachineArn": .string(execution.machineARN),
            "name": .string(execution.name), "status": .string(execution.status),
            "startDate": .int(execution.startedAt), "stopDate": execution.stoppedAt.map { .int($0) } ?? .null,
            "input": isWhole ? .string(execution.input) : .null, "inputDetails": ["included": .bool(isWhole)],
            "output": isWhole ? .text(execution.output) ?? .null : .null,
            "outputDetails": hasOutput ? ["included": .bool(isWhole)] : .null,
            "stateMachineVersionArn": .text(execution.versionARN) ?? .null,
            "stateMachineAliasArn": .text(execution.aliasARN) ?? .null,
            "redriveCount": .int(execution.redriveCount),
            "redriveDate": execution.redrivenAt.map { .int($0) } ?? .null,
            "redriveStatus": reason == nil ? "REDRIVABLE" : "NOT_REDRIVABLE",
            "redriveStatusReason": .text(reason) ?? .null, "error": .text(execution.error) ?? .null,
            "cause": .text(execution.cause) ?? .null,
        ]
        let event: JSON = [
            "version": "0", "id": .string(clock.uuid()), "detail-type": "Step Functions Execution Status Change",
            "source": "aws.states", "account": .string(account.id),
            "time": .string(now.rfc3339.dropLast(5) + "Z"), "region": .string(account.region),
            "resources": [.string(execution.arn)], "detail": detail,
        ]
        do {
            try peers.deliver(TargetEvent(event), to: bus, in: transaction)
        } catch is AWSFault {
            // An event that the bus refuses does not stop the execution.
        }
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html>
    private func count(_ execution: ExecutionRecord) {
        let names = [
            "RUNNING": "ExecutionsStarted", "SUCCEEDED": "ExecutionsSucceeded", "FAILED": "ExecutionsFailed",
            "ABORTED": "ExecutionsAborted", "TIMED_OUT": "ExecutionsTimedOut",
        ]
        guard let monitoring = peers.action("monitoring"), var name = names[execution.status] else { return }
        if execution.status == "RUNNING", execution.redriveCount > 0 { name = "ExecutionsRedriven" }
        let dimensions: JSON = [["Name": "StateMachineArn", "Value": .string(execution.machineARN)]]
        var data: [JSON] = [
            ["MetricName": .string(name), "Dimensions": dimensions, "Value": 1, "Unit": "Count"]
        ]
        if let stoppedAt = execution.stoppedAt {
            data.append([
                "MetricName": "ExecutionTime", "Dimensions": dimensions, "Unit": "Milliseconds",
                "Value": .int(max(0, stoppedAt - execution.startedAt)),
            ])
        }
        let request: JSON = ["Namespace": "AWS/States", "MetricData": .array(data)]
        // A metric that does not get there must not stop the execution that it reports.
        Task { _ = try? await monitoring.perform("PutMetricData", request) }
    }
}
