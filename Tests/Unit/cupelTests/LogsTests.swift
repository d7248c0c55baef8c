import AWSClient
import Control
import JSON
import Synchronization
import Testing

@testable import cupel

/// CloudWatch Logs with scripted answers, which records its inputs.
private final class ScriptedLogs: HTTPTransport {
    private final class Exchange: HTTPExchange {
        let head: HTTPResponseHead
        private var rest: ArraySlice<UInt8>

        init(_ body: JSON) {
            head = HTTPResponseHead(status: body["__type"] == nil ? 200 : 400)
            rest = body.bytes[...]
        }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws(TransportError) -> Int {
            let next = rest.prefix(buffer.count)
            buffer.copyBytes(from: next)
            rest = rest.dropFirst(next.count)
            return next.count
        }
    }

    private let state: Mutex<(answers: [JSON], inputs: [JSON])>
    var inputs: [JSON] { state.withLock { $0.inputs } }

    init(_ answers: [JSON]) { state = Mutex((answers.reversed(), [])) }

    func open(_ request: HTTPRequest, limits: TransportLimits) throws(TransportError) -> any HTTPExchange {
        guard let input = try? JSON(parsing: request.body) else { throw TransportError(.invalid, "no JSON") }
        return Exchange(
            state.withLock { state in
                state.inputs.append(input)
                return state.answers.popLast() ?? ["events": []]
            })
    }

    var pipeline: Pipeline {
        let client = AWSClient(
            configuration: AWSConfiguration(
                region: "us-east-1", endpoint: HTTPOrigin(isSecure: false, host: "fake"),
                retry: RetryPolicy(attempts: 1)),
            credentials: Credentials(accessKeyID: "a", secretAccessKey: "b"), transport: self)
        return Pipeline(
            endpoint: "fake", client: client, control: ControlTable(name: "control", client: client),
            stageBucket: "stage", lakeBucket: "lake", functionPrefix: "cupel-dev-")
    }
}

@Suite struct LogsTests {
    private func event(_ id: String, at time: Int, _ message: String) -> JSON {
        ["eventId": .string(id), "timestamp": .int(time), "message": .string(message), "logStreamName": "s"]
    }

    @Test("every page is read, and the next poll continues after the last line without repeating it")
    func polling() throws {
        let logs = ScriptedLogs([
            ["events": [event("1", at: 10, "one\n")], "nextToken": "more"],
            ["events": [event("2", at: 20, "two")]],
            ["events": [event("2", at: 20, "two"), event("3", at: 20, "three")]],
            ["events": [event("2", at: 20, "two"), event("3", at: 20, "three"), event("4", at: 30, "four")]],
        ])
        var log = FunctionLog(group: "/aws/lambda/f", from: nil)
        let polls = try (0..<3).map { _ in try log.newEvents(from: logs.pipeline).map(\.message) }
        #expect(polls == [["one", "two"], ["three"], ["four"]])
        #expect(logs.inputs.map { $0["nextToken"]?.string } == [nil, "more", nil, nil])
        #expect(logs.inputs.map { $0["startTime"]?.int } == [nil, nil, 20, 20])
        #expect(logs.inputs.allSatisfy { $0["logGroupName"] == "/aws/lambda/f" })
    }

    @Test("a missing log group is an error that names it")
    func missingGroup() {
        let logs = ScriptedLogs([["__type": "ResourceNotFoundException", "message": "no such group"]])
        var log = FunctionLog(group: "/aws/lambda/f", from: nil)
        let failure = #expect(throws: CommandFailure.self) { try log.newEvents(from: logs.pipeline) }
        #expect(failure?.exitStatus == 3)
        #expect(failure.map { "\($0)" }?.contains("/aws/lambda/f") == true)
    }
}
