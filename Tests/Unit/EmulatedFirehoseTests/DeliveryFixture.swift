import CZlib
import EmulatorCore
import JSON
import Synchronization
import TestServices
import Time

@testable import EmulatedFirehose

/// Objects in memory, with the events that a bucket would send.
final class MemoryObjects: ObjectStore {
    private let objects = Mutex<[String: [UInt8]]>([:])
    private let puts = Mutex<[String]>([])
    private let byBucket = Mutex<[String: [String]]>([:])
    /// Fails the next puts, before or after the object is stored.
    let failures = Mutex<[Failure]>([])

    enum Failure { case before, after }

    var keys: [String] { objects.withLock { $0.keys.sorted() } }
    /// The keys in the order of their puts, repeated ones too.
    var putKeys: [String] { puts.withLock { $0 } }
    /// The keys of each bucket, in the order of their puts.
    var buckets: [String: [String]] { byBucket.withLock { $0 } }
    func contents(_ key: String) -> [UInt8] { objects.withLock { $0[key] ?? [] } }

    func putObject(_ contents: [UInt8], to object: ObjectLocation) async throws(AWSFault) -> ObjectFacts {
        let failure = failures.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        let unavailable = AWSFault("SlowDown", "Please reduce your request rate.", status: 503)
        guard failure != .before else { throw unavailable }
        objects.withLock { $0[object.key] = contents }
        puts.withLock { $0.append(object.key) }
        byBucket.withLock { $0[object.bucket, default: []].append(object.key) }
        guard failure != .after else { throw unavailable }
        return facts(object.key, contents)
    }

    func getObject(_ object: ObjectLocation, range: Range<Int>) throws(AWSFault) -> [UInt8] {
        let bytes = try getObject(object).contents
        return Array(bytes[range.clamped(to: 0..<bytes.count)])
    }

    func copyObject(_ object: ObjectLocation, toFile path: String) throws(AWSFault) { throw .notEmulated("A file") }

    func headObject(_ object: ObjectLocation) throws(AWSFault) -> ObjectFacts {
        guard let contents = objects.withLock({ $0[object.key] }) else {
            throw AWSFault("NotFound", "Not Found", status: 404)
        }
        return facts(object.key, contents)
    }

    func getObject(_ object: ObjectLocation) throws(AWSFault) -> (facts: ObjectFacts, contents: [UInt8]) {
        (try headObject(object), contents(object.key))
    }
    func deleteObject(_ object: ObjectLocation) async throws(AWSFault) {
        objects.withLock { $0[object.key] = nil }
    }
    func listObjects(
        in bucket: String, prefix: String, after key: String, limit: Int
    ) throws(AWSFault) -> (objects: [ObjectFacts], isTruncated: Bool) { ([], false) }
    func listBuckets() throws(AWSFault) -> [(name: String, createdAt: Timestamp)] { [] }

    private func facts(_ key: String, _ contents: [UInt8]) -> ObjectFacts {
        ObjectFacts(
            key: key, size: contents.count, etag: "\"e\"", lastModified: Timestamp(milliseconds: 0), contentType: "",
            storageClass: "STANDARD", crc32: nil, version: nil)
    }
}

/// A function that partitions texts by their first word: `beer one` goes to the table `beer`.
final class PartitioningFunction: FunctionInvoking {
    /// The events, as they were sent.
    let events = Mutex<[JSON]>([])
    /// The answers to the next invocations instead of the function's own.
    let answers = Mutex<[FunctionAnswer]>([])

    func arn(ofFunction function: String) -> ARN? { ARN(function) }

    func invoke(function: String, payload: [UInt8]) async throws(AWSFault) -> FunctionAnswer {
        let event: JSON
        do { event = try JSON(parsing: payload) } catch { throw .internalFailure(error) }
        events.withLock { $0.append(event) }
        if let answer = answers.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return answer }
        let records = (event["records"]?.array ?? []).map { record -> JSON in
            let id = record["recordId"] ?? ""
            let text = String(decoding: [UInt8](base64: record["data"]?.string ?? "") ?? [], as: UTF8.self)
            switch text.split(separator: " ").first {
            case "drop": return ["recordId": id, "result": "Dropped"]
            case "bad": return ["recordId": id, "result": "ProcessingFailed"]
            case "lose": return ["recordId": "another", "result": "Ok", "data": ""]
            case let table:
                var metadata: JSONObject = [:]
                if let table { metadata["table"] = .string(String(table)) }
                return [
                    "recordId": id, "result": "Ok", "data": .string((text + "\n").utf8.base64),
                    "metadata": ["partitionKeys": .object(metadata)],
                ]
            }
        }
        return FunctionAnswer(payload: (["records": .array(records)] as JSON).bytes, requestID: "1")
    }
}

/// A Kinesis stream in memory.
final class MemoryShards: StreamSource {
    static let arn = "arn:aws:kinesis:us-east-1:000000000000:stream/changes"
    let streamService = "kinesis"
    let readers = BellGroup()
    private let state = Mutex<[(shard: StreamShard, records: [StreamRecord])]>([])

    func open(_ id: String, parents: [String] = [], hashKeys: ClosedRange<UInt128> = 0...(.max)) {
        let shard = StreamShard(
            id: id, name: "shardId-" + id, parents: parents, lastSequence: 0, isClosed: false, hashKeys: hashKeys)
        state.withLock { $0.append((shard, [])) }
    }

    func close(_ id: String) {
        state.withLock { shards in
            for index in shards.indices where shards[index].shard.id == id { shards[index].shard.isClosed = true }
        }
    }

    func put(_ text: String, into id: String, at moment: Int64) { put(Array(text.utf8), into: id, at: moment) }

    func put(_ data: [UInt8], into id: String, at moment: Int64) {
        state.withLock { shards in
            for index in shards.indices where shards[index].shard.id == id {
                shards[index].shard.lastSequence += 1
                let sequence = shards[index].shard.lastSequence
                shards[index].records.append(
                    StreamRecord(
                        sequence: sequence, sequenceNumber: "49\(id)\(sequence)", arrivedAt: moment,
                        content: .data(data[...], partitionKey: "k\"")))
            }
        }
    }

    func shards(ofStream arn: String) throws(AWSFault) -> [StreamShard] { state.withLock { $0.map(\.shard) } }

    func records(
        ofStream arn: String, shard: StreamShard, after sequence: Int64, limit: Int
    ) throws(AWSFault) -> [StreamRecord] {
        let records = state.withLock { $0.first { $0.shard.id == shard.id }?.records ?? [] }
        return Array(records.filter { $0.sequence > sequence }.prefix(limit))
    }
}

/// A store with the service on it, whose steps the test makes.
final class DeliveryFixture {
    let clock = TestClock()
    let objects = MemoryObjects()
    let function = PartitioningFunction()
    let stream = MemoryShards()
    let logs = RecordedLogs()
    private let directory: TemporaryDirectory
    private(set) var store: Store
    private(set) var firehose: FirehoseService

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: FirehoseService.schema)
        firehose = try FirehoseService(
            store: store, peers: Peers(objects, function, stream, logs), clock: clock.clockAndChance)
    }

    deinit { store.close() }

    /// Opens the store and the service again, as after a crash.
    func restart() throws {
        store.close()
        store = try Store(directory: directory.path, schema: FirehoseService.schema)
        firehose = try FirehoseService(
            store: store, peers: Peers(objects, function, stream, logs), clock: clock.clockAndChance)
    }

    @discardableResult
    func call(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        try await firehose.perform(action, input)
    }

    func fault(_ action: String, _ input: JSON) async -> AWSFault? {
        do throws(AWSFault) {
            try await call(action, input)
            return nil
        } catch { return error }
    }

    /// A delivery stream `d` by table, with what differs.
    /// - Parameter processor: one more.
    func create(
        from source: String? = nil, _ changes: JSONObject = [:], adding processor: JSON? = nil
    ) async throws {
        var changes = changes
        if let processor {
            changes["ProcessingConfiguration"] = [
                "Enabled": true, "Processors": [processor, Self.transformation],
            ]
        }
        try await call("CreateDeliveryStream", Self.declaration(from: source, changes))
    }

    private static let transformation: JSON = [
        "Type": "Lambda",
        "Parameters": [
            ["ParameterName": "LambdaArn", "ParameterValue": .string(functionARN)],
            ["ParameterName": "BufferIntervalInSeconds", "ParameterValue": "60"],
        ],
    ]

    static func declaration(from source: String? = nil, _ changes: JSONObject = [:]) -> JSON {
        var destination: JSONObject = [
            "BucketARN": "arn:aws:s3:::stage", "RoleARN": "arn:aws:iam::000000000000:role/r",
            "Prefix": "raw/!{partitionKeyFromLambda:table}/",
            "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
            "BufferingHints": ["SizeInMBs": 64, "IntervalInSeconds": 90],
            "DynamicPartitioningConfiguration": ["Enabled": true],
            "ProcessingConfiguration": [
                "Enabled": true, "Processors": [transformation],
            ],
        ]
        for (name, value) in changes { destination[name] = value.isNull ? nil : value }
        var declaration: JSONObject = [
            "DeliveryStreamName": "d", "ExtendedS3DestinationConfiguration": .object(destination),
        ]
        if let source {
            declaration["DeliveryStreamType"] = "KinesisStreamAsSource"
            declaration["KinesisStreamSourceConfiguration"] = ["KinesisStreamARN": .string(source), "RoleARN": "r"]
        }
        return .object(declaration)
    }

    static let functionARN = "arn:aws:lambda:us-east-1:000000000000:function:f"

    @discardableResult
    func put(_ texts: String...) async throws -> [String] {
        let records = texts.map { JSON.object(["Data": .string($0.utf8.base64)]) }
        let answer = try await call("PutRecordBatch", ["DeliveryStreamName": "d", "Records": .array(records)])
        return (answer["RequestResponses"]?.array ?? []).compactMap { $0["RecordId"]?.string }
    }

    /// Moves all batches that are ready.
    func takeIn() async throws {
        var intake = Intake(try firehose.context(of: "d"))
        while try await intake.step() == .moved {}
    }

    /// Closes the buffers whose time has passed, and stores all that are closed.
    func deliver() async throws {
        let delivery = Delivery(try firehose.context(of: "d"))
        try await delivery.closeBuffers()
        while try await delivery.deliverNext() {}
    }

    /// Lets every wait pass.
    func settle() async throws {
        clock.advance(60_000)
        try await takeIn()
        clock.advance(90_000)
        try await deliver()
    }

    /// The text of all objects under a prefix, in the order in which they were stored.
    func text(under prefix: String) -> String {
        objects.putKeys.filter { $0.hasPrefix(prefix) }.map { String(decoding: objects.contents($0), as: UTF8.self) }
            .joined()
    }

    /// The documents of failed records.
    func failures() throws -> [JSON] {
        try text(under: "errors/processing-failed/").split(separator: "\n").map { try JSON(parsing: String($0)) }
    }
}

/// The text of one gzip member; empty if it is none.
func inflated(_ member: [UInt8]) -> String {
    var stream = z_stream()
    var text = [UInt8](repeating: 0, count: 1 << 20)
    var member = member
    inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { inflateEnd(&stream) }
    let status = member.withUnsafeMutableBufferPointer { input in
        text.withUnsafeMutableBufferPointer { output in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(output.count)
            return inflate(&stream, Z_FINISH)
        }
    }
    return status == Z_STREAM_END && stream.avail_in == 0
        ? String(decoding: text[..<Int(stream.total_out)], as: UTF8.self) : ""
}
