@testable import EmulatedStepFunctions
import EmulatorCore
import Foundation
import JSON
import Synchronization
import Testing
import Time

/// A Lambda service whose function is a closure; it records the payloads.
private final class FunctionDouble: FunctionInvoking {
    private let calls = Mutex<[JSON]>([])
    private let answer: @Sendable (JSON) async throws(AWSFault) -> FunctionAnswer

    init(_ answer: @escaping @Sendable (JSON) async throws(AWSFault) -> FunctionAnswer) { self.answer = answer }

    var payloads: [JSON] { calls.withLock { $0 } }

    func invoke(function: String, payload: [UInt8]) async throws(AWSFault) -> FunctionAnswer {
        let input = (try? JSON(parsing: payload)) ?? .null
        calls.withLock { $0.append(input) }
        return try await answer(input)
    }

    func arn(ofFunction function: String) -> ARN? { ARN(function) }
}

struct StepFunctionsServiceTests {
    /// Runs `body` with a new folder, and deletes the folder.
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sfn-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private func open(_ folder: String, lambda: (any FunctionInvoking)? = nil) throws -> (Store, StepFunctionsService) {
        let store = try Store(directory: folder, schema: StepFunctionsService.schema)
        let peers = Peers()
        if let lambda { peers.connect([lambda]) }
        return (store, StepFunctionsService(store: store, peers: peers))
    }

    private func create(
        _ states: JSON, in service: StepFunctionsService, startAt: String = "A", type: JSON = "STANDARD"
    ) async throws -> JSON {
        let definition: JSON = ["StartAt": .string(startAt), "States": states]
        let machine = try await service.perform(
            "CreateStateMachine",
            [
                "name": "m", "definition": .string(definition.text), "roleArn": "arn:aws:iam::000000000000:role/r",
                "type": type,
            ])
        return machine["stateMachineArn"] ?? .null
    }

    private func start(_ machine: JSON, _ input: JSON, in service: StepFunctionsService) async throws -> JSON {
        let started = try await service.perform(
            "StartExecution", ["stateMachineArn": machine, "input": .string(input.text)])
        return started["executionArn"] ?? .null
    }

    private func end(of execution: JSON, in service: StepFunctionsService) async throws -> JSON {
        while true {
            let described = try await service.perform("DescribeExecution", ["executionArn": execution])
            if described["status"] != "RUNNING" { return described }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private let call: JSON = [
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": ["FunctionName": "f", "Payload.$": "$"], "OutputPath": "$.Payload", "End": true,
    ]

    @Test("timers pass as fast as the service is told", arguments: [(1, 90_000), (60, 1500), (0.25, 360_000)])
    func speed(speed: Double, slept: Int64) async throws {
        try await withFolder { folder in
            let store = try Store(directory: folder, schema: StepFunctionsService.schema)
            let sleeps = Mutex<[Int64]>([])
            let now = Timestamp(milliseconds: 1_780_000_000_000)
            let clock = ClockAndChance(
                now: { now }, sleep: { until in sleeps.withLock { $0.append(until.milliseconds(since: now)) } })
            let service = StepFunctionsService(store: store, clock: clock, speed: speed)
            let machine = try await create(["A": ["Type": "Wait", "Seconds": 90, "End": true]], in: service)
            let execution = try await start(machine, [:], in: service)
            #expect(try await end(of: execution, in: service)["status"] == "SUCCEEDED")
            #expect(sleeps.withLock { $0 } == [slept])
            store.close()
        }
    }

    @Test(
        "a page may be asked for with any size and any token",
        arguments: [
            ["maxResults": -1], ["maxResults": .int(Int.min)], ["nextToken": .string("-5".utf8.base64)],
            ["nextToken": .string("9223372036854775807".utf8.base64)], ["nextToken": "%"],
        ] as [JSONObject])
    func anyPage(asked: JSONObject) async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            defer { store.close() }
            let machine = try await create(["A": ["Type": "Pass", "End": true]], in: service)
            let execution = try await start(machine, [:], in: service)
            _ = try await end(of: execution, in: service)
            for (action, name, value) in [
                ("ListStateMachines", "", JSON.null), ("ListExecutions", "stateMachineArn", machine),
                ("ListStateMachineAliases", "stateMachineArn", machine),
                ("ListStateMachineVersions", "stateMachineArn", machine), ("ListActivities", "", .null),
                ("ListMapRuns", "executionArn", execution), ("GetExecutionHistory", "executionArn", execution),
            ] {
                for reverse in [false, true] {
                    var request = asked
                    request[name] = value
                    request["reverseOrder"] = .bool(reverse)
                    do throws(AWSFault) {
                        _ = try await service.perform(action, .object(request))
                    } catch {
                        #expect(["ValidationException", "InvalidToken"].contains(error.code), "\(action): \(error)")
                    }
                }
            }
        }
    }

    @Test("an update without a change makes a revision, and no version")
    func unchangedUpdate() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            defer { store.close() }
            let machine = try await create(["A": ["Type": "Pass", "End": true]], in: service)
            func update(_ role: JSON) async throws -> JSON? {
                try await service.perform(
                    "UpdateStateMachine", ["stateMachineArn": machine, "roleArn": role, "publish": true])[
                        "stateMachineVersionArn"]
            }
            let first = try await update("arn:aws:iam::000000000000:role/r")
            #expect(first?.string?.hasSuffix(":1") == true)
            #expect(try await update("arn:aws:iam::000000000000:role/r") == first)
            let published = try await service.perform("PublishStateMachineVersion", ["stateMachineArn": machine])
            #expect(published["stateMachineVersionArn"] == first)
            #expect(try await update("arn:aws:iam::000000000000:role/other")?.string?.hasSuffix(":2") == true)
        }
    }

    @Test("a task of an activity that is not there fails its execution, because no worker can take it")
    func missingActivity() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            defer { store.close() }
            let activity = try await service.perform("CreateActivity", ["name": "a"])["activityArn"] ?? .null
            let machine = try await create(
                ["A": ["Type": "Task", "Resource": activity, "End": true]], in: service)
            _ = try await service.perform("DeleteActivity", ["activityArn": activity])
            let execution = try await start(machine, [:], in: service)
            #expect(try await end(of: execution, in: service)["error"] == "States.Runtime")
            let history = try await service.perform("GetExecutionHistory", ["executionArn": execution])
            #expect(
                history["events"]?.array?.compactMap { $0["type"]?.string } == [
                    "ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityScheduleFailed",
                    "ExecutionFailed",
                ])
        }
    }

    @Test("a redriven execution goes on with what did not succeed, and keeps its history")
    func redrive() async throws {
        try await withFolder { folder in
            let calls = Mutex<[JSON]>([])
            let lambda = FunctionDouble { input throws(AWSFault) in
                let times = calls.withLock { calls in
                    calls.append(input)
                    return calls.count { $0 == input }
                }
                guard input == 1 || times > 1 else {
                    return FunctionAnswer(
                        payload: JSON.object(["errorType": "Bad"]).bytes, functionError: "Unhandled", requestID: "1")
                }
                return FunctionAnswer(payload: input.bytes, requestID: "1")
            }
            let (store, service) = try open(folder, lambda: lambda)
            let machine = try await create(
                [
                    "A": ["Type": "Pass", "Result": [1, 2], "Next": "M"],
                    "M": [
                        "Type": "Map", "MaxConcurrency": 1, "End": true,
                        "ItemProcessor": ["StartAt": "T", "States": ["T": call]],
                    ],
                ], in: service)
            let execution = try await start(machine, [:], in: service)
            let failed = try await end(of: execution, in: service)
            #expect(failed["error"] == "Bad" && failed["redriveStatus"] == "REDRIVABLE")
            _ = try await service.perform("RedriveExecution", ["executionArn": execution, "clientToken": "t"])
            let done = try await end(of: execution, in: service)
            #expect(done["status"] == "SUCCEEDED" && done["output"] == "[1,2]" && done["redriveCount"] == 1)
            #expect(done["redriveDate"] != nil && done["error"] == nil)
            // The iteration that had succeeded did not run again.
            #expect(calls.withLock { $0 } == [1, 2, 2])
            let again = try await service.perform("RedriveExecution", ["executionArn": execution, "clientToken": "t"])
            #expect(again["redriveDate"] == done["redriveDate"])
            let refused = await #expect(throws: AWSFault.self) {
                try await service.perform("RedriveExecution", ["executionArn": execution])
            }
            #expect(refused?.code == "ExecutionNotRedrivable")
            let history = try await service.perform("GetExecutionHistory", ["executionArn": execution])
            let events = history["events"]?.array ?? []
            #expect(events.compactMap { $0["id"]?.int } == Array(1...events.count))
            let redriven = events.first { $0["type"] == "ExecutionRedriven" }
            #expect(redriven?["executionRedrivenEventDetails"] == ["redriveCount": 1])
            store.close()
        }
    }

    @Test("an aborted execution is redriven after a restart, more than once")
    func redriveAfterRestart() async throws {
        try await withFolder { folder in
            let waiting: JSON = ["A": ["Type": "Wait", "Seconds": 86400, "End": true]]
            var (store, service) = try open(folder)
            let execution = try await start(try await create(waiting, in: service), [:], in: service)
            for count in 1...3 {
                _ = try await service.perform("StopExecution", ["executionArn": execution])
                store.close()
                (store, service) = try open(folder)
                try await service.start()
                _ = try await service.perform("RedriveExecution", ["executionArn": execution])
                let described = try await service.perform("DescribeExecution", ["executionArn": execution])
                #expect(described["status"] == "RUNNING" && described["redriveCount"] == .int(count))
            }
            _ = try await service.perform("StopExecution", ["executionArn": execution])
            let history = try await service.perform("GetExecutionHistory", ["executionArn": execution])
            let types = (history["events"]?.array ?? []).compactMap { $0["type"]?.string }
            #expect(types.count { $0 == "ExecutionRedriven" } == 3 && types.count { $0 == "ExecutionAborted" } == 4)
            store.close()
        }
    }

    @Test("a map run is updated while it runs")
    func mapRunUpdate() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            defer { store.close() }
            let wait: JSON = ["Type": "Wait", "Seconds": 86400, "End": true]
            let machine = try await create(
                [
                    "A": [
                        "Type": "Map", "MaxConcurrency": 1, "End": true,
                        "ItemProcessor": [
                            "ProcessorConfig": ["Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"], "StartAt": "W",
                            "States": ["W": wait],
                        ],
                    ]
                ], in: service)
            let execution = try await start(machine, [1, 2, 3], in: service)
            var run: JSON?
            while run == nil {
                run = try await service.perform("ListMapRuns", ["executionArn": execution])["mapRuns"]?[0]?["mapRunArn"]
            }
            let arn = run ?? .null
            _ = try await service.perform(
                "UpdateMapRun", ["mapRunArn": arn, "maxConcurrency": 2, "toleratedFailurePercentage": 50])
            var described = try await service.perform("DescribeMapRun", ["mapRunArn": arn])
            while described["itemCounts"]?["running"] != 2 {
                described = try await service.perform("DescribeMapRun", ["mapRunArn": arn])
            }
            #expect(described["maxConcurrency"] == 2 && described["toleratedFailurePercentage"]?.double == 50)
            for (input, code) in [
                (["mapRunArn": arn, "maxConcurrency": -1], "ValidationException"),
                (["mapRunArn": arn, "toleratedFailurePercentage": 101], "ValidationException"),
                (["mapRunArn": .string((arn.string ?? "") + "x")], "ResourceNotFound"),
                (["mapRunArn": "x"], "InvalidArn"),
            ] as [(JSON, String)] {
                let refused = await #expect(throws: AWSFault.self) {
                    try await service.perform("UpdateMapRun", input)
                }
                #expect(refused?.code == code)
            }
            _ = try await service.perform("StopExecution", ["executionArn": execution])
            let ended = await #expect(throws: AWSFault.self) {
                try await service.perform("UpdateMapRun", ["mapRunArn": arn, "maxConcurrency": 2])
            }
            #expect(ended?.code == "ValidationException")
        }
    }

    @Test("weights of an alias may be any numbers")
    func anyWeights() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            defer { store.close() }
            let machine = try await create(["A": ["Type": "Pass", "End": true]], in: service)
            for weight in [Int.min, Int.max, -1] {
                let routes: JSON = [
                    ["stateMachineVersionArn": .string("\(machine.string ?? ""):1"), "weight": .int(weight)],
                    ["stateMachineVersionArn": .string("\(machine.string ?? ""):2"), "weight": .int(weight)],
                ]
                let error = await #expect(throws: AWSFault.self) {
                    try await service.perform("CreateStateMachineAlias", ["name": "a", "routingConfiguration": routes])
                }
                #expect(error?.code == "ValidationException")
            }
        }
    }

    @Test("an execution invokes a function and keeps its result and its history")
    func history() async throws {
        try await withFolder { folder in
            let lambda = FunctionDouble { input throws(AWSFault) in
                FunctionAnswer(payload: JSON.array([input, 2]).bytes, requestID: "1")
            }
            let (store, service) = try open(folder, lambda: lambda)
            defer { store.close() }
            let execution = try await start(try await create(["A": call], in: service), ["x": 1], in: service)
            let described = try await end(of: execution, in: service)
            #expect(described["status"] == "SUCCEEDED")
            #expect(described["output"] == #"[{"x":1},2]"#)
            var types: [String] = []
            var token: JSON?
            repeat {
                var request: JSONObject = ["executionArn": execution, "maxResults": 2]
                request["nextToken"] = token
                let page = try await service.perform("GetExecutionHistory", .object(request))
                types += (page["events"]?.array ?? []).compactMap { $0["type"]?.string }
                token = page["nextToken"]
            } while token != nil
            #expect(
                types == [
                    "ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded",
                    "TaskStateExited", "ExecutionSucceeded",
                ])
        }
    }

    @Test("a new state machine does not list the executions of a deleted one")
    func deletedMachine() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            defer { store.close() }
            let states: JSON = ["A": ["Type": "Pass", "End": true]]
            let machine = try await create(states, in: service)
            let old = try await start(machine, [:], in: service)
            #expect(try await end(of: old, in: service)["status"] == "SUCCEEDED")
            _ = try await service.perform("DeleteStateMachine", ["stateMachineArn": machine])
            let again = try await create(states, in: service)
            let listed = try await service.perform("ListExecutions", ["stateMachineArn": again])
            #expect(listed["executions"] == [])
        }
    }

    @Test("a call in progress when the emulator stops is repeated after the restart")
    func callAfterRestart() async throws {
        try await withFolder { folder in
            let stuck = FunctionDouble { _ throws(AWSFault) in
                try? await Task.sleep(for: .seconds(3600))
                throw AWSFault("ServiceException", "gone")
            }
            let (store, service) = try open(folder, lambda: stuck)
            let execution = try await start(try await create(["A": call], in: service), ["x": 1], in: service)
            while stuck.payloads.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
            store.close()

            let lambda = FunctionDouble { input throws(AWSFault) in FunctionAnswer(payload: input.bytes, requestID: "2")
            }
            let (reopened, again) = try open(folder, lambda: lambda)
            defer { reopened.close() }
            try await again.start()
            let described = try await end(of: execution, in: again)
            #expect(described["output"] == #"{"x":1}"#)
            #expect(lambda.payloads == [["x": 1]])
            let history = try await again.perform("GetExecutionHistory", ["executionArn": execution])
            let scheduled = (history["events"]?.array ?? []).filter { $0["type"] == "TaskScheduled" }
            #expect(scheduled.count == 1)
        }
    }

    @Test("an express execution restarts with its own ID after a crash, and not once it has ended")
    func expressAfterRestart()
        async throws
    {
        try await withFolder { folder in
            let stuck = FunctionDouble { _ throws(AWSFault) in
                try? await Task.sleep(for: .seconds(3600))
                throw AWSFault("ServiceException", "gone")
            }
            let asking: JSON = [
                "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": ["FunctionName": "f", "Payload": ["id.$": "$$.Execution.Id", "x.$": "$.x"]], "End": true,
            ]
            let (store, service) = try open(folder, lambda: stuck)
            _ = try await start(try await create(["A": asking], in: service, type: "EXPRESS"), ["x": 1], in: service)
            while stuck.payloads.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
            store.close()

            let lambda = FunctionDouble { input throws(AWSFault) in FunctionAnswer(payload: input.bytes, requestID: "2")
            }
            let (reopened, again) = try open(folder, lambda: lambda)
            try await again.start()
            func begun() throws -> Int64? {
                try reopened.read { try $0.first("SELECT count(*) FROM express_executions") { $0.integer(0) } }
            }
            while try begun() != 0 { try await Task.sleep(for: .milliseconds(2)) }
            #expect(lambda.payloads == stuck.payloads)
            #expect(lambda.payloads[0]["id"]?.string?.contains(":express:m:") == true)
            reopened.close()

            let (last, ended) = try open(folder, lambda: lambda)
            defer { last.close() }
            try await ended.start()
            #expect(lambda.payloads.count == 1)
        }
    }

    @Test("a task token stays valid after a restart")
    func taskToken() async throws {
        try await withFolder { folder in
            let tokens = FunctionDouble { _ throws(AWSFault) in FunctionAnswer(payload: [], requestID: "1") }
            let (store, service) = try open(folder, lambda: tokens)
            let machine = try await create(
                [
                    "A": [
                        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                        "Parameters": ["FunctionName": "f", "Payload": ["token.$": "$$.Task.Token"]], "End": true,
                    ]
                ], in: service)
            let execution = try await start(machine, [:], in: service)
            var types: [JSON?] = []
            while types.last != "TaskSubmitted" {
                let history = try await service.perform("GetExecutionHistory", ["executionArn": execution])
                types = (history["events"]?.array ?? []).map { $0["type"] }
                try await Task.sleep(for: .milliseconds(2))
            }
            store.close()

            let (reopened, again) = try open(folder, lambda: tokens)
            defer { reopened.close() }
            try await again.start()
            let token = try #require(tokens.payloads.first?["token"])
            _ = try await again.perform("SendTaskSuccess", ["taskToken": token, "output": "[7]"])
            #expect(try await end(of: execution, in: again)["output"] == "[7]")
            #expect(tokens.payloads.count == 1)
            await #expect(throws: AWSFault.self) {
                try await again.perform("SendTaskSuccess", ["taskToken": token, "output": "[8]"])
            }
        }
    }

    @Test("a name starts one execution, and another input for it is refused")
    func executionName() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            defer { store.close() }
            let machine = try await create(["A": ["Type": "Wait", "Seconds": 3600, "End": true]], in: service)
            let request: JSONObject = ["stateMachineArn": machine, "name": "once", "input": "{}"]
            let first = try await service.perform("StartExecution", .object(request))
            let second = try await service.perform("StartExecution", .object(request))
            #expect(first["executionArn"] == second["executionArn"])
            var other = request
            other["input"] = "[]"
            let fault = await #expect(throws: AWSFault.self) {
                try await service.perform("StartExecution", .object(other))
            }
            #expect(fault?.code == "ExecutionAlreadyExists")
            _ = try await service.perform("StopExecution", ["executionArn": first["executionArn"] ?? .null])
            let described = try await end(of: first["executionArn"] ?? .null, in: service)
            #expect(described["status"] == "ABORTED")
        }
    }

    @Test("a template's state machine gets its substitutions, and a change gets a new revision")
    func templateMachine() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            defer { store.close() }
            func declare(_ text: String) async throws -> ProvisionedResource {
                try await service.provision(
                    DeclaredResource(
                        logicalID: "Machine", type: "AWS::StepFunctions::StateMachine",
                        properties: [
                            "DefinitionString":
                                #"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${Text}", "End": true}}}"#,
                            "DefinitionSubstitutions": ["Text": .string(text)],
                        ]))
            }
            let first = try await declare(#"say "hi""#)
            let output = try await end(of: try await start(.string(first.ref), [:], in: service), in: service)["output"]
            #expect(output == .string(JSON.string(#"say "hi""#).text))
            let second = try await declare("other")
            #expect(second.ref == first.ref)
            let described = try await service.perform("DescribeStateMachine", ["stateMachineArn": .string(first.ref)])
            #expect(described["definition"]?.string?.contains("other") == true)
            #expect(described["revisionId"] != nil)
        }
    }

    @Test("a call to a service that is not emulated fails the execution with its name")
    func notEmulated() async throws {
        try await withFolder { folder in
            let (store, service) = try open(folder)
            defer { store.close() }
            let machine = try await create(
                ["A": ["Type": "Task", "Resource": "arn:aws:states:::aws-sdk:rekognition:detectFaces", "End": true]],
                in: service)
            let described = try await end(of: try await start(machine, [:], in: service), in: service)
            #expect(described["status"] == "FAILED")
            #expect(described["cause"]?.string?.contains("'rekognition' is not emulated") == true)
        }
    }
}
