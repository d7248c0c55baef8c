internal import AWSClient
internal import Console
internal import EmulatorCore
internal import JSON
internal import Time

extension PipelineSource {
    /// The events of an execution that are read.
    private static let eventLimit = 3000

    /// Bytes of history that are read: each event may have a whole input.
    private static let historyLimit = 8 << 20

    func executions(_ filter: ExecutionFilter) throws(ConsoleFault) -> JSON {
        let prefix = pipeline.functionPrefix
        let all = try call("states", "AWSStepFunctions", "ListStateMachines", ["maxResults": 1000])
        let machines = (all["stateMachines"]?.array ?? []).compactMap { found -> JSON? in
            guard let name = found["name"]?.string, name.hasPrefix(prefix) else { return nil }
            return [
                "name": .string(String(name.dropFirst(prefix.count))), "type": found["type"] ?? .null,
                "state_machine_arn": found["stateMachineArn"] ?? .null,
            ]
        }
        if let run = filter.mapRun {
            return [
                "executions": .array(try children(of: run, filter)), "machines": .array(machines),
                "map_run": try mapRun(run),
            ]
        }
        let columns = OperationTable.executionRuns.columns.map(\.name)
        var rows: [JSON] = []
        for found in machines {
            guard let name = found["name"]?.string, filter.machine == nil || filter.machine == name else { continue }
            guard found["type"]?.string != "EXPRESS" else {
                rows += expressFailures(of: name, filter)
                continue
            }
            var values: [String: Set<String>] = ["state_machine": [name]]
            if let status = filter.status { values["status"] = [status] }
            var count = 0
            try anyFaults {
                try ExecutionRows(
                    pipeline.client, prefix: prefix, QueryConditions(values: values), statement: "SELECT name"
                ).forEach { cells in
                    rows.append(Self.execution(cells, columns))
                    count += 1
                    return count < filter.limit
                }
            }
        }
        rows.sort { ($0["started_at"]?.string ?? "") > ($1["started_at"]?.string ?? "") }
        return ["executions": .array(Array(rows.prefix(filter.limit))), "machines": .array(machines)]
    }

    /// The executions of a map run.
    private func children(of run: String, _ filter: ExecutionFilter) throws(ConsoleFault) -> [JSON] {
        guard let resource = ARN(run)?.resource, resource.hasPrefix("mapRun:") else {
            throw .badRequest("map_run: expected the ARN of a map run, not \(run)")
        }
        var input: JSONObject = ["mapRunArn": .string(run), "maxResults": .int(filter.limit)]
        input["statusFilter"] = filter.status.map { .string($0) }
        let answer = try states("ListExecutions", .object(input))
        return (answer["executions"]?.array ?? []).map { found in
            let (start, stop) = (Self.instant(found["startDate"]), Self.instant(found["stopDate"]))
            let machine = found["stateMachineArn"]?.string?.split(separator: ":").last.map(String.init) ?? ""
            var row: JSONObject = [
                "execution_arn": found["executionArn"] ?? .null, "name": found["name"] ?? .null,
                "status": found["status"] ?? .null, "state_machine": .string(machine),
            ]
            row["started_at"] = start.map { .string($0.rfc3339) }
            row["stopped_at"] = stop.map { .string($0.rfc3339) }
            if let start, let stop { row["duration"] = .int(stop.milliseconds(since: start)) }
            return .object(row)
        }
    }

    /// A map run: how far its items are, and the execution that it is a part of.
    private func mapRun(_ run: String) throws(ConsoleFault) -> JSON {
        let answer = try states("DescribeMapRun", ["mapRunArn": .string(run)])
        var document: JSONObject = [
            "status": answer["status"] ?? .null, "execution_arn": answer["executionArn"] ?? .null,
        ]
        document["started_at"] = Self.instant(answer["startDate"]).map { .string($0.rfc3339) }
        for name in ["total", "pending", "running", "succeeded", "failed", "timedOut", "aborted"] {
            document[name == "timedOut" ? "timed_out" : name] = answer["itemCounts"]?[name] ?? .null
        }
        return .object(document)
    }

    // MARK: Express

    private func expressLog(of machine: String) -> String {
        "/aws/vendedlogs/states/\(pipeline.functionPrefix)\(machine)"
    }

    /// Express executions that failed lately, of which only the log knows.
    private func expressFailures(of machine: String, _ filter: ExecutionFilter) -> [JSON] {
        if let status = filter.status, !["FAILED", "TIMED_OUT", "ABORTED"].contains(status) { return [] }
        let events = try? FunctionLog.lastEvents(
            of: expressLog(of: machine), matching: "{ $.type = \"Execution*\" }", limit: 500, from: pipeline)
        return (events ?? []).compactMap { event -> JSON? in
            guard let line = try? JSON(parsing: event.message), let arn = line["execution_arn"]?.string,
                let status = Self.statuses[line["type"]?.string ?? ""],
                filter.status == nil || filter.status == status
            else { return nil }
            let at = event.timestamp.rfc3339
            return [
                "execution_arn": .string(arn), "name": .string(Self.expressName(arn)), "status": .string(status),
                "state_machine": .string(machine), "started_at": .string(at), "stopped_at": .string(at),
            ]
        }
    }

    private static let statuses = [
        "ExecutionFailed": "FAILED", "ExecutionTimedOut": "TIMED_OUT", "ExecutionAborted": "ABORTED",
    ]

    /// The name in `arn:aws:states:us-east-1:000000000000:express:machine:name:id`.
    private static func expressName(_ arn: String) -> String {
        let parts = arn.split(separator: ":")
        return parts.count > 7 ? String(parts[7]) : arn
    }

    /// What the log has of an express execution, in the form of the others.
    private func expressExecution(_ arn: String) throws(ConsoleFault) -> JSON {
        let parts = arn.split(separator: ":").map(String.init)
        guard parts.count > 7, parts[6].hasPrefix(pipeline.functionPrefix) else {
            throw .notFound("the pipeline has no execution \(arn)")
        }
        let machine = String(parts[6].dropFirst(pipeline.functionPrefix.count))
        let lines: [FunctionLog.Event]
        do throws(AWSError) {
            lines = try FunctionLog.lastEvents(
                of: expressLog(of: machine), matching: "\"\(parts[parts.count - 1].filter { $0 != "\"" })\"",
                limit: 500,
                from: pipeline)
        } catch {
            guard error.code == "ResourceNotFoundException" else { throw fault(pipeline.failure(error)) }
            throw .notFound("there is no log of the executions of \(machine)")
        }
        let found = lines.compactMap { try? JSON(parsing: $0.message) }.filter { $0["execution_arn"]?.string == arn }
        guard !found.isEmpty else {
            throw .notFound(
                "the log of \(machine) has nothing of \(arn): express executions that succeed are not logged")
        }
        let definition = try? states(
            "DescribeStateMachine",
            ["stateMachineArn": .string((parts[0..<5] + ["stateMachine", parts[6]]).joined(separator: ":"))])
        var execution: JSONObject = [
            "execution_arn": .string(arn), "name": .string(Self.expressName(arn)), "state_machine": .string(machine),
            "status": "FAILED",
        ]
        var events: [JSON] = []
        for line in found {
            let type = line["type"]?.string ?? ""
            let at = line["event_timestamp"]?.string.flatMap { Int64($0) }.map { Timestamp(milliseconds: $0).rfc3339 }
            if let status = Self.statuses[type] {
                execution["status"] = .string(status)
                execution["error"] = line["details"]?["error"]
                execution["cause"] = line["details"]?["cause"]
                execution["stopped_at"] = at.map { .string($0) }
            }
            var event: JSONObject = [
                "id": .int(line["id"]?.string.flatMap { Int($0) } ?? 0), "type": .string(type),
                "previousEventId": .int(line["previous_event_id"]?.string.flatMap { Int($0) } ?? 0),
            ]
            event["timestamp"] = at.map { .string($0) }
            event["\(type.prefix(1).lowercased())\(type.dropFirst())EventDetails"] = line["details"]
            events.append(.object(event))
        }
        let text = definition?["definition"]?.string.flatMap { try? JSON(parsing: $0) }
        return [
            "execution": .object(execution), "definition": text ?? .null, "events": .array(events),
            "truncated": false,
        ]
    }

    // MARK: Standard

    /// A row with the API's names; times as elsewhere in it.
    private static func execution(_ cells: [String?], _ columns: [String]) -> JSON {
        var object = JSONObject()
        for (name, cell) in zip(columns, cells) {
            switch name {
            case "start_date": object["started_at"] = cell.map { .string($0.replacing(" ", with: "T") + "Z") }
            case "stop_date": object["stopped_at"] = cell.map { .string($0.replacing(" ", with: "T") + "Z") }
            case "duration": object["duration"] = cell.flatMap { Int($0) }.map { .int($0) }
            default: object[name] = cell.map { .string($0) }
            }
        }
        return .object(object)
    }

    func execution(_ arn: String) throws(ConsoleFault) -> JSON {
        guard ARN(arn)?.service == "states" else {
            throw .badRequest("expected the ARN of an execution, not \(arn)")
        }
        if arn.contains(":express:") { return try expressExecution(arn) }
        let described = try states("DescribeExecution", ["executionArn": .string(arn)])
        let machine = try states("DescribeStateMachineForExecution", ["executionArn": .string(arn)])
        var events: [JSON] = []
        var token: JSON?
        var size = 0
        repeat {
            var input: JSONObject = [
                "executionArn": .string(arn), "maxResults": 200, "includeExecutionData": true,
            ]
            input["nextToken"] = token
            let page = try states("GetExecutionHistory", .object(input))
            let found = page["events"]?.array ?? []
            size += found.reduce(0) { $0 + Self.payloadSize($1) }
            events += found.map(Self.event)
            token = page["nextToken"]
        } while token?.string != nil && events.count < Self.eventLimit && size < Self.historyLimit
        let name = described["stateMachineArn"]?.string?.split(separator: ":").last.map(String.init) ?? ""
        let prefix = pipeline.functionPrefix
        var execution: JSONObject = [
            "execution_arn": .string(arn), "name": described["name"] ?? .null,
            "state_machine": .string(name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name),
            "status": described["status"] ?? .null,
        ]
        let (start, stop) = (Self.instant(described["startDate"]), Self.instant(described["stopDate"]))
        execution["started_at"] = start.map { .string($0.rfc3339) }
        execution["stopped_at"] = stop.map { .string($0.rfc3339) }
        if let start, let stop { execution["duration"] = .int(stop.milliseconds(since: start)) }
        for (name, own) in [
            ("input", "input"), ("output", "output"), ("error", "error"), ("cause", "cause"),
            ("redriveStatus", "redrive_status"),
        ] {
            execution[own] = described[name]
        }
        let definition = machine["definition"]?.string.flatMap { try? JSON(parsing: $0) }
        return [
            "execution": .object(execution), "definition": definition ?? .null, "events": .array(events),
            "truncated": .bool(token?.string != nil),
        ]
    }

    func redrive(_ arn: String) throws(ConsoleFault) -> JSON {
        let answer = try states(
            "RedriveExecution",
            ["executionArn": .string(arn), "clientToken": .string(ClockAndChance.system.uuid())], isRepeatable: false)
        return [
            "execution_arn": .string(arn),
            "redriven_at": Self.event(["timestamp": answer["redriveDate"] ?? .null])["timestamp"] ?? .null,
        ]
    }

    func rerun(_ arn: String) throws(ConsoleFault) -> JSON {
        guard let run = ARN(arn), run.service == "states", !run.resource.hasPrefix("express:") else {
            throw .badRequest("expected the ARN of a standard execution, not \(arn)")
        }
        let described = try states("DescribeExecution", ["executionArn": .string(arn)])
        return try start(described["stateMachineArn"]?.string ?? "", input: described["input"]?.string ?? "{}")
    }

    func start(machine: String) throws(ConsoleFault) -> JSON {
        guard let known = pipeline.silverMachine ?? pipeline.goldMachine, let colon = known.lastIndex(of: ":") else {
            throw .badRequest("the pipeline has no state machine of silver or gold; name its stack with --stack")
        }
        return try start("\(known[...colon])\(pipeline.functionPrefix)\(machine)", input: "{}")
    }

    private func start(_ machine: String, input: String) throws(ConsoleFault) -> JSON {
        let answer = try states(
            "StartExecution", ["stateMachineArn": .string(machine), "input": .string(input)], isRepeatable: false)
        return ["execution_arn": answer["executionArn"] ?? ""]
    }

    private func states(_ action: String, _ input: JSON, isRepeatable: Bool = true) throws(ConsoleFault) -> JSON {
        do throws(AWSError) {
            return try pipeline.client.jsonCall(
                service: "states", target: "AWSStepFunctions", action: action, input: input, isRepeatable: isRepeatable)
        } catch {
            switch error.code {
            case "ExecutionDoesNotExist":
                throw .notFound("there is no such execution; Step Functions keeps one for 90 days")
            case "StateMachineDoesNotExist": throw .notFound("the pipeline has no such state machine: \(error)")
            case "InvalidArn", "ValidationException", "ExecutionNotRedrivable": throw .badRequest("\(error)")
            default: throw fault(pipeline.failure(error))
            }
        }
    }

    /// Bytes of an event's inputs and outputs.
    private static func payloadSize(_ event: JSON) -> Int {
        (event.object ?? [:]).reduce(0) { sum, member in
            (member.value.object ?? [:]).reduce(sum) { $0 + ($1.value.string?.utf8.count ?? 0) }
        }
    }

    /// An event with its time as text, as all times of the API.
    private static func event(_ event: JSON) -> JSON {
        guard var object = event.object else { return event }
        object["timestamp"] = instant(event["timestamp"]).map { .string($0.rfc3339) }
        return .object(object)
    }

    /// Step Functions writes a time as seconds since 1970.
    static func instant(_ value: JSON?) -> Timestamp? {
        guard let seconds = value?.double, abs(seconds) < 1e11 else { return nil }
        return Timestamp(milliseconds: Int64((seconds * 1000).rounded()))
    }

    /// Errors of what throws several kinds.
    func anyFaults<Result>(_ body: () throws -> Result) throws(ConsoleFault) -> Result {
        do { return try body() } catch let fault as ConsoleFault { throw fault } catch let failure as CommandFailure {
            throw fault(failure)
        } catch let error as AWSError { throw fault(pipeline.failure(error)) } catch { throw .failed("\(error)") }
    }

    /// A row of a table of operations as a document.
    static func row(_ cells: [String?], _ columns: [String]) -> JSON {
        var object = JSONObject()
        for (name, cell) in zip(columns, cells) {
            // The page's words for the columns of quarantine files.
            let name = name == "column_name" ? "column" : name
            object[name] = cell.map { .string($0) } ?? .null
        }
        return .object(object)
    }
}
