import EmulatorCore
import Foundation
import JSON
import TestServices
import Testing

@testable import EmulatedLambda

/// Python handlers, run by AWS's runtime interface client and by the emulator's own: both must look alike from outside.
@Suite struct PythonRuntimeTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    enum Client: CaseIterable {
        case ofAWS, own

        /// Set-up installs AWS's client for the Python of this machine.
        var path: String { self == .ofAWS ? "\(PythonRuntimeTests.root)/.venv-lambda/bin" : "/usr/bin:/bin" }
    }

    /// `python3.11` on Debian 12.
    private func runtime() throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(Self.root)/.venv-lambda/lib")
        return try #require(names.first { $0.hasPrefix("python3") }, "run `infra/setup test`")
    }

    private func create(_ lambda: LambdaFixture, _ source: String, _ members: JSON = [:]) async throws {
        let archive = StoredArchive(.init(name: "app.py", contents: source))
        var request: JSONObject = [
            "FunctionName": "snake", "Role": "arn:aws:iam::000000000000:role/r", "Timeout": 60,
            "Handler": "app.handler", "Runtime": .string(try runtime()), "Code": ["ZipFile": .string(archive.base64)],
        ]
        for (name, value) in members.object ?? [:] { request[name] = value }
        let created = await lambda.request("POST", "/2015-03-31/functions", body: JSON.object(request).text)
        #expect(created.status == 201, "\(created.text)")
    }

    private func log(_ lambda: LambdaFixture) -> String { lambda.logs.messages(in: "/aws/lambda/snake").joined() }

    @Test("a handler sees its context, its trace and its client context", arguments: Client.allCases)
    func context(_ client: Client) async throws {
        let lambda = try LambdaFixture { $0.programPath = client.path }
        try await create(
            lambda,
            """
            import os, sys
            def handler(event, context):
                return {"name": context.function_name, "version": context.function_version,
                        "memory": context.memory_limit_in_mb, "arn": context.invoked_function_arn,
                        "id": len(context.aws_request_id), "left": context.get_remaining_time_in_millis() > 1000,
                        "group": context.log_group_name, "custom": context.client_context.custom,
                        "trace": os.environ["_X_AMZN_TRACE_ID"], "event": event, "own": "awslambdaric" in sys.modules}

            """)
        let response = await lambda.request(
            "POST", "/2015-03-31/functions/snake/invocations",
            headers: [
                ("X-Amz-Client-Context", #"{"custom":{"a":"b"}}"#.utf8.base64),
                ("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"),
            ], body: #"{"ü":[1.5]}"#)
        let seen = try #require(response.json, "\(response.text)")
        #expect(seen["name"] == "snake" && seen["version"] == "$LATEST" && seen["memory"]?.text.contains("128") == true)
        #expect(seen["arn"] == "arn:aws:lambda:us-east-1:000000000000:function:snake")
        #expect(seen["id"] == 36 && seen["left"] == true && seen["group"] == "/aws/lambda/snake")
        #expect(seen["custom"] == ["a": "b"] && seen["event"]?.text == #"{"ü":[1.5]}"#)
        #expect(seen["trace"] == "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
        #expect(seen["own"] == .bool(client == .ofAWS))
        // Where AWS's client is missing, the log says so, and what to do.
        #expect(log(lambda).contains("awslambdaric is not installed") == (client == .own))
        await lambda.close()
    }

    @Test("an exception has its type and trace in the answer, and its traceback in the log", arguments: Client.allCases)
    func exceptions(_ client: Client) async throws {
        let lambda = try LambdaFixture { $0.programPath = client.path }
        try await create(
            lambda,
            """
            class NoTable(Exception):
                pass
            def handler(event, context):
                if event == "set":
                    return {1, 2}
                raise NoTable("set it")

            """)
        let failure = await lambda.request(
            "POST", "/2015-03-31/functions/snake/invocations", headers: [("X-Amz-Log-Type", "Tail")], body: "{}")
        #expect(failure.headers["X-Amz-Function-Error"] == "Unhandled")
        #expect(failure.json?["errorType"] == "NoTable" && failure.json?["errorMessage"] == "set it")
        #expect(failure.json?["stackTrace"]?[0]?.string?.contains("line 6, in handler") == true, "\(failure.text)")
        let tail = [UInt8](base64: failure.headers["X-Amz-Log-Result"] ?? "") ?? []
        let text = String(decoding: tail, as: UTF8.self)
        #expect(text.contains("[ERROR] NoTable: set it\nTraceback (most recent call last):\n"), "\(text)")
        #expect(text.contains("raise NoTable(\"set it\")"), "\(text)")
        let marshal = try JSON(parsing: try await lambda.invoke(#""set""#, function: "snake").text)
        #expect(marshal["errorType"] == "Runtime.MarshalError")
        #expect(
            marshal["errorMessage"] == "Unable to marshal response: Object of type set is not JSON serializable")
        await lambda.close()
    }

    @Test(
        "code that does not load fails with the runtime's own error",
        arguments: Client.allCases,
        [
            (
                "import nothing_here\n", "app.handler", "Runtime.ImportModuleError",
                "Unable to import module 'app': No module named 'nothing_here'"
            ),
            ("x = 1\n", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
            (
                "x = 1\n", "app", "Runtime.MalformedHandlerName",
                "Bad handler 'app': not enough values to unpack (expected 2, got 1)"
            ),
            ("raise ValueError('early')\n", "app.handler", "ValueError", "early"),
        ])
    func loading(_ client: Client, _ fault: (source: String, handler: String, type: String, message: String))
        async throws
    {
        let lambda = try LambdaFixture { $0.programPath = client.path }
        try await create(lambda, fault.source, ["Handler": .string(fault.handler)])
        let failure = try await lambda.invoke("{}", function: "snake")
        let document = try JSON(parsing: failure.text)
        #expect(document["errorType"]?.string == fault.type, "\(failure.text)")
        #expect(document["errorMessage"]?.string == fault.message, "\(failure.text)")
        #expect(log(lambda).contains("[ERROR] \(fault.type): \(fault.message)"), "\(log(lambda))")
        await lambda.close()
    }

    @Test("JSON logs carry level, request and message, from the function's level on", arguments: Client.allCases)
    func jsonLogs(_ client: Client) async throws {
        let lambda = try LambdaFixture { $0.programPath = client.path }
        try await create(
            lambda,
            """
            import logging
            def handler(event, context):
                logging.getLogger().info("quiet")
                logging.getLogger().warning("loud %s", event)
                return context.aws_request_id

            """, ["LoggingConfig": ["LogFormat": "JSON", "ApplicationLogLevel": "WARN"]])
        let answer = try await lambda.invoke("7", function: "snake")
        let lines = log(lambda).split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
        let record = try #require(lines.first { $0["message"] == "loud 7" }, "\(log(lambda))")
        #expect(record["level"] == "WARNING" && record["logger"] == "root")
        #expect(record["requestId"]?.string.map { "\"\($0)\"" } == answer.text)
        #expect(!log(lambda).contains("quiet"))
        // Lambda's own lines are JSON too.
        let report = try #require(lines.first { $0["type"] == "platform.report" }, "\(log(lambda))")
        #expect(report["record"]?["status"] == "success" && report["record"]?["metrics"]?["memorySizeMB"] == 128)
        let configuration = await lambda.request("GET", "/2015-03-31/functions/snake/configuration")
        #expect(configuration.json?["LoggingConfig"]?["ApplicationLogLevel"] == "WARN")
        await lambda.close()
    }
}
