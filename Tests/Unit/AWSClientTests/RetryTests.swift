import AWSModels
import JSON
import Testing

@testable import AWSClient

@Suite struct RetryTests {
    let put = PutItem(table: "t", item: ["id": "1"])
    let conditionalPut = PutItem(table: "t", item: ["id": "1"], condition: Expression("attribute_not_exists(id)"))

    @Test(
        "transient errors are retried",
        arguments: [
            .answer(500), .answer(503, "<Error><Code>SlowDown</Code></Error>"), .fail(.notSent), .fail(.lost),
            .fail(.timedOut), .answer(400, #"{"__type":"x#ThrottlingException"}"#),
            .answer(400, #"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}"#),
            .breakAfter(HTTPResponseHead(status: 200), [1, 2], TransportError(.lost, "cut")),
        ] as [ScriptedTransport.Step])
    func transientErrors(step: ScriptedTransport.Step) throws {
        let transport = ScriptedTransport([step, step, .answer(200, "{}")])
        try DynamoDB(transport.client()).put(conditionalPut)
        #expect(transport.requests.count == 3)
        #expect(transport.pauses == [.milliseconds(50), .milliseconds(100)])
    }

    @Test(
        "a write without a condition is not retried once it may have arrived",
        arguments: [.answer(500), .fail(.lost), .fail(.timedOut)] as [ScriptedTransport.Step])
    func unconditionalWrite(step: ScriptedTransport.Step) {
        let transport = ScriptedTransport([step, .answer(200, "{}")])
        #expect(throws: AWSError.self) { try DynamoDB(transport.client()).put(put) }
        #expect(transport.requests.count == 1)
    }

    @Test(
        "a write without a condition is retried if it cannot have taken effect",
        arguments: [
            .fail(.notSent), .answer(400, #"{"__type":"x#ThrottlingException"}"#), .answer(429),
        ] as [ScriptedTransport.Step])
    func ineffectiveWrite(step: ScriptedTransport.Step) throws {
        let transport = ScriptedTransport([step, .answer(200, "{}")])
        try DynamoDB(transport.client()).put(put)
        #expect(transport.requests.count == 2)
    }

    @Test(
        "a permanent error is not retried",
        arguments: [
            .answer(400, #"{"__type":"x#ValidationException","message":"no"}"#), .answer(403), .fail(.invalid),
        ] as [ScriptedTransport.Step])
    func permanentErrors(step: ScriptedTransport.Step) {
        let transport = ScriptedTransport([step])
        #expect(throws: AWSError.self) { try DynamoDB(transport.client()).put(conditionalPut) }
        #expect(transport.requests.count == 1)
    }

    @Test(
        "a refused time is corrected once by the service's, also for later calls",
        arguments: [
            #"{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Signature expired: 2026"}"#,
            #"{"__type":"x#InvalidSignatureException","message":"Signature not yet current: 2026"}"#,
            "<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>",
        ])
    func wrongClock(body: String) throws {
        let headers: HTTPHeaders = ["date": "Mon, 30 Nov 2026 10:00:00 GMT"]
        let refused = ScriptedTransport.Step.answer(
            HTTPResponse(status: 403, headers: headers, body: Array(body.utf8)))
        let transport = ScriptedTransport([refused, .answer(200, "{}"), .answer(200, "{}"), refused, refused])
        let client = transport.client()
        try DynamoDB(client).put(put)
        try DynamoDB(client).put(put)
        #expect(
            transport.requests.map { $0.headers["x-amz-date"] }
                == ["20260301T100000Z", "20261130T100000Z", "20261130T100000Z"])
        #expect(throws: AWSError.self) { try DynamoDB(client).put(put) }
        #expect(transport.requests.count == 5)
    }

    @Test("attempts are limited, and the last error is thrown") func attemptLimit() {
        let transport = ScriptedTransport(
            Array(repeating: .answer(500, #"{"__type":"InternalServerError"}"#), count: 9))
        let error = #expect(throws: AWSError.self) { try DynamoDB(transport.client()).put(conditionalPut) }
        #expect(error?.code == "InternalServerError" && error?.errorType == "Interrupted")
        #expect(transport.requests.count == 3)
    }

    @Test("no wait goes beyond the deadline") func waitsBeforeDeadline() {
        let transport = ScriptedTransport(Array(repeating: .answer(500), count: 9))
        let client = transport.client(attempts: 9).limited(to: transport.instant + .milliseconds(120))
        let error = #expect(throws: AWSError.self) { try DynamoDB(client).put(conditionalPut) }
        guard case .timeout(_, let reason) = error else {
            Issue.record("\(String(describing: error)) is not a timeout")
            return
        }
        #expect(reason.contains("HTTP500"))
        #expect(transport.pauses == [.milliseconds(50)])
        #expect(transport.limits.map(\.whole) == [.milliseconds(120), .milliseconds(70)])
    }

    @Test("nothing is sent after the deadline") func afterDeadline() {
        let transport = ScriptedTransport([.answer(200, "{}")])
        let client = transport.client().limited(to: transport.instant)
        #expect(throws: AWSError.self) { try DynamoDB(client).put(conditionalPut) }
        #expect(transport.requests.isEmpty)
    }

    @Test("the backoff ceiling doubles up to its limit, and a wait is a fraction of the ceiling") func backoff() {
        let policy = RetryPolicy(attempts: 9, firstCeiling: .milliseconds(50), lastCeiling: .milliseconds(300))
        #expect(
            (1...5).map { policy.ceiling(afterFailure: $0) } == [
                .milliseconds(50), .milliseconds(100), .milliseconds(200), .milliseconds(300), .milliseconds(300),
            ])
        #expect(policy.ceiling(afterFailure: 1000) == .milliseconds(300))
        #expect(policy.wait(afterFailure: 3, fraction: 0) == .zero)
        #expect(policy.wait(afterFailure: 3, fraction: 0.5) == .milliseconds(100))
    }

    @Test("a transaction conflict is retried with the same token; a failed condition is not")
    func transactions() throws {
        func canceled(_ codes: String...) -> ScriptedTransport.Step {
            let reasons = codes.map { #"{"Code":"\#($0)"}"# }.joined(separator: ",")
            return .answer(400, #"{"__type":"x#TransactionCanceledException","CancellationReasons":[\#(reasons)]}"#)
        }
        let passing = ScriptedTransport([canceled("TransactionConflict", "None"), .answer(200, "{}")])
        try DynamoDB(passing.client()).transact([.put(put)])
        let tokens = Set(passing.requests.map { (try? JSON(parsing: $0.body))?["ClientRequestToken"]?.string })
        #expect(passing.requests.count == 2 && tokens.count == 1)

        let failing = ScriptedTransport([canceled("None", "ConditionalCheckFailed")])
        let error = #expect(throws: AWSError.self) { try DynamoDB(failing.client()).transact([.put(put)]) }
        #expect(
            error
                == .conditionFailed(
                    operation: "dynamodb TransactWriteItems", reasons: [nil, "ConditionalCheckFailed"]))
    }
}
