internal import ASL
internal import EmulatorCore
internal import JSON
internal import Time

/// Runs of distributed Map states.
extension StepFunctionsService {
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListMapRuns.html>
    func listMapRuns(_ input: JSON) throws -> JSON {
        let execution = try execution(try input.required("executionArn"))
        let page = try Page(input)
        let rows = try store.read { snapshot in
            try snapshot.all(
                "SELECT arn, started_at, stopped_at FROM map_runs WHERE execution = ? ORDER BY started_at, arn",
                .text(execution.arn)
            ) { row -> JSON in
                var run: JSONObject = [
                    "executionArn": .string(execution.arn), "mapRunArn": .string(row.text(0)),
                    "startDate": Timestamp.json(row.integer(1)),
                    "stateMachineArn": .string(Self.machine(ofMapRun: row.text(0), in: execution.machineARN)),
                ]
                run["stopDate"] = row.integerOrNil(2).map { Timestamp.json($0) }
                return .object(run)
            }
        }
        let rest = rows.enumerated().map { (id: Int64($0) + 1, json: $1) }.dropFirst(Int(page.after))
        return page.answer("mapRuns", Array(rest.prefix(page.size + 1)))
    }

    /// `…:stateMachine:NAME/LABEL`: a map run's own machine, by the label in `…:mapRun:NAME/LABEL:ID`.
    private static func machine(ofMapRun arn: String, in machine: String) -> String {
        let label = arn.split(separator: "/").last?.split(separator: ":").first ?? ""
        return "\(machine)/\(label)"
    }

    private static func checkMapRunARN(_ arn: String) throws(AWSFault) {
        guard let resource = ARN(arn)?.resource, resource.hasPrefix("mapRun:") else { throw .invalidARN(arn) }
    }

    private static func noMapRun(_ arn: String) -> AWSFault {
        AWSFault("ResourceNotFound", "Map Run Does Not Exist: '\(arn)'")
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateMapRun.html>
    func updateMapRun(_ input: JSON) async throws -> JSON {
        let arn = try input.required("mapRunArn")
        try Self.checkMapRunARN(arn)
        var update = MapRunUpdate(arn: arn)
        update.maxConcurrency = try Self.count("maxConcurrency", in: input)
        update.toleratedFailureCount = try Self.count("toleratedFailureCount", in: input)
        if let value = input["toleratedFailurePercentage"] {
            guard let share = value.double, (0...100).contains(share) else {
                let bound = (value.double ?? 0) < 0 ? "greater than or equal to 0" : "less than or equal to 100"
                throw AWSFault.constraint(value.text, at: "toleratedFailurePercentage", "have value \(bound)")
            }
            update.toleratedFailurePercentage = share
        }
        let stored = try store.read { snapshot in
            try snapshot.first("SELECT execution, status FROM map_runs WHERE arn = ?", .text(arn)) {
                (execution: $0.text(0), status: $0.text(1))
            }
        }
        guard let stored else { throw Self.noMapRun(arn) }
        guard stored.status == "RUNNING", let runner = await runner(of: stored.execution) else {
            throw AWSFault.stepFunctionsValidation("Map Run '\(arn)' is \(stored.status) and cannot be updated")
        }
        await runner.give(.mapRunUpdated(update))
        return [:]
    }

    private static func count(_ name: String, in input: JSON) throws(AWSFault) -> Int? {
        guard let value = input[name] else { return nil }
        guard let count = value.int, count >= 0 else {
            throw .constraint(value.text, at: name, "have value greater than or equal to 0")
        }
        return count
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html>
    func describeMapRun(_ input: JSON) async throws -> JSON {
        let arn = try input.required("mapRunArn")
        try Self.checkMapRunARN(arn)
        let stored = try store.read { snapshot in
            try snapshot.first(
                "SELECT execution, status, started_at, stopped_at, report FROM map_runs WHERE arn = ?", .text(arn)
            ) {
                (
                    execution: $0.text(0), status: $0.text(1), startedAt: $0.integer(2), stoppedAt: $0.integerOrNil(3),
                    report: $0.text(4)
                )
            }
        }
        guard let stored else { throw Self.noMapRun(arn) }
        var report = (try? JSON(parsing: stored.report))?.object ?? [:]
        if stored.stoppedAt == nil, let live = await runner(of: stored.execution)?.mapRun(arn) {
            report = live.members
        }
        report["mapRunArn"] = .string(arn)
        report["executionArn"] = .string(stored.execution)
        report["status"] = .string(stored.status)
        report["startDate"] = Timestamp.json(stored.startedAt)
        report["stopDate"] = stored.stoppedAt.map { Timestamp.json($0) }
        return .object(report)
    }
}

extension MapRunReport {
    /// What does not change with the run's dates, as DescribeMapRun answers it.
    fileprivate var members: JSONObject {
        let counts: JSON = [
            "aborted": .int(aborted), "failed": .int(failed), "pending": .int(pending), "running": .int(running),
            "succeeded": .int(succeeded), "timedOut": 0, "total": .int(total),
            "resultsWritten": .int(status == .succeeded ? succeeded : 0),
        ]
        return [
            "maxConcurrency": .int(maxConcurrency), "toleratedFailureCount": .int(toleratedFailureCount),
            "toleratedFailurePercentage": JSONNumber(toleratedFailurePercentage).map { .number($0) } ?? 0,
            "itemCounts": counts, "executionCounts": counts,
        ]
    }
}

extension Transaction {
    func record(_ run: MapRunReport, of execution: String, at now: Int64) throws {
        try execute(
            """
            INSERT INTO map_runs (arn, execution, status, started_at, stopped_at, report) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (arn) DO UPDATE SET status = ?3, stopped_at = ?5, report = ?6
            """, .text(run.arn), .text(execution), .text(run.status.rawValue), .integer(now),
            run.status == .running ? .null : .integer(now), .text(JSON.object(run.members).text))
    }
}
