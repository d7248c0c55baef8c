import EmulatorCore
import JSON
import Synchronization
import TestServices
import Testing

@testable import EmulatedFirehose

/// Bodies and answers that are read in place if they are plain, and as documents if they are not.
@Suite struct PlainFormTests {
    private func put(_ body: String, to fixture: DeliveryFixture) async throws -> (status: Int, answer: JSON) {
        let request = HTTPRequest(
            method: "POST", path: "/", headers: HTTPHeaders([("X-Amz-Target", "Firehose_20150804.PutRecordBatch")]),
            body: RequestBody(Array(body.utf8)))
        let response = await fixture.firehose.respond(to: request)
        guard case .bytes(let bytes) = response.body else { return (response.status, .null) }
        return (response.status, try JSON(parsing: bytes))
    }

    private func body(_ texts: [String]) -> String {
        let list = texts.map { #"{"Data":"\#($0.utf8.base64)"}"# }
        return #"{"DeliveryStreamName":"d","Records":[\#(list.joined(separator: ","))]}"#
    }

    @Test("records of one request share a row, are taken in once and in their order, and have numbers of their own")
    func rows() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        var ids: [String] = []
        for start in [0, 5] {
            let (status, answer) = try await put(body((start..<start + 5).map { "beer \($0)" }), to: fixture)
            #expect(status == 200 && answer["FailedPutCount"] == 0)
            ids += (answer["RequestResponses"]?.array ?? []).compactMap { $0["RecordId"]?.string }
        }
        ids += try await fixture.put("beer 10")
        #expect(ids == ids.sorted() && Set(ids).count == 11)
        let rows = try fixture.store.read { try $0.first("SELECT COUNT(*) FROM firehose_block") { $0.int(0) } }
        #expect(rows == 3)
        try fixture.restart()
        try await fixture.settle()
        #expect(fixture.text(under: "raw/beer/") == (0...10).map { "beer \($0)\n" }.joined())
        let events = fixture.function.events.withLock { $0 }
        #expect(events.flatMap { $0["records"]?.array ?? [] }.compactMap { $0["recordId"]?.string } == ids)
        let next = try await fixture.put("beer 11")
        #expect(next.count == 1 && next[0] > ids[10])
    }

    @Test("a row whose records are taken in one batch after the other keeps those that wait, over a restart")
    func partOfARow() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create(
            from: nil, ["Prefix": "all/", "DynamicPartitioningConfiguration": nil])
        let texts = (0..<3).map { "\($0)" + String(repeating: "x", count: 400_000) }
        try await fixture.put(texts[0], texts[1], texts[2])
        try await fixture.takeIn()
        let waiting = try await fixture.call("DescribeDeliveryStream", ["DeliveryStreamName": "d"])
        #expect(waiting["DeliveryStreamDescription"]?["EmulatorProgress"]?["RecordsWaiting"] == 1)
        try fixture.restart()
        try await fixture.settle()
        #expect(fixture.text(under: "all/") == texts.map { $0 + "\n" }.joined())
        let left = try fixture.store.read { try $0.first("SELECT COUNT(*) FROM firehose_block") { $0.int(0) } }
        #expect(left == 0)
    }

    @Test(
        "what is refused is refused by the same fault, however the body is read",
        arguments: [
            (#"{"DeliveryStreamName":"d","Records":[]}"#, "ValidationException"),
            (#"{"DeliveryStreamName":"d","Records":[{}]}"#, "ValidationException"),
            (#"{"DeliveryStreamName":"d","Records":[{"Data":"YQ"}]}"#, "SerializationException"),
            (#"{"DeliveryStreamName":"none","Records":[{"Data":"YQ=="}]}"#, "ResourceNotFoundException"),
            (#"{"DeliveryStreamName":"d","Records":[{"Data":"YQ=="}]"#, "SerializationException"),
        ])
    func refusals(body: String, code: String) async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        let (status, answer) = try await put(body, to: fixture)
        #expect(status == 400 && answer["__type"]?.string == code)
    }

    @Test("an answer is read the same with escapes, spaces, other members and another order")
    func answers() async throws {
        let fixture = try DeliveryFixture()
        try await fixture.create()
        let ids = try await fixture.put("first", "second", "third")
        func record(_ place: Int, _ text: String, _ table: String) -> String {
            #"{"recordId":"\#(ids[place])","result":"Ok","data":"\#(text.utf8.base64)","#
                + #""metadata":{"partitionKeys":{"table":"\#(table)"}}}"#
        }
        let plain = [record(0, "one ", "beer"), record(1, "two ", "beer"), record(2, "three ", "review")]
        let forms = [
            #"{"records":[\#(plain.joined(separator: ","))]}"#,
            #" { "records" : [ \#(plain.joined(separator: " , ")) ] } "#,
            #"{"records":[\#([plain[2], plain[0], plain[1]].joined(separator: ","))]}"#,
            #"{"more":[1],"records":[\#(plain.joined(separator: ",").replacing("beer", with: "b\\u0065er"))]}"#,
            #"{"records":[\#(plain.joined(separator: ",").replacing(#""result""#, with: #""x":null,"result""#))]}"#,
        ]
        let records = try fixture.store.read { try StoredPuts.records(of: 1, after: 0, limit: 10, in: $0) }
        let call = TransformationCall(
            invocationID: "i", deliveryStream: "d", sourceStream: nil, region: "r",
            records: records.flatMap(\.parts))
        for form in forms {
            let found = call.outcomes(of: Array(form.utf8)).map { outcome in
                guard case .ok(let data, let keys) = outcome else { return "\(outcome)" }
                return String(decoding: data, as: UTF8.self) + (keys.values["table"] ?? "none")
            }
            #expect(found == ["one beer", "two beer", "three review"], "\(form)")
        }
    }

    @Test("a database with a row for each record keeps its records, and gives no number again")
    func migration() async throws {
        let directory = try TemporaryDirectory()
        var store = try Store(directory: directory.path, schema: FirehoseService.schema)
        try await store.write { transaction in
            try transaction.execute("DROP TABLE firehose_block")
            try transaction.execute(
                """
                CREATE TABLE firehose_record (
                    id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER, arrived_at INTEGER, data BLOB)
                """)
            for text in ["gone", "one", "two"] {
                try transaction.execute(
                    "INSERT INTO firehose_record VALUES (NULL, 1, 5, ?)", .blob(Array(text.utf8)))
            }
            try transaction.execute("INSERT INTO firehose_record VALUES (9, 1, 5, x'00')")
            try transaction.execute("DELETE FROM firehose_record WHERE id IN (1, 9)")
            try transaction.execute("PRAGMA user_version = 1")
        }
        store.close()
        store = try Store(
            directory: directory.path, schema: FirehoseService.schema, migrations: [FirehoseService.joinRecords])
        defer { store.close() }
        let records = try store.read { try StoredPuts.records(of: 1, after: 0, limit: 10, in: $0) }
        #expect(records.map(\.sequence) == [2, 3] && records.map(\.arrivedAt) == [5, 5])
        #expect(records.flatMap(\.parts).map(\.data) == [Array("one".utf8)[...], Array("two".utf8)[...]])
        let numbers = try await store.write {
            try StoredPuts.insert(StoredPuts.Block([[1], [2]]), into: 1, at: 6, in: $0)
        }
        #expect(numbers == 10...11)
    }
}
