internal import ASL
package import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// Operations that start, describe and stop executions.
extension StepFunctionsService: EventTarget {
    package var targetService: String { "states" }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>
    func startExecution(_ input: JSON) async throws -> JSON {
        let machine = try input.required("stateMachineArn")
        let name = input["name"]?.string
        let text = input["input"]?.string ?? "{}"
        let document = try Self.document(text)
        let started = try await store.write { transaction in
            try self.start(machine, name: name, input: document, text: text, in: transaction)
        }
        return ["executionArn": .string(started.arn), "startDate": Timestamp.json(started.startedAt)]
    }

    private static func document(_ text: String) throws(AWSFault) -> JSON {
        guard text.utf8.count <= Execution.payloadLimitInBytes else {
            throw .tooLong("input", limit: Execution.payloadLimitInBytes)
        }
        do {
            return try JSON(parsing: text)
        } catch {
            throw AWSFault("InvalidExecutionInput", "Invalid State Machine Execution Input: '\(error)'")
        }
    }

    /// Starts an execution with the event as its input. It begins once `transaction` is committed.
    package func accept(_ event: TargetEvent, for resource: ARN, in transaction: borrowing Transaction) throws {
        let input = try Self.document(event.body)
        _ = try start(resource.text, name: nil, input: input, text: event.body, in: transaction)
    }

    private func start(
        _ text: String, name: String?, input: JSON, text inputText: String, in transaction: borrowing Transaction
    ) throws -> (arn: String, startedAt: Int64) {
        let random = UInt64.random(in: 0...UInt64.max)
        guard let record = try transaction.snapshot.stateMachine(StateMachineARN(text), random: random) else {
            throw AWSFault.stateMachineDoesNotExist(text)
        }
        if let name { try Self.checkName(name) }
        let name = name ?? clock.uuid()
        let machine = try machine(of: record.revision, workflow: record.workflow)
        let now = clock.now().milliseconds
        guard record.workflow == .standard else {
            let id = clock.uuid()
            let arn = account.arn("states", "express:\(record.name):\(name):\(id)")
            let runner = ExecutionRunner(
                Execution(of: machine, as: identity(arn, name, record, at: now), input: input), keeping: .start,
                logging: logging(of: record.revision, machine: record.name, at: now), service: self)
            try transaction.execute(
                "INSERT INTO express_executions VALUES (?, ?, ?, ?, ?, ?)", .text(arn), .text(name), .text(record.arn),
                .integer(record.revision.id), .text(inputText), .integer(now))
            transaction.afterCommit { self.begin(runner, arn: arn) }
            return (arn, now)
        }
        let arn = account.arn("states", "execution:\(record.name):\(name)")
        if let existing = try transaction.snapshot.execution(arn) {
            guard existing.status == "RUNNING", existing.input == inputText else {
                throw AWSFault.executionAlreadyExists(arn)
            }
            return (arn, existing.startedAt)
        }
        try transaction.execute(
            """
            INSERT INTO executions
            (arn, name, machine, machine_arn, version_arn, alias_arn, revision, status, input, started_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, 'RUNNING', ?, ?)
            """, .text(arn), .text(name), .integer(record.id), .text(record.arn), .text(record.versionARN),
            .text(record.aliasARN), .integer(record.revision.id), .text(inputText), .integer(now))
        let row = transaction.lastInsertedRow
        try announce(row: row, in: transaction)
        let runner = ExecutionRunner(
            Execution(of: machine, as: identity(arn, name, record, at: now), input: input),
            keeping: .log(row: row),
            logging: logging(of: record.revision, machine: record.name, at: now), service: self)
        transaction.afterCommit { self.begin(runner, arn: arn) }
        return (arn, now)
    }

    func begin(_ runner: ExecutionRunner, arn: String) {
        runners.withLock { $0[arn] = runner }
        Task { await runner.give(.started(seed: UInt64.random(in: 0...UInt64(Int64.max)))) }
    }

    private func identity(
        _ arn: String, _ name: String, _ record: StateMachineRecord, at now: Int64
    ) -> Execution.Identity {
        Execution.Identity(
            arn: arn, name: name, roleARN: record.revision.roleARN, startedAt: Timestamp(milliseconds: now),
            stateMachineARN: record.arn, stateMachineName: record.name, region: account.region)
    }

    /// Runs an express workflow and waits for its end.
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html>
    func startSyncExecution(_ input: JSON) async throws -> JSON {
        let text = try input.required("stateMachineArn")
        let inputText = input["input"]?.string ?? "{}"
        let document = try Self.document(inputText)
        guard let record = try store.read({ try $0.stateMachine(StateMachineARN(text)) }) else {
            throw AWSFault.stateMachineDoesNotExist(text)
        }
        guard record.workflow == .express else { throw AWSFault.stateMachineTypeNotSupported() }
        let isWhole = try Self.includesData(input)
        if let name = input["name"]?.string { try Self.checkName(name) }
        let machine = try machine(of: record.revision, workflow: .express)
        let name = input["name"]?.string ?? clock.uuid()
        let arn = account.arn("states", "express:\(record.name):\(name):\(clock.uuid())")
        let startedAt = clock.now().milliseconds
        let runner = ExecutionRunner(
            Execution(of: machine, as: identity(arn, name, record, at: startedAt), input: document), keeping: .nothing,
            logging: logging(of: record.revision, machine: record.name, at: clock.now().milliseconds), service: self)
        begin(runner, arn: arn)
        let outcome = await runner.outcome.value
        var answer: JSONObject = [
            "executionArn": .string(arn), "stateMachineArn": .string(record.arn), "name": .string(name),
            "startDate": Timestamp.json(startedAt), "stopDate": clock.now().json,
            "status": .string(outcome.status), "input": .string(inputText), "inputDetails": ["included": true],
            "billingDetails": ["billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 100],
        ]
        answer.add(outcome)
        if !isWhole { for member in ["input", "inputDetails", "output", "outputDetails"] { answer[member] = nil } }
        return .object(answer)
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html>
    func stopExecution(_ input: JSON) async throws -> JSON {
        let arn = try input.required("executionArn")
        if arn.split(separator: ":").dropFirst(5).first == "express" { throw AWSFault.stateMachineTypeNotSupported() }
        try Self.checkFailure(input)
        let execution = try execution(arn)
        if let stoppedAt = execution.stoppedAt { return ["stopDate": Timestamp.json(stoppedAt)] }
        if let runner = await runner(of: arn) {
            await runner.give(.aborted(ErrorOutput(error: input["error"]?.string, cause: input["cause"]?.string)))
            _ = await runner.outcome.value
        }
        return ["stopDate": Timestamp.json(try self.execution(arn).stoppedAt ?? clock.now().milliseconds)]
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html>
    func describeExecution(_ input: JSON) throws -> JSON {
        let execution = try execution(try input.required("executionArn"))
        var answer = execution.summary
        let isWhole = try Self.includesData(input)
        if isWhole {
            answer["input"] = .string(execution.input)
            answer["inputDetails"] = ["included": true]
        }
        if isWhole, let output = execution.output {
            answer["output"] = .string(output)
            answer["outputDetails"] = ["included": true]
        }
        answer["error"] = .text(execution.error)
        answer["cause"] = .text(execution.cause)
        let reason = Self.reasonAgainstRedrive(execution, at: clock.now().milliseconds)
        answer["redriveStatus"] = reason == nil ? "REDRIVABLE" : "NOT_REDRIVABLE"
        answer["redriveStatusReason"] = .text(reason)
        return .object(answer)
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html>
    func listExecutions(_ input: JSON) throws -> JSON {
        if let run = input["mapRunArn"]?.string { return try listExecutions(ofMapRun: run, input) }
        let text = try input.required("stateMachineArn")
        let arn = try StateMachineARN(text)
        let page = try Page(input, from: Int64.max)
        let status = input["statusFilter"]?.string
        try Self.check(
            "statusFilter", of: input,
            in: ["SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING"])
        let rows = try store.read { snapshot in
            guard let machine = try snapshot.stateMachine(arn) else { throw AWSFault.stateMachineDoesNotExist(text) }
            guard machine.workflow == .standard else { throw AWSFault.stateMachineTypeNotSupported() }
            return try snapshot.all(
                """
                SELECT \(ExecutionRecord.columns) FROM executions
                WHERE machine = ?1 AND (?2 IS NULL OR status = ?2) AND id < ?3 AND (?4 IS NULL OR version_arn = ?4)
                AND (?5 IS NULL OR alias_arn = ?5) ORDER BY id DESC LIMIT ?6
                """, .integer(machine.id), .text(status), .integer(page.after),
                .text(machine.aliasARN == nil ? machine.versionARN : nil), .text(machine.aliasARN),
                .integer(page.size + 1)
            ) { row in
                let execution = ExecutionRecord(row)
                return (id: execution.id, json: JSON.object(execution.summary))
            }
        }
        return page.answer("executions", rows)
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html>
    func executionHistory(_ input: JSON) throws -> JSON {
        let execution = try execution(try input.required("executionArn"))
        let page = try Page(input)
        func shown(_ event: JSON) -> JSON {
            input["includeExecutionData"]?.bool == false ? Self.withoutData(event) : event
        }
        if input["reverseOrder"]?.bool == true {
            let events = try events(of: execution, after: 0, limit: Int.max).reversed().dropFirst(Int(page.after))
            let rows = events.prefix(page.size + 1).enumerated().map {
                (id: page.after + Int64($0) + 1, json: shown($1))
            }
            return page.answer("events", rows)
        }
        let events = try events(of: execution, after: page.after, limit: page.size + 1)
        return page.answer("events", events.map { (id: Int64($0["id"]?.int ?? 0), json: shown($0)) })
    }

    /// An event without inputs, outputs, parameters and variables.
    private static func withoutData(_ event: JSON) -> JSON {
        let data: Set = ["input", "output", "parameters", "inputDetails", "outputDetails", "assignedVariables"]
        return .object(
            JSONObject(
                (event.object ?? [:]).map { name, value in
                    guard let details = value.object else { return (name, value) }
                    return (
                        name,
                        .object(JSONObject(details.filter { !data.contains($0.name) }.map { ($0.name, $0.value) }))
                    )
                }))
    }

    /// The events with IDs above `after`: at most `limit`, plus the rest of the last event's commit.
    private func events(of execution: ExecutionRecord, after: Int64, limit: Int) throws -> [JSON] {
        try store.read { snapshot in
            var events: [JSON] = []
            let rows = try snapshot.all(
                """
                SELECT events FROM execution_log WHERE execution = ? AND last_event > ? ORDER BY sequence LIMIT ?
                """, .integer(execution.id), .integer(after), .integer(min(limit, 1_000_000))
            ) { $0.text(0) }
            for row in rows where events.count < limit {
                let batch = (try? JSON(parsing: row))?.array ?? []
                events += batch.filter { Int64($0["id"]?.int ?? 0) > after }
            }
            return events
        }
    }

    func execution(_ arn: String) throws -> ExecutionRecord {
        guard ARN(arn)?.resource.hasPrefix("execution:") == true else { throw AWSFault.invalidARN(arn) }
        guard let execution = try store.read({ try $0.execution(arn) }) else {
            throw AWSFault.executionDoesNotExist(arn)
        }
        return execution
    }

    /// SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat.
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html>
    func sendTask(_ action: String, _ input: JSON) async throws -> JSON {
        let token = try input.required("taskToken")
        guard let place = TaskTokenPlace(token) else { throw AWSFault.invalidToken("Invalid token") }
        guard let runner = await runner(of: place.execution) else { throw AWSFault.taskTimedOut() }
        guard await runner.token(ofTask: place.task) == token else { throw AWSFault.taskTimedOut() }
        switch action {
        case "SendTaskSuccess":
            do {
                let output = try input.required("output")
                guard output.utf8.count <= Execution.payloadLimitInBytes else {
                    throw AWSFault.tooLong("output", limit: Execution.payloadLimitInBytes)
                }
                await runner.give(.taskSucceeded(place.task, output: try JSON(parsing: output)))
            } catch let error as JSONError {
                throw AWSFault("InvalidOutput", "Invalid Output: '\(error)'")
            }
        case "SendTaskFailure":
            try Self.checkFailure(input)
            let failure = ErrorOutput(error: input["error"]?.string, cause: input["cause"]?.string)
            await runner.give(.taskFailed(place.task, failure))
        default: await runner.give(.taskHeartbeat(place.task))
        }
        return [:]
    }

}

/// The execution and the task in a task token.
private struct TaskTokenPlace {
    let execution: String
    let task: TaskID

    init?(_ token: String) {
        guard let bytes = [UInt8](base64: token) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.count == 3, let task = TaskID(lines[1]) else { return nil }
        execution = String(lines[0])
        self.task = task
    }
}

extension JSONObject {
    mutating func add(_ outcome: Outcome) {
        switch outcome {
        case .succeeded(let output):
            self["output"] = .string(output.text)
            self["outputDetails"] = ["included": true]
        case .failed(let failure), .timedOut(let failure), .aborted(let failure):
            self["error"] = .text(failure.error)
            self["cause"] = .text(failure.cause)
        }
    }
}
