import Foundation
import JSON
import Testing

@testable import EmulatorKit

/// A Lambda service for one test, with the test function installed as `echo`.
final class LambdaFixture: Sendable {
    static let host = ProcessHost()

    let directory: TemporaryDirectory
    let store: Store
    let logs = RecordedLogs()
    let service: LambdaService

    init(
        directory: TemporaryDirectory? = nil, script: String = TestFunction.script,
        _ configure: (inout LambdaService.Options) -> Void = { _ in }
    ) throws {
        let directory = try directory ?? TemporaryDirectory()
        self.directory = directory
        try TestFunction.install("echo", in: directory.path, script: script)
        store = try Store(directory: directory.path, schema: [LambdaService.schema] + SQSService.schema)
        var options = LambdaService.Options(functions: ExecutableFolder(directory.path))
        // Among all other tests, a process may take long to start.
        options.initTimeout = .seconds(120)
        configure(&options)
        service = try LambdaService(
            store: store, host: Self.host, listening: LoopbackListening(), logs: logs,
            endpoint: EndpointAddress("http://127.0.0.1:4566"), options: options)
    }

    /// Creates `name` from the test function.
    func create(_ name: String = "echo", _ properties: JSON = [:]) async throws {
        var declaration: JSONObject = ["FunctionName": .string(name), "Code": "build/echo.zip", "Timeout": 120]
        for (name, value) in properties.object ?? [:] { declaration[name] = value }
        _ = try await service.provision(
            DeclaredResource(logicalID: "Echo", type: "AWS::Lambda::Function", properties: .object(declaration)))
    }

    func invoke(_ payload: String, function: String = "echo") async throws -> (text: String, error: String?) {
        let answer = try await service.invoke(function: function, payload: Array(payload.utf8))
        return (String(decoding: answer.payload, as: UTF8.self), answer.functionError)
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

extension HTTPResponse {
    var text: String {
        if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }

    var json: JSON? { try? JSON(parsing: text) }
}
