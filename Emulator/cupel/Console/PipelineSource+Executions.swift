internal import AWSClient
internal import Console
internal import EmulatorCore
internal import JSON
internal import Time

extension PipelineSource {
    /// The events of an execution that are read.
    private static let eventLimit = 3000

    func executions(machine: String?, status: String?, limit: Int) throws(ConsoleFault) -> JSON {
        let prefix = pipeline.functionPrefix
        let all = try call("states", "AWSStepFunctions", "ListStateMachines", ["maxResults": 1000])
        let machines = (all["stateMachines"]?.array ?? []).compactMap { found -> JSON? in
            guard let name = found["name"]?.string, name.hasPrefix(prefix) else { return nil }
            return [
                "name": .string(String(name.dropFirst(prefix.count))), "type": found["type"] ?? .null,
                "state_machine_arn": found["stateMachineArn"] ?? .null,
            ]
        }
        let columns = OperationTable.executionRuns.columns.map(\.name)
        var rows: [JSON] = []
        for found in machines {
            guard let name = found["name"]?.string, machine == nil || machine == name,
                found["type"]?.string != "EXPRESS"
            else { continue }
            var values: [String: Set<String>] = ["state_machine": [name]]
            if let status { values["status"] = [status] }
            var count = 0
            try anyFaults {
                try ExecutionRows(
                    pipeline.client, prefix: prefix, QueryConditions(values: values), statement: "SELECT name"
                ).forEach { cells in
                    rows.append(Self.execution(cells, columns))
                    count += 1
                    return count < limit
                }
            }
        }
        rows.sort { ($0["started_at"]?.string ?? "") > ($1["started_at"]?.string ?? "") }
        return ["executions": .array(Array(rows.prefix(limit))), "machines": .array(machines)]
    }

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
        let described = try states("DescribeExecution", ["executionArn": .string(arn)])
        let machine = try states("DescribeStateMachineForExecution", ["executionArn": .string(arn)])
        var events: [JSON] = []
        var token: JSON?
        repeat {
            var input: JSONObject = [
                "executionArn": .string(arn), "maxResults": 1000, "includeExecutionData": true,
            ]
            input["nextToken"] = token
            let page = try states("GetExecutionHistory", .object(input))
            events += (page["events"]?.array ?? []).map(Self.event)
            token = page["nextToken"]
        } while token?.string != nil && events.count < Self.eventLimit
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

    private func states(_ action: String, _ input: JSON, isRepeatable: Bool = true) throws(ConsoleFault) -> JSON {
        do throws(AWSError) {
            return try pipeline.client.jsonCall(
                service: "states", target: "AWSStepFunctions", action: action, input: input, isRepeatable: isRepeatable)
        } catch {
            switch error.code {
            case "ExecutionDoesNotExist":
                throw .notFound("there is no such execution; Step Functions keeps one for 90 days")
            case "InvalidArn", "ValidationException", "ExecutionNotRedrivable": throw .badRequest("\(error)")
            default: throw fault(pipeline.failure(error))
            }
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
