@testable import EmulatedStepFunctions
import EmulatorCore
import Foundation
import JSON
import Synchronization
import Testing
import Time

/// Executions that never end by themselves: they can be stopped, and everything else is served beside them.
struct BoundedExecutionTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sfn-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    /// - Parameter speed: how many times as fast executions wait.
    private func open(
        _ folder: String, clock: ClockAndChance = .system, speed: Double = 1
    ) throws -> (Store, StepFunctionsService) {
        let store = try Store(directory: folder, schema: StepFunctionsService.schema)
        return (store, StepFunctionsService(store: store, clock: clock, speed: speed))
    }

    /// - Parameter work: what each round computes.
    private func loop(work: JSON = 1) -> JSON {
        [
            "StartAt": "A", "QueryLanguage": "JSONata",
            "States": [
                "A": ["Type": "Pass", "Output": work, "Next": "B"],
                "B": [
                    "Type": "Choice", "Choices": [["Condition": "{% $states.input = 'stop' %}", "Next": "C"]],
                    "Default": "A",
                ],
                "C": ["Type": "Succeed"],
            ],
        ]
    }

    /// An evaluation that takes a good part of what one may take.
    private let heavy: JSON = "{% $sum($map([1..5000], function($i) { $i * 2 })) %}"

    private func create(
        _ definition: JSON, named name: String = "m", type: JSON = "STANDARD", in service: StepFunctionsService
    ) async throws -> JSON {
        let machine = try await service.perform(
            "CreateStateMachine",
            [
                "name": .string(name), "definition": .string(definition.text), "type": type,
                "roleArn": "arn:aws:iam::000000000000:role/r",
            ])
        return machine["stateMachineArn"] ?? .null
    }

    private func start(_ machine: JSON, in service: StepFunctionsService) async throws -> JSON {
        try await service.perform("StartExecution", ["stateMachineArn": machine])["executionArn"] ?? .null
    }

    private func describe(_ execution: JSON, in service: StepFunctionsService) async throws -> JSON {
        try await service.perform("DescribeExecution", ["executionArn": execution])
    }

    private func end(of execution: JSON, in service: StepFunctionsService) async throws -> JSON {
        while true {
            let described = try await describe(execution, in: service)
            if described["status"] != "RUNNING" { return described }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private let quick: JSON = ["StartAt": "A", "States": ["A": ["Type": "Pass", "End": true]]]

    @Test("looping executions are stopped, and another one ends beside them")
    func stop() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            defer { store.close() }
            let machine = try await create(loop(work: heavy), in: service)
            var executions: [JSON] = []
            for _ in 0..<4 { executions.append(try await start(machine, in: service)) }
            let other = try await start(try await create(quick, named: "quick", in: service), in: service)
            #expect(try await end(of: other, in: service)["status"] == "SUCCEEDED")
            for execution in executions {
                #expect(try await describe(execution, in: service)["status"] == "RUNNING")
                _ = try await service.perform("StopExecution", ["executionArn": execution, "error": "enough"])
                let described = try await describe(execution, in: service)
                #expect(described["status"] == "ABORTED")
                #expect(described["error"] == "enough")
            }
        }
    }

    @Test("a loop fails when its history is full")
    func historyLimit() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder, speed: 1000)
            defer { store.close() }
            let execution = try await start(try await create(loop(), in: service), in: service)
            let described = try await end(of: execution, in: service)
            #expect(described["status"] == "FAILED")
            #expect(described["error"] == "States.Runtime")
            #expect(described["cause"] == "The execution reached the maximum number of history events (25000).")
            let last = try await service.perform(
                "GetExecutionHistory", ["executionArn": execution, "reverseOrder": true, "maxResults": 1])
            #expect(last["events"]?[0]?["id"] == 25_000)
            #expect(last["events"]?[0]?["type"] == "ExecutionFailed")
        }
    }

    @Test("a loop pauses between its slices once it has run for long; a map over many items does not")
    func pauses() async throws {
        try await withFolder { folder in
            let pauses = Mutex(0)
            let clock = ClockAndChance(sleep: { _ in pauses.withLock { $0 += 1 } })
            let (store, service) = try open(folder, clock: clock)
            defer { store.close() }
            let map: JSON = [
                "StartAt": "M",
                "States": [
                    "M": [
                        "Type": "Map",
                        "ItemProcessor": ["StartAt": "A", "States": ["A": ["Type": "Pass", "End": true]]],
                        "End": true,
                    ]
                ],
            ]
            let machine = try await create(map, named: "map", in: service)
            let items = JSON.array((0..<500).map { .int($0) }).text
            let short =
                try await service.perform(
                    "StartExecution", ["stateMachineArn": machine, "input": .string(items)])["executionArn"] ?? .null
            #expect(try await end(of: short, in: service)["status"] == "SUCCEEDED")
            #expect(pauses.withLock { $0 } == 0)
            let long = try await start(try await create(loop(), in: service), in: service)
            #expect(try await end(of: long, in: service)["error"] == "States.Runtime")
            // 25,000 events are 12,500 states, in slices of a hundred.
            #expect((90...125).contains(pauses.withLock { $0 }), "\(pauses.withLock { $0 })")
        }
    }

    @Test("a restart resumes looping executions in the background, and they can be stopped at once")
    func restart() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            let machine = try await create(loop(work: heavy), in: service)
            var executions: [JSON] = []
            for _ in 0..<3 { executions.append(try await start(machine, in: service)) }
            while try store.read({ try $0.first("SELECT max(sequence) FROM execution_log") { $0.integer(0) } }) ?? 0 < 3
            {
                try await Task.sleep(for: .milliseconds(2))
            }
            store.close()

            let (reopened, resumed) = try open(folder)
            defer { reopened.close() }
            try await resumed.start()
            let other = try await start(try await create(quick, named: "quick", in: resumed), in: resumed)
            #expect(try await end(of: other, in: resumed)["status"] == "SUCCEEDED")
            for execution in executions {
                #expect(try await describe(execution, in: resumed)["status"] == "RUNNING")
                _ = try await resumed.perform("StopExecution", ["executionArn": execution])
                #expect(try await describe(execution, in: resumed)["status"] == "ABORTED")
            }
        }
    }

    @Test("an execution continues after a restart where its log ends")
    func replay() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            let execution = try await start(try await create(loop(), in: service), in: service)
            while try store.read({ try $0.first("SELECT count(*) FROM execution_log") { $0.integer(0) } }) ?? 0 < 30 {
                try await Task.sleep(for: .milliseconds(1))
            }
            store.close()
            let (reopened, resumed) = try open(folder, speed: 1000)
            defer { reopened.close() }
            try await resumed.start()
            #expect(try await end(of: execution, in: resumed)["error"] == "States.Runtime")
            var (ids, token): ([Int], JSON?) = ([], nil)
            repeat {
                var request: JSONObject = ["executionArn": execution, "maxResults": 1000]
                request["nextToken"] = token
                let page = try await resumed.perform("GetExecutionHistory", .object(request))
                ids += (page["events"]?.array ?? []).compactMap { $0["id"]?.int }
                token = page["nextToken"]
            } while token != nil
            #expect(ids == Array(1...25_000))
        }
    }

    @Test("an execution whose machine can no longer be read fails after a restart")
    func unreadableMachine() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            let wait: JSON = ["StartAt": "A", "States": ["A": ["Type": "Wait", "Seconds": 3600, "End": true]]]
            let execution = try await start(try await create(wait, in: service), in: service)
            try await store.write { try $0.execute("UPDATE state_machine_revisions SET definition = '{}'") }
            store.close()
            let (reopened, resumed) = try open(folder)
            defer { reopened.close() }
            try await resumed.start()
            #expect(try await end(of: execution, in: resumed)["error"] == "States.Runtime")
        }
    }

    @Test("an express loop ends with the time limit of its machine")
    func expressLoop() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            defer { store.close() }
            var definition = loop().object ?? [:]
            definition["TimeoutSeconds"] = 1
            let machine = try await create(.object(definition), type: "EXPRESS", in: service)
            let answer = try await service.perform("StartSyncExecution", ["stateMachineArn": machine])
            #expect(answer["status"] == "TIMED_OUT")
            #expect(answer["error"] == "States.Timeout")
        }
    }

    @Test("an input above 262,144 bytes and a definition above 1 MiB are refused")
    func sizes() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            defer { store.close() }
            let machine = try await create(quick, in: service)
            func refusal(_ action: String, _ input: JSON) async throws -> String? {
                await #expect(throws: AWSFault.self) { try await service.perform(action, input) }?.message
            }
            let large = JSON.string(JSON.string(String(repeating: "a", count: 262_143)).text)
            for action in ["StartExecution", "StartSyncExecution"] {
                let message = try await refusal(action, ["stateMachineArn": machine, "input": large])
                #expect(
                    message
                        == "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have "
                        + "length less than or equal to 262144")
            }
            var definition = quick.object ?? [:]
            definition["Comment"] = .string(String(repeating: "a", count: 1_048_576))
            let text = JSON.string(JSON.object(definition).text)
            for action in ["CreateStateMachine", "ValidateStateMachineDefinition", "TestState"] {
                let message = try await refusal(
                    action, ["name": "n", "definition": text, "roleArn": "arn:aws:iam::1:role/r"])
                #expect(message?.hasSuffix("Member must have length less than or equal to 1048576") == true)
            }
        }
    }
}
