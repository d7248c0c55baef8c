import EmulatorCore
import JSON
import Testing

@testable import EmulatedDynamoDB

@Suite struct DynamoDBStreamTests {
    let db: DynamoDBFixture

    init() throws { db = try DynamoDBFixture() }

    private func makeTable(_ view: String) async throws -> String {
        try await db.makeHashTable(
            more: #", "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "\#(view)"}"#)
        let table = try await db.send("DescribeTable", #"{"TableName": "things"}"#)
        return try #require(table["Table"]?["LatestStreamArn"]?.string)
    }

    private func change() async throws {
        try await db.send("PutItem", #"{"TableName": "things", "Item": {"p": {"S": "a"}, "n": {"N": "1"}}}"#)
        try await db.send("PutItem", #"{"TableName": "things", "Item": {"p": {"S": "a"}, "n": {"N": "1"}}}"#)
        try await db.send("PutItem", #"{"TableName": "things", "Item": {"p": {"S": "a"}, "n": {"N": "2"}}}"#)
        _ = await db.fault(
            "DeleteItem",
            #"{"TableName": "things", "Key": {"p": {"S": "a"}}, "ConditionExpression": "attribute_not_exists(p)"}"#)
        try await db.send("DeleteItem", #"{"TableName": "things", "Key": {"p": {"S": "a"}}}"#)
        try await db.send("DeleteItem", #"{"TableName": "things", "Key": {"p": {"S": "a"}}}"#)
    }

    private func records(_ arn: String, from type: String = "TRIM_HORIZON") async throws -> [JSON] {
        let described = try await db.streams.perform("DescribeStream", ["StreamArn": .string(arn)])
        let shard = try #require(described["StreamDescription"]?["Shards"]?[0]?["ShardId"])
        var iterator = try await db.streams.perform(
            "GetShardIterator", ["StreamArn": .string(arn), "ShardId": shard, "ShardIteratorType": .string(type)])[
                "ShardIterator"]
        var records: [JSON] = []
        while let place = iterator {
            let answer = try await db.streams.perform("GetRecords", ["ShardIterator": place, "Limit": 2])
            let page = answer["Records"]?.array ?? []
            records += page
            iterator = page.isEmpty ? nil : answer["NextShardIterator"]
        }
        return records
    }

    @Test(
        "every write that changes an item is a record with the images of the stream's view type",
        arguments: [
            ("NEW_AND_OLD_IMAGES", true, true), ("NEW_IMAGE", true, false), ("OLD_IMAGE", false, true),
            ("KEYS_ONLY", false, false),
        ])
    func views(view: String, hasNew: Bool, hasOld: Bool) async throws {
        let arn = try await makeTable(view)
        try await change()
        let records = try await records(arn)
        #expect(records.map { $0["eventName"]?.string } == ["INSERT", "MODIFY", "REMOVE"])
        let modified = try #require(records[1]["dynamodb"])
        #expect(modified["Keys"] == ["p": ["S": "a"]])
        #expect(modified["NewImage"] == (hasNew ? ["p": ["S": "a"], "n": ["N": "2"]] : nil))
        #expect(modified["OldImage"] == (hasOld ? ["p": ["S": "a"], "n": ["N": "1"]] : nil))
        #expect(modified["StreamViewType"] == .string(view))
        #expect(modified["ApproximateCreationDateTime"] == 1_780_000_000)
        #expect(records[0]["eventVersion"] == "1.1")
        #expect(records[0]["eventSource"] == "aws:dynamodb")
        let numbers = records.compactMap { $0["dynamodb"]?["SequenceNumber"]?.string }
        #expect(numbers == numbers.sorted() && Set(numbers).count == 3)
        #expect(Set(records.compactMap { $0["eventID"]?.string }).count == 3)
    }

    @Test("a pipe reads on after its last sequence number, and the bell rings for new records")
    func resumedRead() async throws {
        let arn = try await makeTable("NEW_IMAGE")
        let bell = Bell()
        db.service.readers.add(bell)
        try await change()
        await bell.wait()
        let shard = try #require(try db.service.shards(ofStream: arn).first)
        let first = try db.service.records(ofStream: arn, shard: shard, after: 0, limit: 2)
        let last = try #require(first.last).sequence
        let rest = try db.service.records(ofStream: arn, shard: shard, after: last, limit: 10)
        let events = (first + rest).map { if case .change(let event) = $0.content { event } else { JSON.null } }
        #expect(events.map { $0["eventName"]?.string } == ["INSERT", "MODIFY", "REMOVE"])
        #expect(events[0]["eventSourceARN"] == .string(arn))
        #expect(first[0].arrivedAt == 1_780_000_000_000)
        #expect(shard.lastSequence == rest.last?.sequence)
    }

    @Test("an iterator at LATEST skips earlier records")
    func latest() async throws {
        let arn = try await makeTable("NEW_IMAGE")
        try await change()
        #expect(try await records(arn, from: "LATEST").isEmpty)
    }

    @Test("stream records expire after a day")
    func retention() async throws {
        let arn = try await makeTable("NEW_IMAGE")
        try await change()
        db.advance(milliseconds: 24 * 3600 * 1000 + 1)
        try await db.send("PutItem", #"{"TableName": "things", "Item": {"p": {"S": "b"}}}"#)
        #expect(try await records(arn).map { $0["dynamodb"]?["Keys"] } == [["p": ["S": "b"]]])
        #expect(try db.service.shards(ofStream: arn).first?.lastSequence == 4)
    }

    @Test("the stream of a deleted table can still be read")
    func disabledStream() async throws {
        let arn = try await makeTable("KEYS_ONLY")
        try await change()
        try await db.send("DeleteTable", #"{"TableName": "things"}"#)
        #expect(try await records(arn).count == 3)
        let described = try await db.streams.perform("DescribeStream", ["StreamArn": .string(arn)])
        #expect(described["StreamDescription"]?["StreamStatus"] == "DISABLED")
        let listed = try await db.streams.perform("ListStreams", ["TableName": "things"])
        #expect(listed["Streams"]?.array?.count == 1)
    }

    @Test("transactions and batches also write stream records")
    func transactionsAndBatches() async throws {
        let arn = try await makeTable("KEYS_ONLY")
        try await db.send(
            "TransactWriteItems",
            #"{"TransactItems": [{"Put": {"TableName": "things", "Item": {"p": {"S": "a"}}}}, {"Put": {"TableName": "things", "Item": {"p": {"S": "b"}}}}]}"#
        )
        try await db.send(
            "BatchWriteItem", #"{"RequestItems": {"things": [{"DeleteRequest": {"Key": {"p": {"S": "a"}}}}]}}"#)
        #expect(try await records(arn).map { $0["eventName"]?.string } == ["INSERT", "INSERT", "REMOVE"])
    }

    @Test("an expired item is deleted, and its stream record names the service")
    func timeToLive() async throws {
        let arn = try await makeTable("OLD_IMAGE")
        let specification = #""TimeToLiveSpecification": {"Enabled": true, "AttributeName": "ttl"}"#
        try await db.send("UpdateTimeToLive", #"{"TableName": "things", \#(specification)}"#)
        let lives = [
            "gone": #"{"N": "1779999999"}"#, "later": #"{"N": "1780000500"}"#, "text": #"{"S": "1779999999"}"#,
            "ancient": #"{"N": "1000"}"#,
        ]
        for (name, life) in lives {
            try await db.send("PutItem", #"{"TableName": "things", "Item": {"p": {"S": "\#(name)"}, "ttl": \#(life)}}"#)
        }
        #expect(try await db.service.deleteExpiredItems() == 1)
        #expect(try await db.item("gone") == nil)
        for name in ["later", "text", "ancient"] { #expect(try await db.item(name) != nil) }
        let removal = try #require(await records(arn).last)
        #expect(removal["eventName"] == "REMOVE")
        #expect(removal["userIdentity"] == ["Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"])
        db.advance(milliseconds: 600_000)
        #expect(try await db.service.deleteExpiredItems() == 1)
    }
}
