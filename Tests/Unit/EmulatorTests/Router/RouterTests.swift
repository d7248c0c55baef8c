import EmulatorCore
import JSON
import Testing
import Time

@testable import Emulator

@Suite struct RouterTests {
    private struct Named: EmulatedService {
        let name: String
        func respond(to request: HTTPRequest) async -> HTTPResponse {
            HTTPResponse(status: 200, body: .bytes(Array(name.utf8)))
        }
    }

    private struct Targeted: JSONService {
        let targetPrefix: String
        let actionService = "dynamodb"
        let protocolVersion = "1.0"
        func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON { .string(targetPrefix + action) }
    }

    private let router = Router(services: [
        "s3": Named(name: "s3"), "lambda": Named(name: "lambda"), "iam": Named(name: "iam"), "sts": Named(name: "iam"),
        "glue": Targeted(targetPrefix: "AWSGlue"), "iceberg.glue": Named(name: "iceberg"),
        "dynamodb": Targeted(targetPrefix: "DynamoDB_20120810"),
    ])

    private func answer(
        _ path: String, query: String = "", method: String = "GET", _ headers: [(String, String)] = []
    ) async throws -> (status: Int, text: String) {
        let response = await router.respond(
            to: HTTPRequest(method: method, path: path, query: query, headers: HTTPHeaders(headers)))
        guard case .bytes(let bytes) = response.body else { return (response.status, "") }
        return (response.status, String(decoding: bytes, as: UTF8.self))
    }

    private func signed(_ service: String) -> [(String, String)] {
        [
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=a/b/20260101/us-east-1/\(service)/aws4_request, SignedHeaders=x"
            )
        ]
    }

    @Test("a request is routed by its target, signing scope, path, or form")
    func routing() async throws {
        #expect(
            try await answer("/", method: "POST", [("X-Amz-Target", "DynamoDB_20120810.GetItem")]).text
                == #""DynamoDB_20120810GetItem""#)
        #expect(try await answer("/bucket/k", signed("s3")).text == "s3")
        #expect(try await answer("/bucket/k").text == "s3")
        #expect(try await answer("/any", signed("lambda")).text == "lambda")
        #expect(try await answer("/2015-03-31/functions/f/invocations", method: "POST").text == "lambda")
        // A bucket may have the name of a Lambda path.
        #expect(try await answer("/2015-03-31/functions", signed("s3")).text == "s3")
        #expect(try await answer("/", signed("sts")).text == "iam")
        #expect(
            try await answer("/", method: "POST", [("Content-Type", "application/x-www-form-urlencoded")]).text == "iam"
        )
        #expect(
            try await answer("/x", query: "X-Amz-Credential=a%2F20260101%2Fus-east-1%2Flambda%2Faws4_request").text
                == "lambda")
    }

    @Test("Glue's path for Iceberg is its own service, signed for Glue or not signed")
    func icebergPath() async throws {
        #expect(try await answer("/iceberg/v1/config", signed("glue")).text == "iceberg")
        #expect(try await answer("/iceberg/v1/config").text == "iceberg")
        // A bucket may be named iceberg.
        #expect(try await answer("/iceberg/v1/config", signed("s3")).text == "s3")
        #expect(try await answer("/iceberg/key").text == "s3")
        #expect(
            try await answer("/", method: "POST", signed("glue") + [("X-Amz-Target", "AWSGlue.GetTable")]).text
                == #""AWSGlueGetTable""#)
    }

    @Test("a service sees no request whose signature is not valid, and refuses it in its own format")
    func signatures() async throws {
        let strict = Router(
            services: ["s3": Named(name: "s3"), "dynamodb": Targeted(targetPrefix: "DynamoDB_20120810")],
            signatures: SignatureVerifier([.emulator], region: "us-east-1", clock: .system))
        let target = ("X-Amz-Target", "DynamoDB_20120810.GetItem")
        let json = await strict.respond(to: HTTPRequest(method: "POST", path: "/", headers: HTTPHeaders([target])))
        #expect(json.status == 400 && json.headers["Content-Type"] == "application/x-amz-json-1.0")
        let rest = await strict.respond(
            to: HTTPRequest(method: "GET", path: "/b/k", headers: HTTPHeaders(signed("s3"))))
        #expect(rest.status == 403 && rest.headers["x-amzn-ErrorType"] == "IncompleteSignatureException")
        #expect(await strict.respond(to: HTTPRequest(method: "GET", path: "/_cupel/health")).status == 200)
    }

    @Test("a service that is not emulated is named")
    func notEmulated() async throws {
        let byScope = try await answer("/", signed("sqs"))
        #expect(byScope.status == 501 && byScope.text.contains("The service sqs"))
        let byTarget = try await answer("/", method: "POST", [("X-Amz-Target", "Kinesis_20131202.PutRecord")])
        #expect(byTarget.status == 501 && byTarget.text.contains("Kinesis_20131202"))
    }

    @Test("the health answer lists the services")
    func health() async throws {
        let health = try await answer("/_cupel/health")
        #expect(health.status == 200)
        #expect(try JSON(parsing: Array(health.text.utf8))["services"]?.array?.count == 7)
    }
}
