internal import AWSClient
internal import Control
internal import JSON
internal import Time

/// The execution that has a file converted by a task.
///
/// A record names it only while it runs: its lease belongs to the execution. Afterwards the executions that started when the
/// file was routed are asked for their input, which has the record's ID. A function's files pass through an express machine,
/// of which Step Functions keeps no list.
enum FileExecution {
    /// Executions that are looked at, the newest first.
    private static let listLimit = 1000
    /// Those of them that are asked for their input.
    private static let describedLimit = 10
    /// Clocks of two services differ.
    private static let slack: Int64 = 2000

    /// - Parameter machine: the ARN of the machine that waits for the task; nil where none is known.
    /// - Returns: the execution's ARN; nil if it is not found.
    static func arn(of record: ControlRecord, machine: String?, _ client: AWSClient) -> String? {
        guard record.computeTarget == .ecs else { return nil }
        if let owner = record.leaseOwner, owner.contains(":execution:") { return owner }
        guard let machine else { return nil }
        func states(_ action: String, _ input: JSON) -> JSON? {
            try? client.jsonCall(
                service: "states", target: "AWSStepFunctions", action: action, input: input, isRepeatable: true)
        }
        let list = states(
            "ListExecutions", ["stateMachineArn": .string(machine), "maxResults": .int(Self.listLimit)])
        let first = record.createdAt.milliseconds - slack
        let last = (record.startedAt ?? record.updatedAt).milliseconds + slack
        let candidates = (list?["executions"]?.array ?? []).filter { execution in
            guard let start = execution["startDate"]?.double else { return false }
            return start * 1000 >= Double(first) && start * 1000 <= Double(last)
        }
        for execution in candidates.prefix(describedLimit) {
            guard let arn = execution["executionArn"]?.string,
                let input = states("DescribeExecution", ["executionArn": .string(arn)])?["input"]?.string
            else { continue }
            if (try? JSON(parsing: input))?["control_id"]?.string == record.controlID.text { return arn }
        }
        return nil
    }
}

extension Pipeline {
    /// The ARN of one of the stack's state machines; it has the form of those that the stack names.
    func stateMachine(_ name: String) -> String? {
        guard let known = silverMachine ?? goldMachine, let colon = known.lastIndex(of: ":") else { return nil }
        return "\(known[...colon])\(functionPrefix)\(name)"
    }
}
