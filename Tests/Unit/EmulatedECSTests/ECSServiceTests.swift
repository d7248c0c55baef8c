import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedECS

@Suite struct ECSServiceTests {
    private let directory: TemporaryDirectory
    private let logs = RecordedLogs()

    init() throws {
        directory = try TemporaryDirectory()
        // Exits, stops on SIGTERM, or ignores it, as its first argument says.
        let script = #"""
            #!/bin/bash
            case "$1" in
            patient) trap 'echo stopping; exit 3' TERM ;;
            stubborn) trap '' TERM ;;
            esac
            echo "$GREETING $@"
            if [ "$1" = exit ]; then exit "$2"; fi
            while true; do sleep 0.01; done
            """#
        try TestFunction.install("writer", in: directory.path, script: script)
    }

    private func open(concurrency: Int = 4) async throws -> (store: Store, ecs: ECSService) {
        let store = try Store(directory: directory.path, schema: ECSService.schema)
        var options = ECSService.Options(functions: ExecutableFolder(directory.path))
        options.concurrency = concurrency
        let ecs = ECSService(
            store: store, host: TestFunction.host, logs: logs, endpoint: EndpointAddress("http://127.0.0.1:1"),
            options: options)
        try await ecs.start()
        return (store, ecs)
    }

    private func provision(_ ecs: ECSService, command: JSON = ["exit", "0"], stopTimeout: Int = 30) async throws
        -> String
    {
        try await ecs.provision(
            DeclaredResource(
                logicalID: "Definition", type: "AWS::ECS::TaskDefinition",
                properties: [
                    "Family": "bronze",
                    "ContainerDefinitions": [
                        [
                            "Name": "main", "Image": "debian", "EntryPoint": ["/var/task/writer"], "Command": command,
                            "StopTimeout": .int(stopTimeout),
                            "Environment": [["Name": "GREETING", "Value": "hello"]],
                            "LogConfiguration": [
                                "LogDriver": "awslogs",
                                "Options": ["awslogs-group": "/ecs/bronze", "awslogs-stream-prefix": "task"],
                            ],
                        ]
                    ],
                ])
        ).ref
    }

    private func run(_ ecs: ECSService, _ request: JSON) async throws -> String {
        let answer = try await ecs.runTask(request)
        return try #require(answer["tasks"]?[0]?["taskArn"]?.string)
    }

    @Test("a task runs its program with overrides and reports the exit code")
    func overrides() async throws {
        let (store, ecs) = try await open()
        let definition = try await provision(ecs)
        #expect(definition == "arn:aws:ecs:us-east-1:000000000000:task-definition/bronze:1")
        // Written as a state machine writes it: names start with capitals.
        let arn = try await run(
            ecs,
            [
                "TaskDefinition": .string(definition), "Cluster": "arn:aws:ecs:us-east-1:000000000000:cluster/cupel",
                "LaunchType": "FARGATE",
                "Overrides": [
                    "ContainerOverrides": [
                        [
                            "Name": "main", "Command": ["exit", "7"],
                            "Environment": [["Name": "GREETING", "Value": "ahoy"]],
                        ]
                    ]
                ],
            ])
        let task = try await ecs.waitUntilStopped(task: arn)
        #expect(task["containers"]?[0]?["exitCode"] == 7)
        #expect(task["stopCode"] == "EssentialContainerExited")
        #expect(task["stoppedReason"] == "Essential container in task exited")
        #expect(task["lastStatus"] == "STOPPED")
        #expect(arn.hasPrefix("arn:aws:ecs:us-east-1:000000000000:task/cupel/"))
        let stream = "task/main/" + arn.split(separator: "/")[2]
        #expect(logs.all == [RecordedLogs.Event(group: "/ecs/bronze", stream: stream, message: "ahoy exit 7\n")])
        #expect(try await ecs.waitUntilStopped(task: arn) == task, "the answer is the same later")
        store.close()
    }

    @Test(
        "a stopped task gets SIGTERM, and SIGKILL after its stop timeout",
        arguments: [("patient", 600, 3), ("stubborn", 0, 137)])
    func stop(how: String, timeout: Int, exitCode: Int) async throws {
        let (store, ecs) = try await open()
        _ = try await provision(ecs, command: [.string(how)], stopTimeout: timeout)
        let arn = try await run(ecs, ["taskDefinition": "bronze"])
        while logs.all.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        let answer = try await ecs.perform("StopTask", ["task": .string(arn), "reason": "enough"])
        #expect(answer["task"]?["taskArn"]?.string == arn)
        let task = try await ecs.waitUntilStopped(task: arn)
        #expect(task["containers"]?[0]?["exitCode"]?.int == exitCode)
        #expect(task["stopCode"] == "UserInitiated")
        #expect(task["stoppedReason"] == "enough")
        store.close()
    }

    @Test("a task that ran during a crash is stopped with a reason after the restart")
    func crash() async throws {
        let first = try await open()
        _ = try await provision(first.ecs, command: ["stubborn"])
        let arn = try await run(first.ecs, ["taskDefinition": "bronze", "cluster": "cupel"])
        while try first.ecs.stored(arn).status != "RUNNING" { try await Task.sleep(for: .milliseconds(2)) }
        first.store.close()

        let second = try await open()
        let task = try await second.ecs.waitUntilStopped(task: arn)
        #expect(task["lastStatus"] == "STOPPED")
        #expect(task["containers"]?[0]?["exitCode"] == 137)
        #expect(task["stoppedReason"]?.string?.contains("The emulator stopped") == true)
        let stopped = try await second.ecs.perform("ListTasks", ["cluster": "cupel", "desiredStatus": "STOPPED"])
        #expect(stopped["taskArns"] == [.string(arn)])
        second.store.close()
        // The process of the first emulator still runs, because this test still runs.
        try await first.ecs.stopTask(arn, reason: "over")
        await first.ecs.runningTask(arn)?.killForTest()
    }

    @Test("tasks above the concurrency limit wait as PENDING")
    func pending() async throws {
        let (store, ecs) = try await open(concurrency: 1)
        _ = try await provision(ecs, command: ["patient"])
        let first = try await run(ecs, ["taskDefinition": "bronze"])
        let second = try await run(ecs, ["taskDefinition": "bronze"])
        func described() async throws -> JSON {
            try await ecs.perform("DescribeTasks", ["tasks": [.string(first), .string(second), "nobody"]])
        }
        while try await described()["tasks"]?[0]?["lastStatus"] != "RUNNING" {
            try await Task.sleep(for: .milliseconds(2))
        }
        let described = try await described()
        #expect(described["tasks"]?.array?.map { $0["lastStatus"] } == ["RUNNING", "PENDING"])
        #expect(described["failures"]?[0]?["reason"] == "MISSING")
        for arn in [first, second] {
            try await ecs.stopTask(arn, reason: "over")
            #expect(try await ecs.waitUntilStopped(task: arn)["stoppedReason"] == "over")
        }
        store.close()
    }

    @Test("a task that is stopped during its start does not run on")
    func stopDuringStart() async throws {
        let (store, ecs) = try await open(concurrency: 8)
        _ = try await provision(ecs, command: ["patient"])
        for round in 0..<24 {
            let arn = try await run(ecs, ["taskDefinition": "bronze"])
            for _ in 0..<round { await Task.yield() }
            try await ecs.stopTask(arn, reason: "over")
            #expect(try await ecs.waitUntilStopped(task: arn)["stoppedReason"] == "over")
        }
        store.close()
    }

    @Test("an unchanged definition keeps its revision, and a changed one gets the next")
    func revisions() async throws {
        let (store, ecs) = try await open()
        #expect(try await provision(ecs).hasSuffix("bronze:1"))
        #expect(try await provision(ecs).hasSuffix("bronze:1"))
        #expect(try await provision(ecs, command: ["exit", "1"]).hasSuffix("bronze:2"))
        let described = try await ecs.perform("DescribeTaskDefinition", ["taskDefinition": "bronze:1"])
        #expect(described["taskDefinition"]?["containerDefinitions"]?[0]?["command"] == ["exit", "0"])
        store.close()
    }

    @Test("a missing cluster, definition, or program is reported")
    func missing() async throws {
        let (store, ecs) = try await open()
        let cluster = try await ecs.provision(
            DeclaredResource(logicalID: "C", type: "AWS::ECS::Cluster", properties: ["ClusterName": "cupel"]))
        #expect(cluster.attributes["Arn"] == "arn:aws:ecs:us-east-1:000000000000:cluster/cupel")
        let described = try await ecs.perform("DescribeClusters", ["clusters": ["cupel", "other"]])
        #expect(described["clusters"]?[0]?["status"] == "ACTIVE")
        #expect(described["failures"]?[0]?["reason"] == "MISSING")
        let fault = await #expect(throws: AWSFault.self) { try await ecs.runTask(["taskDefinition": "nobody"]) }
        #expect(fault?.code == "ClientException")
        let missing = await #expect(throws: AWSFault.self) {
            try await ecs.provision(
                DeclaredResource(
                    logicalID: "D", type: "AWS::ECS::TaskDefinition",
                    properties: ["ContainerDefinitions": [["Name": "x", "Command": ["absent"]]]]))
        }
        #expect(missing?.message.contains("swift build -c release --product absent") == true)
        store.close()
    }
}

extension RunningTask {
    fileprivate func killForTest() async {
        for process in processes.values {
            process.signal(9)
            _ = await process.ended()
        }
    }
}
