import EmulatorCore
import JSON
import Synchronization
import TestServices
import Testing
import Time

@testable import EmulatedLambda

/// A function that the test answers for.
final class ScriptedFunction: FunctionInvoking {
    /// The events, as they were sent.
    let events = Mutex<[JSON]>([])
    private let answer: @Sendable (JSON) throws(AWSFault) -> FunctionAnswer

    init(_ answer: @escaping @Sendable (JSON) throws(AWSFault) -> FunctionAnswer = { _ in .succeeded() }) {
        self.answer = answer
    }

    func arn(ofFunction function: String) -> ARN? { ARN(function) }

    func invoke(function: String, payload: [UInt8]) async throws(AWSFault) -> FunctionAnswer {
        let event: JSON
        do { event = try JSON(parsing: payload) } catch { throw .internalFailure(error) }
        events.withLock { $0.append(event) }
        return try answer(event)
    }
}

extension FunctionAnswer {
    static func succeeded(_ document: JSON = .null) -> FunctionAnswer {
        FunctionAnswer(payload: document.bytes, requestID: "r")
    }
    static let failed = FunctionAnswer(
        payload: Array(#"{"errorMessage":"no"}"#.utf8), functionError: "Unhandled", requestID: "r")
}

extension JSON {
    /// The texts of an event's Kinesis records.
    var texts: [String] {
        (self["Records"]?.array ?? []).map { record in
            String(decoding: [UInt8](base64: record["kinesis"]?["data"]?.string ?? "") ?? [], as: UTF8.self)
        }
    }
}

/// Objects in memory.
final class KeptObjects: ObjectStore {
    let kept = Mutex<[ObjectLocation: [UInt8]]>([:])

    func putObject(_ contents: [UInt8], to object: ObjectLocation) async throws(AWSFault) -> ObjectFacts {
        kept.withLock { $0[object] = contents }
        return ObjectFacts(
            key: object.key, size: contents.count, etag: "", lastModified: Timestamp(milliseconds: 0), contentType: "",
            storageClass: "STANDARD", crc32: nil, version: nil)
    }

    func getObject(_ object: ObjectLocation) throws(AWSFault) -> (facts: ObjectFacts, contents: [UInt8]) {
        throw .notEmulated("GetObject")
    }
    func getObject(_ object: ObjectLocation, range: Range<Int>) throws(AWSFault) -> [UInt8] {
        let bytes = try getObject(object).contents
        return Array(bytes[range.clamped(to: 0..<bytes.count)])
    }

    func copyObject(_ object: ObjectLocation, toFile path: String) throws(AWSFault) { throw .notEmulated("A file") }

    func headObject(_ object: ObjectLocation) throws(AWSFault) -> ObjectFacts { throw .notEmulated("HeadObject") }
    func deleteObject(_ object: ObjectLocation) async throws(AWSFault) {}
    func listObjects(
        in bucket: String, prefix: String, after key: String, limit: Int
    ) throws(AWSFault) -> (objects: [ObjectFacts], isTruncated: Bool) { ([], false) }
    func listBuckets() throws(AWSFault) -> [(name: String, createdAt: Timestamp)] { [] }
}

/// One mapping of a Kinesis stream with the shard 0, whose lanes the test steps through.
final class EventSourceFixture {
    let clock = TestClock()
    let stream: TestStream
    let objects = KeptObjects()
    let function: ScriptedFunction
    let store: Store
    let sources: EventSources
    private let directory: TemporaryDirectory
    private(set) var id = ""

    init(_ function: ScriptedFunction = ScriptedFunction()) throws {
        self.function = function
        stream = TestStream(clock: clock)
        stream.open("0")
        directory = try TemporaryDirectory()
        store = try Store(
            directory: directory.path, schema: [EventSources.schema, ShardPositions.schema, TableTarget.schema])
        sources = try EventSources(
            store: store, peers: Peers(stream, function, objects, TableTarget("sqs")), account: Account(),
            clock: clock.clockAndChance)
    }

    deinit { store.close() }

    static func declaration(_ changes: JSONObject = [:]) -> JSONObject {
        var declaration: JSONObject = [
            "FunctionName": "f", "EventSourceArn": .string(TestStream.kinesis), "StartingPosition": "TRIM_HORIZON",
        ]
        for (name, value) in changes { declaration[name] = value }
        return declaration
    }

    func create(_ changes: JSONObject = [:]) async throws {
        id = try await sources.create(Self.declaration(changes))["UUID"]?.string ?? ""
    }

    /// Invokes the function with all that is ready.
    /// - Returns: how the last step ended.
    @discardableResult
    func run(_ shard: String = "0", slot: Int = 0) async throws -> MappingLane.Step {
        let declaration = try JSON(
            parsing: try store.read {
                try $0.first("SELECT declaration FROM lambda_mapping WHERE id = ?", .text(id)) { $0.blob(0) }
            } ?? [])
        let mapping = try EventSourceMapping(id: id, declaration.object ?? [:])
        let found = try stream.shards(ofStream: TestStream.kinesis).first { $0.id == shard }
        let lane = ShardLane(try #require(found), slot: slot, of: mapping.parallelizationFactor)
        let key = "\(lane.shard.id)/\(slot)/\(mapping.parallelizationFactor)"
        var running = lanes[key] ?? MappingLane(mapping, lane, sources.context)
        defer { lanes[key] = running }
        while true {
            let step = try await running.step()
            guard step == .moved else { return step }
        }
    }
    private var lanes: [String: MappingLane] = [:]

    /// The texts of each invocation.
    var invocations: [[String]] { function.events.withLock { $0.map(\.texts) } }

    func letters() throws -> [JSON] { try TableTarget.bodies(in: store).map { try JSON(parsing: $0) } }

    static let queue: JSON = ["OnFailure": ["Destination": "arn:aws:sqs:us-east-1:000000000000:letters"]]
}
