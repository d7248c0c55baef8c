import EmulatorCore
import Foundation
import JSON
import TestServices
import Testing

@testable import EmulatedLambda

@Suite struct InvocationTests {
    @Test("a worker answers its event and the next ones")
    func reuse() async throws {
        let lambda = try LambdaFixture()
        try await lambda.create()
        try await lambda.expect(#"{"a":[1.50,"x"]}"#, answers: #"{"a":[1.50,"x"]}"#)
        let first = try await lambda.invoke(#""pid""#).text
        try await lambda.expect(#""pid""#, answers: first)
        try await lambda.expect(#""count""#, answers: "4")
        await lambda.close()
    }

    @Test("a function finds Lambda's variables and its own in its environment")
    func environment() async throws {
        let lambda = try LambdaFixture()
        try await lambda.create(
            "echo", ["Environment": ["Variables": ["TABLE": "control", "LIMIT": 3]], "MemorySize": "256"])
        let environment = try await lambda.invoke(#""environment""#).text
        for line in [
            "AWS_LAMBDA_FUNCTION_NAME=echo", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256",
            "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/echo", "AWS_REGION=us-east-1",
            "AWS_ENDPOINT_URL=http://127.0.0.1:4566", "_HANDLER=bootstrap", "TABLE=control", "LIMIT=3",
            "LAMBDA_TASK_ROOT=\(lambda.directory.path)",
        ] {
            #expect(environment.contains(line), "\(line) in \(environment)")
        }
        await lambda.close()
    }

    @Test("an event carries its request ID, deadline, function ARN, trace ID, and client context")
    func headers() async throws {
        let lambda = try LambdaFixture()
        try await lambda.create()
        let response = await lambda.request(
            "POST", "/2015-03-31/functions/echo/invocations",
            headers: [
                ("X-Amz-Client-Context", #"{"a":1}"#.utf8.base64), ("X-Amzn-Trace-Id", "Root=1-5-6;Sampled=1"),
                ("X-Amz-Log-Type", "Tail"),
            ], body: #""head""#)
        let head = try #require(response.json?.string)
        let id = try #require(response.headers["x-amzn-RequestId"])
        #expect(head.contains("Lambda-Runtime-Aws-Request-Id: \(id)|"))
        #expect(head.contains("Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:echo|"))
        #expect(head.contains("Lambda-Runtime-Trace-Id: Root=1-5-6;Sampled=1|"))
        #expect(head.contains(#"Lambda-Runtime-Client-Context: {"a":1}|"#))
        #expect(head.contains("Lambda-Runtime-Deadline-Ms: "))
        let tail = try #require(response.headers["X-Amz-Log-Result"].flatMap { [UInt8](base64: $0) })
        let lines = String(decoding: tail, as: UTF8.self).split(separator: "\n")
        #expect(lines.first == "START RequestId: \(id) Version: $LATEST")
        #expect(lines.dropFirst().first == #"event "head""#)
        #expect(lines.last?.hasPrefix("REPORT RequestId: \(id)\tDuration: ") == true)
        #expect(lines.last?.contains("\tInit Duration: ") == true)
        await lambda.close()
    }

    @Test("an error that the function reports is the answer, and the worker lives on")
    func functionError() async throws {
        let lambda = try LambdaFixture()
        try await lambda.create()
        let answer = try await lambda.invoke(#""fail""#)
        #expect(answer.error == "Unhandled")
        #expect(answer.text == #"{"errorType":"BadInput","errorMessage":"no good"}"#)
        try await lambda.expect(#""count""#, answers: "2")
        await lambda.close()
    }

    @Test("a function that exceeds its timeout is killed, and the next event gets a new worker")
    func timeout() async throws {
        let script = TestFunction.script.replacing("count=0", with: "count=0; echo \"worker $$\"")
        let lambda = try LambdaFixture(script: script)
        try await lambda.create("echo", ["Timeout": 1])
        let answer = try await lambda.invoke(#""sleep""#)
        #expect(answer.error == "Unhandled")
        let document = try JSON(parsing: answer.text)
        #expect(document["errorType"] == "Sandbox.Timedout")
        #expect(document["errorMessage"]?.string?.hasSuffix(" Error: Task timed out after 1.00 seconds") == true)
        let line = try #require(lambda.logs.messages(in: "/aws/lambda/echo").first { $0.hasPrefix("worker ") })
        let worker = try #require(Int32(line.dropFirst(7).dropLast()))
        while kill(worker, 0) == 0 { try await Task.sleep(for: .milliseconds(2)) }
        try await lambda.create("echo", ["Timeout": 600])
        try await lambda.expect(#""count""#, answers: "1")
        let report = lambda.logs.messages(in: "/aws/lambda/echo").first { $0.hasPrefix("REPORT") }
        #expect(report?.contains("\tDuration: 1000.00 ms\tBilled Duration: 1000 ms\t") == true)
        #expect(report?.hasSuffix("\tStatus: timeout\n") == true)
        await lambda.close()
    }

    @Test(
        "a crash is answered with its cause, and the next event gets a new worker",
        arguments: [("exit", "exit status 4"), ("segfault", "signal: segmentation fault")])
    func crash(behaviour: String, how: String) async throws {
        let lambda = try LambdaFixture()
        try await lambda.create()
        _ = try await lambda.invoke("1")
        let document = try JSON(parsing: try await lambda.invoke("\"\(behaviour)\"").text)
        #expect(document["errorType"] == "Runtime.ExitError")
        #expect(document["errorMessage"]?.string?.hasSuffix(" Error: Runtime exited with error: \(how)") == true)
        try await lambda.expect(#""count""#, answers: "1")
        await lambda.close()
    }

    @Test("a function that exceeds its memory is killed")
    func memory() async throws {
        let lambda = try LambdaFixture()
        try await lambda.create("echo", ["MemorySize": 128])
        let document = try JSON(parsing: try await lambda.invoke(#""grow""#).text)
        #expect(document["errorType"] == "Runtime.OutOfMemory")
        #expect(lambda.logs.messages(in: "/aws/lambda/echo").contains { $0.contains("Max Memory Used: 128 MB") })
        await lambda.close()
    }

    @Test("a worker that died while idle gets no event")
    func deadWhileIdle() async throws {
        let lambda = try LambdaFixture()
        try await lambda.create()
        let worker = try #require(Int32(try await lambda.invoke(#""pid""#).text))
        kill(worker, 9)
        try await lambda.expect(#""count""#, answers: "1")
        await lambda.close()
    }

    @Test("a worker that cannot start reports the reason")
    func initError() async throws {
        let failing = try LambdaFixture(
            script: TestFunction.preamble
                + #"call POST /init/error '{"errorType":"NoTable","errorMessage":"set TABLE"}'"#)
        try await failing.create()
        let reported = try await failing.invoke("1")
        #expect(reported.error == "Unhandled")
        #expect(reported.text == #"{"errorType":"NoTable","errorMessage":"set TABLE"}"#)
        await failing.close()

        let exiting = try LambdaFixture(script: "#!/bin/bash\necho reason\nexit 3")
        try await exiting.create()
        let document = try JSON(parsing: try await exiting.invoke("1").text)
        #expect(document["errorMessage"] == "Error: Runtime exited with error: exit status 3")
        #expect(exiting.logs.messages(in: "/aws/lambda/echo").contains("reason\n"))
        await exiting.close()
    }

    @Test("a new build of the executable replaces the running one")
    func newBuild() async throws {
        let lambda = try LambdaFixture()
        try await lambda.create()
        _ = try await lambda.invoke("1")
        let script = TestFunction.script.replacingOccurrences(of: "count=0", with: "count=100")
        try TestFunction.install("echo", in: lambda.directory.path, script: script)
        try await lambda.expect(#""count""#, answers: "101")
        await lambda.close()
    }

    @Test("reserved concurrency limits the workers, and an invocation that waits too long is throttled")
    func reservedConcurrency() async throws {
        let lambda = try LambdaFixture { $0.patience = .milliseconds(300) }
        try await lambda.create("echo", ["ReservedConcurrentExecutions": 1, "Timeout": 600])
        let worker = try #require(Int32(try await lambda.invoke(#""pid""#).text))
        async let slow = lambda.invoke(#""sleep""#)
        while !lambda.logs.all.contains(where: { $0.message.contains("sleep") }) {
            try await Task.sleep(for: .milliseconds(2))
        }
        let fault = await #expect(throws: AWSFault.self) { try await lambda.invoke("1") }
        #expect(fault?.code == "TooManyRequestsException")
        #expect(fault?.status == 429)
        kill(worker, SIGKILL)
        _ = try await slow
        try await lambda.expect("1", answers: "1")
        await lambda.close()
    }

    @Test("a cancelled invocation takes no worker, and waiting for the machine is not throttled")
    func cancelledWait()
        async throws
    {
        let lambda = try LambdaFixture {
            $0.concurrency = 1
            $0.patience = .zero
        }
        try await lambda.create("echo", ["Timeout": 600])
        let worker = try #require(Int32(try await lambda.invoke(#""pid""#).text))
        async let slow = lambda.invoke(#""sleep""#)
        while !lambda.logs.all.contains(where: { $0.message.contains("sleep") }) {
            try await Task.sleep(for: .milliseconds(2))
        }
        let impatient = Task { try await lambda.invoke(#""impatient""#) }
        async let patient = lambda.invoke(#""patient""#)
        impatient.cancel()
        await #expect(throws: AWSFault.self) { try await impatient.value }
        kill(worker, SIGKILL)
        _ = try await slow
        #expect(try await patient.text == #""patient""#)
        #expect(!lambda.logs.all.contains { $0.message.contains("impatient") })
        await lambda.close()
    }

    @Test("concurrent events get workers of their own")
    func concurrency() async throws {
        let lambda = try LambdaFixture { $0.concurrency = 4 }
        try await lambda.create()
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<24 { group.addTask { try await lambda.invoke("\(number)").text } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(answers == Set((0..<24).map(String.init)))
        await lambda.close()
    }
}
