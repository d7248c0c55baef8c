import EmulatorCore
import JSON
import TestServices
import Time

@testable import EmulatedKinesis

/// A store with the service on it, which can be closed and opened again.
final class StreamFixture {
    let clock = TestClock()
    private let directory: TemporaryDirectory
    private let enforcesLimits: Bool
    private(set) var store: Store
    private(set) var kinesis: KinesisService

    init(enforcesLimits: Bool = false) throws {
        directory = try TemporaryDirectory()
        self.enforcesLimits = enforcesLimits
        store = try Store(directory: directory.path, schema: KinesisService.schema)
        kinesis = KinesisService(store: store, clock: clock.clockAndChance, enforcesLimits: enforcesLimits)
    }

    deinit { store.close() }

    func restart() async throws {
        store.close()
        store = try Store(directory: directory.path, schema: KinesisService.schema)
        kinesis = KinesisService(store: store, clock: clock.clockAndChance, enforcesLimits: enforcesLimits)
        try await kinesis.start()
    }

    @discardableResult
    func call(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        try await kinesis.perform(action, input)
    }

    /// The fault that a call is answered with; nil when it succeeds.
    func fault(_ action: String, _ input: JSON) async -> AWSFault? {
        do throws(AWSFault) {
            try await call(action, input)
            return nil
        } catch { return error }
    }

    func create(_ name: String, shards: Int) async throws {
        try await call("CreateStream", ["StreamName": .string(name), "ShardCount": .int(shards)])
    }

    @discardableResult
    func put(_ data: String, key: String, into name: String) async throws -> (shard: String, sequence: String) {
        let answer = try await call(
            "PutRecord",
            [
                "StreamName": .string(name), "PartitionKey": .string(key), "Data": .string(data.utf8.base64),
            ])
        return (answer["ShardId"]?.string ?? "", answer["SequenceNumber"]?.string ?? "")
    }

    func shards(_ name: String, filter: JSON? = nil) async throws -> [JSON] {
        var input: JSONObject = ["StreamName": .string(name)]
        if let filter { input["ShardFilter"] = filter }
        return try await call("ListShards", .object(input))["Shards"]?.array ?? []
    }

    func iterator(_ name: String, _ shard: String, _ type: String, _ more: JSONObject = [:]) async throws -> String {
        var input = more
        input["StreamName"] = .string(name)
        input["ShardId"] = .string(shard)
        input["ShardIteratorType"] = .string(type)
        return try await call("GetShardIterator", .object(input))["ShardIterator"]?.string ?? ""
    }

    /// Reads on from `iterator` to the tip of its shard, or to its end.
    func read(_ iterator: String, limit: Int = 10_000) async throws -> (
        data: [String], next: String?, children: [String]
    ) {
        var data: [String] = []
        var iterator = iterator
        while true {
            let answer = try await call("GetRecords", ["ShardIterator": .string(iterator), "Limit": .int(limit)])
            let records = answer["Records"]?.array ?? []
            data += records.compactMap { $0["Data"]?.string }
                .map { String(decoding: [UInt8](base64: $0) ?? [], as: UTF8.self) }
            let children = (answer["ChildShards"]?.array ?? []).compactMap { $0["ShardId"]?.string }
            guard let next = answer["NextShardIterator"]?.string else { return (data, nil, children) }
            if records.isEmpty { return (data, next, children) }
            iterator = next
        }
    }

    func all(_ name: String, _ shard: String, _ type: String = "TRIM_HORIZON", _ more: JSONObject = [:]) async throws
        -> [String]
    {
        try await read(try await iterator(name, shard, type, more)).data
    }
}
