import EmulatorCore
import Gzip
import JSON
import Synchronization
import TestServices
import Testing

@testable import EmulatedLogs

/// Log events that filters send on.
@Suite struct SubscriptionFilterTests {
    /// A service whose calls the test sees.
    private final class Calls: ActionPerforming {
        let actionService: String
        private let made = Mutex<[JSON]>([])

        init(_ service: String) { actionService = service }

        func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
            if input["StreamARN"] == "arn:aws:kinesis:us-east-1:000000000000:stream/none" {
                throw AWSFault("ResourceNotFoundException", "Stream none not found.")
            }
            made.withLock { $0.append(input) }
            return [:]
        }

        /// What was sent in the calls so far.
        var sent: [JSON] {
            made.withLock { $0 }.compactMap { ($0["Data"] ?? $0["Record"]?["Data"])?.string }.compactMap(Self.unpacked)
        }

        static func unpacked(_ text: String) -> JSON? {
            [UInt8](base64: text).flatMap { GzipReader.contents(of: $0) }.flatMap { try? JSON(parsing: $0) }
        }
    }

    private let directory: TemporaryDirectory
    private let store: Store
    private let logs: LogService
    private let kinesis = Calls("kinesis")
    private let firehose = Calls("firehose")

    init() async throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: [TableTarget.schema])
        logs = try LogService(
            directory: directory.path, clock: TestClock().clockAndChance,
            peers: Peers(kinesis, firehose, Calls("lambda"), TableTarget("lambda")), events: store)
        _ = try await logs.perform("CreateLogGroup", ["logGroupName": "g"])
    }

    private func put(_ name: String, _ destination: String, _ pattern: String = "", role: Bool = true) async throws {
        var input: JSONObject = [
            "logGroupName": "g", "filterName": .string(name), "filterPattern": .string(pattern),
            "destinationArn": .string("arn:aws:\(destination)"),
        ]
        if role { input["roleArn"] = "arn:aws:iam::000000000000:role/r" }
        _ = try await logs.perform("PutSubscriptionFilter", .object(input))
    }

    private func refusal(_ body: () async throws -> Void) async -> AWSFault? {
        do {
            try await body()
            return nil
        } catch { return error as? AWSFault }
    }

    private func wait(_ condition: () throws -> Bool) async throws {
        while try !condition() { await Task.yield() }
    }

    @Test("a stream gets a control message, then the matching events of a group, packed")
    func stream() async throws {
        try await put("f", "kinesis:us-east-1:000000000000:stream/s", "ERROR")
        #expect(kinesis.sent.first?["messageType"] == "CONTROL_MESSAGE")
        logs.write("ERROR one\n", group: "g", stream: "a")
        logs.write("all is well\n", group: "g", stream: "a")
        logs.write("ERROR elsewhere\n", group: "h", stream: "a")
        try await wait { kinesis.sent.count == 2 }
        let data = kinesis.sent[1]
        #expect(data["messageType"] == "DATA_MESSAGE" && data["logGroup"] == "g" && data["logStream"] == "a")
        #expect(data["owner"] == "000000000000" && data["subscriptionFilters"] == ["f"])
        #expect(data["logEvents"]?.array?.map { $0["message"] } == ["ERROR one"])
        #expect(data["logEvents"]?[0]?["id"]?.string?.utf8.count == 56)
        logs.close()
        store.close()
    }

    @Test("a function is invoked with the packed events, and a delivery stream gets them")
    func functionAndDeliveryStream() async throws {
        try await put("f", "lambda:us-east-1:000000000000:function:f", "{ $.level = \"error\" }", role: false)
        try await put("d", "firehose:us-east-1:000000000000:deliverystream/d")
        _ = try await logs.perform("CreateLogStream", ["logGroupName": "g", "logStreamName": "a"])
        let event: JSON = ["timestamp": 1_780_000_000_000, "message": "{\"level\":\"error\"}"]
        _ = try await logs.perform(
            "PutLogEvents", ["logGroupName": "g", "logStreamName": "a", "logEvents": [event]])
        try await wait { try TableTarget.bodies(in: store).count == 1 && firehose.sent.count == 2 }
        let body = try JSON(parsing: try #require(try TableTarget.bodies(in: store).first))
        let data = try #require(body["awslogs"]?["data"]?.string.flatMap(Calls.unpacked))
        #expect(data["logEvents"]?[0]?["message"] == "{\"level\":\"error\"}")
        #expect(data["logEvents"]?[0]?["timestamp"] == 1_780_000_000_000)
        logs.close()
        store.close()
    }

    @Test("a group has two filters, which are described, kept over a restart, and deleted")
    func filters() async throws {
        try await put("a", "kinesis:us-east-1:000000000000:stream/s")
        try await put("b", "kinesis:us-east-1:000000000000:stream/s")
        try await put("b", "kinesis:us-east-1:000000000000:stream/t")
        #expect(
            await refusal { try await put("c", "kinesis:us-east-1:000000000000:stream/s") }?.code
                == "LimitExceededException")
        logs.close()
        let again = try LogService(directory: directory.path, peers: Peers(kinesis))
        func described() async throws -> [JSON] {
            try await again.perform("DescribeSubscriptionFilters", ["logGroupName": "g"])["subscriptionFilters"]?.array
                ?? []
        }
        #expect(try await described().map { $0["filterName"] } == ["a", "b"])
        #expect(try await described()[1]["destinationArn"] == "arn:aws:kinesis:us-east-1:000000000000:stream/t")
        #expect(try await described()[0]["distribution"] == "ByLogStream")
        _ = try await again.perform("DeleteSubscriptionFilter", ["logGroupName": "g", "filterName": "a"])
        #expect(try await described().count == 1)
        _ = try await again.perform("DeleteLogGroup", ["logGroupName": "g"])
        _ = try await again.perform("CreateLogGroup", ["logGroupName": "g"])
        #expect(try await described().isEmpty)
        again.close()
        store.close()
    }

    @Test("a destination without its role, of another service, or that is not there is refused")
    func refusals() async throws {
        let stream = "kinesis:us-east-1:000000000000:stream/s"
        #expect(
            await refusal { try await put("f", stream, role: false) }?.message
                == "destinationArn for vendor kinesis cannot be used without roleArn")
        #expect(
            await refusal { try await put("f", "lambda:us-east-1:000000000000:function:f") }?.message
                == "destinationArn for vendor lambda cannot be used with roleArn")
        #expect(
            await refusal { try await put("f", "sqs:us-east-1:000000000000:q") }?.message
                == "PutSubscriptionFilter operation cannot work with destinationArn for vendor sqs")
        let missing = await refusal { try await put("f", "kinesis:us-east-1:000000000000:stream/none") }
        #expect(missing?.message.hasPrefix("Could not deliver test message to specified Kinesis stream.") == true)
        let absent = await refusal {
            _ = try await logs.perform("DeleteSubscriptionFilter", ["logGroupName": "g", "filterName": "f"])
        }
        #expect(absent?.code == "ResourceNotFoundException")
        logs.close()
        store.close()
    }
}
