import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedPipes
@testable import EmulatedSQS

/// The API of pipes.
@Suite struct PipeRequestTests {
    private let directory: TemporaryDirectory
    private let store: Store
    private let pipes: PipeService

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: SQSService.schema + PipeService.schema)
        pipes = try PipeService(store: store, peers: Peers(SQSService(store: store), TableTarget("states")))
    }

    private let declaration: JSON = [
        "Source": "arn:aws:sqs:us-east-1:000000000000:jobs", "RoleArn": "arn:aws:iam::000000000000:role/r",
        "Target": "arn:aws:states:us-east-1:000000000000:stateMachine:m", "DesiredState": "STOPPED",
    ]

    private func call(_ method: String, _ path: String, _ body: JSON = [:], query: String = "") async throws -> (
        Int, JSON
    ) {
        let answer = await pipes.respond(
            to: HTTPRequest(method: method, path: "/v1/pipes\(path)", query: query, body: RequestBody(body.bytes)))
        return (answer.status, try JSON(parsing: answer.text))
    }

    @Test("a pipe is created, started, stopped, changed and deleted")
    func life() async throws {
        let (status, created) = try await call("POST", "/p", declaration)
        #expect(status == 200 && created["Arn"] == "arn:aws:pipes:us-east-1:000000000000:pipe/p")
        #expect(created["CurrentState"] == "CREATING" && created["DesiredState"] == "STOPPED")
        #expect(created["CreationTime"]?.double != nil)
        #expect(try await call("GET", "/p").1["CurrentState"] == "STOPPED")
        #expect(try await call("POST", "/p/start").1["CurrentState"] == "STARTING")
        #expect(try await call("GET", "/p").1["CurrentState"] == "RUNNING")
        #expect(try await call("POST", "/p/stop").1["DesiredState"] == "STOPPED")
        let (_, changed) = try await call(
            "PUT", "/p", ["RoleArn": "arn:aws:iam::000000000000:role/s", "Description": "d"])
        #expect(changed["CurrentState"] == "UPDATING")
        let described = try await call("GET", "/p").1
        #expect(described["RoleArn"] == "arn:aws:iam::000000000000:role/s" && described["Description"] == "d")
        #expect(described["Source"] == declaration["Source"])
        #expect(try await call("DELETE", "/p").1["CurrentState"] == "DELETING")
        #expect(try await call("GET", "/p").0 == 404)
        store.close()
    }

    @Test("pipes are listed by their prefixes and states, page by page")
    func list() async throws {
        for name in ["a1", "a2", "b"] { _ = try await call("POST", "/\(name)", declaration) }
        func names(_ query: String) async throws -> [String] {
            (try await call("GET", "", query: query).1["Pipes"]?.array ?? []).compactMap { $0["Name"]?.string }
        }
        #expect(try await names("NamePrefix=a") == ["a1", "a2"])
        #expect(try await names("CurrentState=RUNNING").isEmpty)
        let page = try await call("GET", "", query: "Limit=2").1
        #expect(page["NextToken"] == "a2")
        #expect(try await names("Limit=2&NextToken=a2") == ["b"])
        store.close()
    }

    @Test("what is there already, is not there, or lacks a member is refused")
    func refusals() async throws {
        _ = try await call("POST", "/p", declaration)
        #expect(try await call("POST", "/p", declaration).0 == 409)
        #expect(try await call("POST", "/none/start").0 == 404)
        #expect(try await call("DELETE", "/none").0 == 404)
        let (status, answer) = try await call("POST", "/q", ["Source": declaration["Source"] ?? "", "Target": "t"])
        #expect(status == 400 && answer["message"]?.string?.contains("'roleArn'") == true)
        #expect(try await call("PUT", "/p", ["Source": "arn:aws:sqs:us-east-1:000000000000:x"]).0 == 400)
        let (bad, _) = try await call("POST", "/q", ["Source": "x", "Target": "y", "RoleArn": "r"])
        #expect(bad == 400)
        #expect(try await call("GET", "/p/x/y").0 == 501)
        store.close()
    }
}
