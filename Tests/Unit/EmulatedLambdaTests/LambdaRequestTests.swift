import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedLambda

@Suite struct LambdaRequestTests {
    @Test("functions are listed, described, reconfigured, and deleted")
    func functionLifecycle() async throws {
        let lambda = try LambdaFixture()
        try await lambda.create("echo", ["MemorySize": 512, "Environment": ["Variables": ["A": "b"]]])
        let list = await lambda.request("GET", "/2015-03-31/functions")
        #expect(list.json?["Functions"]?[0]?["FunctionName"] == "echo")
        let described = await lambda.request(
            "GET", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Aecho")
        #expect(described.json?["Configuration"]?["MemorySize"] == 512)
        let changed = await lambda.request(
            "PUT", "/2015-03-31/functions/echo/configuration", body: #"{"Timeout":7}"#)
        #expect(changed.json?["Timeout"] == 7)
        #expect(changed.json?["Environment"]?["Variables"]?["A"] == "b")
        #expect(await lambda.request("DELETE", "/2015-03-31/functions/echo").status == 204)
        let missing = await lambda.request("GET", "/2015-03-31/functions/echo/configuration")
        #expect(missing.status == 404)
        #expect(missing.headers["x-amzn-errortype"] == "ResourceNotFoundException")
        #expect(
            missing.json?["Message"] == "Function not found: arn:aws:lambda:us-east-1:000000000000:function:echo")
        await lambda.close()
    }

    @Test("a function without an executable is refused with the command that builds it")
    func missingExecutable() async throws {
        let lambda = try LambdaFixture()
        let fault = await #expect(throws: AWSFault.self) {
            try await lambda.create("writer", ["Code": "../.build/package/bronze-writer.zip"])
        }
        let message = try #require(fault?.message)
        #expect(message.contains("The function writer"))
        #expect(message.contains(lambda.directory.path + "/bronze-writer"))
        #expect(message.contains("swift build -c release --product bronze-writer"))
        await lambda.close()
    }

    @Test("permissions become one policy")
    func policy() async throws {
        let lambda = try LambdaFixture()
        try await lambda.create()
        #expect(await lambda.request("GET", "/2015-03-31/functions/echo/policy").status == 404)
        for _ in 0..<2 {
            _ = try await lambda.service.provision(
                DeclaredResource(
                    logicalID: "Allow", type: "AWS::Lambda::Permission",
                    properties: [
                        "FunctionName": "echo", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com",
                    ]))
        }
        let response = await lambda.request("GET", "/2015-03-31/functions/echo/policy")
        let policy = try JSON(parsing: try #require(response.json?["Policy"]?.string))
        #expect(policy["Statement"]?.array?.count == 1)
        #expect(policy["Statement"]?[0]?["Principal"]?["Service"] == "s3.amazonaws.com")
        await lambda.close()
    }

    @Test("an invalid payload is refused before a worker gets it")
    func payloads() async throws {
        let lambda = try LambdaFixture()
        try await lambda.create()
        let path = "/2015-03-31/functions/echo/invocations"
        let broken = await lambda.request("POST", path, body: "{")
        #expect(broken.status == 400)
        #expect(broken.headers["x-amzn-ErrorType"] == "InvalidRequestContentException")
        let large = await lambda.request("POST", path, body: "\"" + String(repeating: "a", count: 6_291_455) + "\"")
        #expect(large.status == 413)
        let event = await lambda.request(
            "POST", path, headers: [("X-Amz-Invocation-Type", "Event")],
            body: "\"" + String(repeating: "a", count: 1_048_575) + "\"")
        #expect(event.status == 413)
        let dry = await lambda.request("POST", path, headers: [("X-Amz-Invocation-Type", "DryRun")])
        #expect(dry.status == 204)
        #expect(lambda.logs.all.isEmpty)
        await lambda.close()
    }

    @Test("state machines call Lambda's operations with documents")
    func actions() async throws {
        let lambda = try LambdaFixture()
        try await lambda.create()
        let found = try await lambda.service.perform("GetFunction", ["FunctionName": "echo"])
        #expect(found["Configuration"]?["FunctionName"] == "echo")
        let configuration = try await lambda.service.perform("GetFunctionConfiguration", ["FunctionName": "echo"])
        #expect(configuration["Timeout"] == 900)
        let answer = try await lambda.service.perform("Invoke", ["FunctionName": "echo", "Payload": ["a": 1]])
        #expect(answer["StatusCode"] == 200 && answer["ExecutedVersion"] == "$LATEST")
        #expect(answer["Payload"]?.string?.contains("\"a\":1") == true, "\(answer.text)")
        let missing = await #expect(throws: AWSFault.self) {
            try await lambda.service.perform("GetFunction", ["FunctionName": "none"])
        }
        #expect(missing.map { lambda.service.sdkError($0).type } == "ResourceNotFoundException")
        let unnamed = await #expect(throws: AWSFault.self) { try await lambda.service.perform("GetFunction", [:]) }
        #expect(unnamed?.message.contains("Value null at 'functionName'") == true)
        let other = await #expect(throws: AWSFault.self) { try await lambda.service.perform("PublishLayer", [:]) }
        #expect(other?.message.contains("Lambda's PublishLayer") == true)
    }

    @Test("a function's settings for events and its concurrency are read back and removed")
    func eventSettings() async throws {
        let lambda = try LambdaFixture()
        try await lambda.create()
        let path = "/2019-09-25/functions/echo/event-invoke-config"
        #expect(await lambda.request("GET", path).status == 404)
        #expect(await lambda.request("GET", path + "/list").json?["FunctionEventInvokeConfigs"] == [])
        let put = await lambda.request("PUT", path, body: #"{"MaximumRetryAttempts": 1}"#)
        #expect(put.json?["FunctionArn"]?.string?.hasSuffix("function:echo:$LATEST") == true)
        #expect(await lambda.request("GET", path).json?["MaximumRetryAttempts"] == 1)
        #expect(
            await lambda.request("GET", path + "/list").json?["FunctionEventInvokeConfigs"]?[0]?["MaximumRetryAttempts"]
                == 1)
        #expect(await lambda.request("DELETE", path).status == 204)
        #expect(await lambda.request("DELETE", path).status == 404)
        let concurrency = "/2017-10-31/functions/echo/concurrency"
        _ = await lambda.request("PUT", concurrency, body: #"{"ReservedConcurrentExecutions": 3}"#)
        #expect(await lambda.request("DELETE", concurrency).status == 204)
        #expect(await lambda.request("GET", concurrency).json == [:])
        await lambda.close()
    }
}
