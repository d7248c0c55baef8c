import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedKinesis

/// `PutRecords` as it comes over HTTP, where plain bodies are read in place.
@Suite struct PutRecordsTests {
    private let first = "shardId-000000000000"

    private func put(_ body: String, to streams: StreamFixture) async throws -> (status: Int, answer: JSON) {
        let request = HTTPRequest(
            method: "POST", path: "/", headers: HTTPHeaders([("X-Amz-Target", "Kinesis_20131202.PutRecords")]),
            body: RequestBody(Array(body.utf8)))
        let response = await streams.kinesis.respond(to: request)
        guard case .bytes(let bytes) = response.body else { return (response.status, .null) }
        return (response.status, try JSON(parsing: bytes))
    }

    private func body(_ records: [(data: String, key: String)], stream: String = "s") -> String {
        let list = records.map { #"{"Data":"\#($0.data.utf8.base64)","PartitionKey":"\#($0.key)"}"# }
        return #"{"StreamName":"\#(stream)","Records":[\#(list.joined(separator: ","))]}"#
    }

    @Test("records of one request share a row, and a reader can begin and end at each of them")
    func places() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 1)
        let data = (0..<10).map { "record \($0)" }
        var numbers: [String] = []
        for part in [data[..<7], data[7...]] {
            let (status, answer) = try await put(body(part.map { ($0, "key \($0)") }), to: streams)
            #expect(status == 200 && answer["FailedRecordCount"] == 0)
            numbers += (answer["Records"]?.array ?? []).compactMap { $0["SequenceNumber"]?.string }
        }
        let rows = try streams.store.read { try $0.first("SELECT COUNT(*) FROM kinesis_block") { $0.int(0) } }
        #expect(rows == 2 && numbers == numbers.sorted() && Set(numbers).count == 10)
        try await streams.restart()
        for (place, number) in numbers.enumerated() {
            let start: JSONObject = ["StartingSequenceNumber": .string(number)]
            #expect(try await streams.all("s", first, "AT_SEQUENCE_NUMBER", start) == Array(data[place...]))
            #expect(
                try await streams.all("s", first, "AFTER_SEQUENCE_NUMBER", start) == Array(data[(place + 1)...]))
        }
        let iterator = try await streams.iterator("s", first, "TRIM_HORIZON")
        #expect(try await streams.read(iterator, limit: 3).data == data)
    }

    @Test("a body is read in place or as a document with the same outcome")
    func forms() async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 2)
        let plain = body([("a", "one"), ("", "two"), ("ä\n", "drei€")])
        let spaced = plain.replacing(",", with: " ,\n\t").replacing(":", with: " : ")
        let escaped = plain.replacing("one", with: "\\u006fne")
        let withHash = plain.replacing(
            #""PartitionKey":"two""#, with: #""PartitionKey":"two","ExplicitHashKey":"0""#)
        var answers: [[String?]] = []
        for text in [plain, spaced, escaped, withHash] {
            let (status, answer) = try await put(text, to: streams)
            #expect(status == 200)
            answers.append((answer["Records"]?.array ?? []).map { $0["ShardId"]?.string })
        }
        #expect(answers[0] == answers[1] && answers[0] == answers[2])
        #expect(answers[3][1] == first)
        let all = try await streams.all("s", first) + streams.all("s", "shardId-000000000001")
        #expect(all.sorted() == ["", "", "", "", "a", "a", "a", "a", "ä\n", "ä\n", "ä\n", "ä\n"])
    }

    @Test(
        "what is refused is refused by the same fault, however the body is read",
        arguments: [
            (#"{"StreamName":"s","Records":[]}"#, "ValidationException"),
            (#"{"StreamName":"s","Records":[{"Data":"YQ==","PartitionKey":""}]}"#, "ValidationException"),
            (#"{"StreamName":"s","Records":[{"Data":"YQ="  ,"PartitionKey":"k"}]}"#, "SerializationException"),
            (#"{"StreamName":"s","Records":[{"PartitionKey":"k"}]}"#, "ValidationException"),
            (#"{"StreamName":"a b","Records":[{"Data":"YQ==","PartitionKey":"k"}]}"#, "ValidationException"),
            (#"{"StreamName":"none","Records":[{"Data":"YQ==","PartitionKey":"k"}]}"#, "ResourceNotFoundException"),
            (#"{"StreamName":"s","Records":[{"Data":"YQ==","PartitionKey":"k"}]"#, "SerializationException"),
            (#"{"StreamName":"s","Records":[{"Data":"YQ==","PartitionKey":"k"}]} x"#, "SerializationException"),
            (#"{"Records":[{"Data":"YQ==","PartitionKey":"k"}]}"#, "InvalidArgumentException"),
        ])
    func refusals(body: String, code: String) async throws {
        let streams = try StreamFixture()
        try await streams.create("s", shards: 1)
        let (status, answer) = try await put(body, to: streams)
        #expect(status == 400 && answer["__type"]?.string == code)
        #expect(try await streams.all("s", first) == [])
    }

    @Test("a shard that takes no more refuses its records alone, with their reason")
    func limits() async throws {
        let streams = try StreamFixture(enforcesLimits: true)
        try await streams.create("s", shards: 1)
        let records = (0..<500).map { (data: "\($0)", key: "k") }
        for _ in 0..<2 { #expect(try await put(body(records), to: streams).answer["FailedRecordCount"] == 0) }
        let (status, answer) = try await put(body([("late", "k")]), to: streams)
        #expect(status == 200 && answer["FailedRecordCount"] == 1)
        #expect(answer["Records"]?[0]?["ErrorCode"] == "ProvisionedThroughputExceededException")
        #expect(answer["Records"]?[0]?["ErrorMessage"]?.string?.contains("shardId-000000000000") == true)
    }

    @Test("a database with a row for each record keeps its records")
    func migration() async throws {
        let directory = try TemporaryDirectory()
        let clock = TestClock()
        var store = try Store(directory: directory.path, schema: KinesisService.schema)
        var kinesis = KinesisService(store: store, clock: clock.clockAndChance)
        _ = try await kinesis.perform("CreateStream", ["StreamName": "s", "ShardCount": 1])
        let now = clock.now
        try await store.write { transaction in
            try transaction.execute("DROP TABLE kinesis_block")
            try transaction.execute(
                "CREATE TABLE kinesis_record (id INTEGER PRIMARY KEY, arrived_at INTEGER, partition_key TEXT, data BLOB)"
            )
            for index in 1...3 {
                try transaction.execute(
                    "INSERT INTO kinesis_record VALUES (?, ?, ?, ?)", .integer(1 << 40 | Int64(index)), .integer(now),
                    .text("k\(index)"), .blob(Array("old \(index)".utf8)))
            }
            try transaction.execute("UPDATE kinesis_shard SET last_index = 3, last_arrival = ?", .integer(now))
            try transaction.execute("PRAGMA user_version = 1")
        }
        store.close()
        store = try Store(
            directory: directory.path, schema: KinesisService.schema, migrations: [KinesisService.joinRecords])
        defer { store.close() }
        kinesis = KinesisService(store: store, clock: clock.clockAndChance)
        let iterator = try await kinesis.perform(
            "GetShardIterator", ["StreamName": "s", "ShardId": .string(first), "ShardIteratorType": "TRIM_HORIZON"])
        let answer = try await kinesis.perform("GetRecords", ["ShardIterator": iterator["ShardIterator"] ?? ""])
        let records = answer["Records"]?.array ?? []
        #expect(records.map { $0["PartitionKey"]?.string } == ["k1", "k2", "k3"])
        #expect(records.map { $0["Data"]?.string } == [1, 2, 3].map { "old \($0)".utf8.base64 })
    }
}
