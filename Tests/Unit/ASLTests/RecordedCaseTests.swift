import ASL
import Foundation
import JSON
import Testing
import Time

/// Cases recorded on AWS, repeated by the interpreter. Their folder is not part of the repository.
struct RecordedCaseTests {
    static let executions = RecordedCase.all.filter { recorded in
        recorded.kind == "exec" && Set(recorded.needs).isSubset(of: ["lambda"])
            && peculiarities[recorded.id] == nil
    }

    static let refusals = RecordedCase.all.filter { recorded in
        recorded.kind == "create_error" && recorded.needs.isEmpty && recorded.category == "validation"
    }

    /// Recordings that depend on the recorder or on other services, with the reason.
    static let peculiarities = [
        "services.lambda_task_service.invoke_unsupported_param": "the log tail comes from the Lambda service",
        "scenarios.base_scenarios.max_concurrency_path_negative": "on AWS the execution stays at its first event",
        "scenarios.base_scenarios.parallel_state_nested": "names of states were lost in recording",
        "scenarios.base_scenarios.lambda_service_invoke_with_retry_extended_input": "older than RedriveCount",
        "assign.assign_base.base_cases-BASE_PATHS": "quotes were lost in recording",
        "assign.assign_reference_variables.variables_in_lambda_task-BASE_ASSIGN_FROM_LAMBDA_TASK_RESULT":
            "quotes were lost in recording",
        "assign.assign_reference_variables.reference_assign-BASE_REFERENCE_IN_WAIT": "dates were masked in recording",
    ]

    @Test(
        "an invalid definition is refused with the recorded message",
        .enabled(if: !refusals.isEmpty, "the recorded cases are missing"), arguments: refusals)
    func recordedRefusal(recorded: RecordedCase) {
        for run in recorded.runs where run["type"]?.string != nil {
            let expected = run["expected"]?["Error"]?["Message"]?.string ?? run["expected"]?["exception_value"]?.string
            guard let expected, expected.contains("Invalid State Machine Definition") else { continue }
            let definition = run["definition"]?.string ?? run["definition"]?.text ?? ""
            let workflow: StateMachine.Workflow = run["type"] == "EXPRESS" ? .express : .standard
            let error = #expect(throws: InvalidDefinition.self) { try StateMachine(definition, workflow: workflow) }
            let message = expected.components(separatedBy: "operation: ").last ?? expected
            #expect(
                Comparison(expected: .string(message), actual: .string(error?.description ?? "")).differences == [])
        }
    }

    /// Definitions that AWS accepted: those that ran, and those of calls that create a machine.
    static let accepted: [(id: String, definition: String)] = RecordedCase.all.flatMap { recorded in
        let ran = ["exec", "express_sync", "express_async"].contains(recorded.kind) ? recorded.runs : []
        let created = (recorded.document["steps"]?.array ?? []).filter {
            $0["op"]?.string == "create_state_machine" && $0["expected"]?["stateMachineArn"] != nil
        }.map { $0["args"] ?? .null }
        return (ran + created).compactMap { run in
            (run["definition"]?.string ?? run["definition"]?.text).map { (recorded.id, $0) }
        }
    }

    @Test(
        "a definition that AWS accepted is valid", .enabled(if: !accepted.isEmpty, "the recorded cases are missing"))
    func acceptedDefinitions() {
        let activity = "arn:aws:states:us-east-1:111111111111:activity:activity"
        for (id, text) in Self.accepted {
            let definition = text.replacingOccurrences(of: "${r0.activityArn}", with: activity)
            #expect(throws: Never.self, "\(id)") { try StateMachine(definition) }
        }
    }

    @Test(
        "an execution has the recorded result and history",
        .enabled(if: !executions.isEmpty, "the recorded cases are missing"), arguments: executions)
    func recordedExecution(recorded: RecordedCase) throws {
        for run in recorded.runs {
            let (machine, input) = try Self.prepare(run)
            var host = SimulatedHost()
            for function in recorded.document["resources"]?["lambdas"]?.array ?? [] {
                host.functions[function["name"]?.string ?? ""] = function["behaviour"]
            }
            let execution = host.run(machine, input: input)
            let expected = run["expected"] ?? .null
            #expect(Self.resultDifferences(expected, execution) == [], "\(input)")
            let events = expected["events"]?.array ?? []
            guard !events.isEmpty else { continue }
            if recorded.isConcurrent {
                #expect(Self.census(of: events) == Self.census(of: host.events.map(Self.flattened)))
            } else {
                #expect(events.compactMap { $0["type"]?.string } == host.events.map(\.type))
                #expect(Self.eventDifferences(events, host.events) == [])
            }
        }
    }

    private static func prepare(_ run: JSON) throws -> (StateMachine, JSON) {
        let definition = run["definition"]?.string ?? run["definition"]?.text ?? ""
        let soon = Timestamp(seconds: 1_800_000_000)
        var text = run["input"]?.string ?? "{}"
        for days in [24855, 24856] {
            text = text.replacingOccurrences(
                of: "${NOW_PLUS_DAYS:\(days)}", with: soon.advanced(byMilliseconds: Int64(days) * 86_400_000).rfc3339)
        }
        return (try StateMachine(definition), try JSON(parsing: text))
    }

    private static func resultDifferences(_ expected: JSON, _ execution: Execution) -> [String] {
        var actual: JSONObject = ["status": .string(execution.outcome?.status ?? "RUNNING")]
        switch execution.outcome {
        case .succeeded(let output): actual["output"] = .string(output.text)
        case .failed(let failure), .timedOut(let failure), .aborted(let failure):
            actual["error"] = failure.error.map { .string($0) }
            actual["cause"] = failure.cause.map { .string($0) }
        case nil: break
        }
        var relevant = JSONObject()
        for name in ["status", "output", "error", "cause"] { relevant[name] = expected[name] }
        return Comparison(expected: .object(relevant), actual: .object(actual)).differences
    }

    private static func eventDifferences(_ expected: [JSON], _ actual: [HistoryEvent]) -> [String] {
        zip(expected, actual).flatMap { wanted, event -> [String] in
            guard var wanted = wanted.object else { return [] }
            // The simulated exceptions have no Python stack trace.
            if event.type.hasSuffix("Failed") { wanted["cause"] = wanted["cause"].map { _ in .string(Comparison.any) } }
            var flat = flattened(event)
            if wanted["id"] == nil {
                flat["id"] = nil
                flat["prev"] = nil
            }
            return Comparison(expected: .object(wanted), actual: .object(flat)).differences.map { "\(event.id) \($0)" }
        }
    }

    /// The event as in the recordings, with its details beside its IDs.
    private static func flattened(_ event: HistoryEvent) -> JSONObject {
        var flat: JSONObject = [
            "type": .string(event.type), "id": .int(event.id), "prev": .int(event.previousEventID),
        ]
        for (name, value) in event.details ?? [:] where !name.hasSuffix("Details") { flat[name] = value }
        return flat
    }

    private static func census(of events: [JSON]) -> [String: Int] {
        events.reduce(into: [:]) { $0["\($1["type"]?.string ?? "") \($1["name"]?.string ?? "")", default: 0] += 1 }
    }

    private static func census(of events: [JSONObject]) -> [String: Int] { census(of: events.map { .object($0) }) }
}
