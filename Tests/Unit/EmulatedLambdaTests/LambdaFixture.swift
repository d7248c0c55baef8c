import EmulatorCore
import Foundation
import JSON
import TestServices
import Testing

@testable import EmulatedLambda
@testable import EmulatedSQS

/// A Lambda service for one test, with the test function installed as `echo`.
final class LambdaFixture: Sendable {
    let directory: TemporaryDirectory
    let store: Store
    let logs = RecordedLogs()
    let peers = Peers()
    let service: LambdaService

    init(
        directory: TemporaryDirectory? = nil, script: String = TestFunction.script,
        _ configure: (inout LambdaService.Options) -> Void = { _ in }
    ) throws {
        let directory = try directory ?? TemporaryDirectory()
        self.directory = directory
        try TestFunction.install("echo", in: directory.path, script: script)
        store = try Store(directory: directory.path, schema: LambdaService.schema + SQSService.schema)
        var options = LambdaService.Options(functions: ExecutableFolder(directory.path))
        // Among all other tests, a process may take long to start.
        options.initTimeout = .seconds(900)
        configure(&options)
        peers.connect([logs])
        service = try LambdaService(
            store: store, host: TestFunction.host, listening: LoopbackListening(), peers: peers,
            endpoint: EndpointAddress("http://127.0.0.1:4566"), options: options)
        peers.connect([service])
    }

    /// Creates `name` from the test function.
    func create(_ name: String = "echo", _ properties: JSON = [:]) async throws {
        var declaration: JSONObject = ["FunctionName": .string(name), "Code": "build/echo.zip", "Timeout": 900]
        for (name, value) in properties.object ?? [:] { declaration[name] = value }
        _ = try await service.provision(
            DeclaredResource(logicalID: "Echo", type: "AWS::Lambda::Function", properties: .object(declaration)))
    }

    /// Queues an event, as an event source does.
    func accept(_ payload: String, function: String, in transaction: borrowing Transaction) throws {
        let arn = try #require(ARN("arn:aws:lambda:us-east-1:000000000000:function:\(function)"))
        try service.accept(TargetEvent(payload), for: arn, in: transaction)
    }

    func invoke(_ payload: String, function: String = "echo") async throws -> (text: String, error: String?) {
        let answer = try await service.invoke(function: function, payload: Array(payload.utf8))
        return (String(decoding: answer.payload, as: UTF8.self), answer.functionError)
    }

    /// Invokes the function, and records an issue with its answer if that is another.
    func expect(
        _ payload: String, function: String = "echo", answers expected: String,
        at place: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await invoke(payload, function: function)
        #expect(answer.text == expected, sourceLocation: place)
        #expect(answer.error == nil, sourceLocation: place)
    }

    func request(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: String = ""
    ) async -> HTTPResponse {
        await service.respond(
            to: HTTPRequest(
                method: method, path: path, headers: HTTPHeaders(headers), body: RequestBody(Array(body.utf8))))
    }

    func close() async {
        await service.stop()
        store.close()
    }
}
