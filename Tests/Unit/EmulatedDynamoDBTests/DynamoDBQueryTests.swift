import EmulatorCore
import JSON
import Testing

@testable import EmulatedDynamoDB

@Suite struct DynamoDBQueryTests {
    let db: DynamoDBFixture

    init() throws { db = try DynamoDBFixture() }

    private func put(_ item: String) async throws {
        try await db.send("PutItem", #"{"TableName": "things", "Item": \#(item)}"#)
    }

    private func ranges(_ answer: JSON, _ type: String = "N") -> [String] {
        (answer["Items"]?.array ?? []).compactMap { $0["c"]?[type]?.string }
    }

    private func makeNumbers() async throws {
        try await db.makeRangeTable("things", "N")
        for number in ["10", "-5", "0", "2.5", "-0.001", "1e3", "100"] {
            try await put(#"{"p": {"S": "a"}, "c": {"N": "\#(number)"}, "v": {"S": "\#(number)"}}"#)
        }
        try await put(#"{"p": {"S": "b"}, "c": {"N": "1"}}"#)
    }

    @Test(
        "a query reads a range of numbers in numeric order",
        arguments: [
            ("p = :p", ["-5", "-0.001", "0", "2.5", "10", "100", "1000"]),
            ("p = :p AND c < :x", ["-5", "-0.001", "0", "2.5"]),
            ("p = :p AND c <= :x", ["-5", "-0.001", "0", "2.5", "10"]),
            ("p = :p AND c > :x", ["100", "1000"]), ("c >= :x AND p = :p", ["10", "100", "1000"]),
            (":x = c AND p = :p", ["10"]), ("p = :p AND :x < c", ["100", "1000"]),
            ("(p = :p) AND (c BETWEEN :x AND :y)", ["10", "100"]),
        ])
    func numberRange(condition: String, expected: [String]) async throws {
        try await makeNumbers()
        let values =
            #"":p": {"S": "a"}"# + (condition.contains(":x") ? #", ":x": {"N": "10"}"# : "")
            + (condition.contains(":y") ? #", ":y": {"N": "100"}"# : "")
        let query =
            #"{"TableName": "things", "KeyConditionExpression": "\#(condition)", "ExpressionAttributeValues": {\#(values)}"#
        #expect(ranges(try await db.send("Query", query + "}")) == expected)
        #expect(ranges(try await db.send("Query", query + #", "ScanIndexForward": false}"#)) == expected.reversed())
    }

    @Test("the pages of a query join to the whole result, forward and backward", arguments: [true, false])
    func pages(isForward: Bool) async throws {
        try await makeNumbers()
        var seen: [String] = []
        var start = ""
        var pages = 0
        repeat {
            let answer = try await db.send(
                "Query",
                """
                {"TableName": "things", "KeyConditionExpression": "p = :p AND c > :x", "Limit": 2,
                 "ScanIndexForward": \(isForward), "ExpressionAttributeValues": {":p": {"S": "a"}, ":x": {"N": "-1"}}\(start)}
                """)
            seen += ranges(answer)
            pages += 1
            start = answer["LastEvaluatedKey"].map { #", "ExclusiveStartKey": \#($0.text)"# } ?? ""
        } while !start.isEmpty && pages < 10
        let all = ["-0.001", "0", "2.5", "10", "100", "1000"]
        #expect(seen == (isForward ? all : all.reversed()))
        #expect(pages == 4)
    }

    @Test("begins_with matches by bytes, also when the prefix ends in 0xFF")
    func beginsWith() async throws {
        try await db.makeRangeTable("things", "B")
        for bytes in ["/w==", "//8=", "//8B", "/gE="] { try await put(#"{"p": {"S": "a"}, "c": {"B": "\#(bytes)"}}"#) }
        let answer = try await db.send(
            "Query",
            """
            {"TableName": "things", "KeyConditionExpression": "p = :p AND begins_with(c, :x)",
             "ExpressionAttributeValues": {":p": {"S": "a"}, ":x": {"B": "/w=="}}}
            """)
        #expect(ranges(answer, "B") == ["/w==", "//8=", "//8B"])
    }

    @Test("ScannedCount includes the items that a filter skips")
    func scannedCount() async throws {
        try await makeNumbers()
        let answer = try await db.send(
            "Query",
            """
            {"TableName": "things", "KeyConditionExpression": "p = :p", "FilterExpression": "contains(v, :f)",
             "Select": "COUNT", "ExpressionAttributeValues": {":p": {"S": "a"}, ":f": {"S": "1"}}}
            """)
        #expect(answer == ["Count": 4, "ScannedCount": 7])
    }

    @Test("a page ends at one megabyte")
    func pageOfAMegabyte() async throws {
        try await db.makeRangeTable("things", "N")
        let text = String(repeating: "x", count: 300_000)
        for number in 1...6 { try await put(#"{"p": {"S": "a"}, "c": {"N": "\#(number)"}, "t": {"S": "\#(text)"}}"#) }
        let answer = try await db.send(
            "Query",
            #"{"TableName": "things", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}"#
        )
        #expect(ranges(answer) == ["1", "2", "3", "4"])
        #expect(answer["LastEvaluatedKey"] == ["p": ["S": "a"], "c": ["N": "4"]])
    }

    private let gsi = """
        , "GlobalSecondaryIndexes": [{"IndexName": "by-state", "KeySchema": [{"AttributeName": "s", "KeyType": "HASH"},
          {"AttributeName": "n", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]}}]
        """

    private func makeIndexed() async throws {
        try await db.send(
            "CreateTable",
            """
            {"TableName": "things", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"},
             {"AttributeName": "s", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"}],
             "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"\(gsi)}
            """)
    }

    private func inState(_ state: String, more: String = "") async throws -> JSON {
        try await db.send(
            "Query",
            """
            {"TableName": "things", "IndexName": "by-state", "KeyConditionExpression": "s = :s",
             "ExpressionAttributeValues": {":s": {"S": "\(state)"}}\(more)}
            """)
    }

    @Test("a global index is sparse, ordered, and projected, and it follows its items")
    func globalIndex() async throws {
        try await makeIndexed()
        for (p, n) in [("a", 3), ("b", 1), ("c", 2)] {
            try await put(
                #"{"p": {"S": "\#(p)"}, "s": {"S": "open"}, "n": {"N": "\#(n)"}, "x": {"S": "\#(p)"}, "y": {"S": "no"}}"#
            )
        }
        try await put(#"{"p": {"S": "d"}, "s": {"S": "open"}}"#)
        func names(_ answer: JSON) -> [String] { (answer["Items"]?.array ?? []).compactMap { $0["p"]?["S"]?.string } }
        let open = try await inState("open")
        #expect(names(open) == ["b", "c", "a"])
        #expect(open["Items"]?[0] == ["p": ["S": "b"], "s": ["S": "open"], "n": ["N": "1"], "x": ["S": "b"]])
        try await db.send(
            "UpdateItem",
            """
            {"TableName": "things", "Key": {"p": {"S": "c"}}, "UpdateExpression": "SET s = :s",
             "ExpressionAttributeValues": {":s": {"S": "done"}}}
            """)
        try await db.send("DeleteItem", #"{"TableName": "things", "Key": {"p": {"S": "a"}}}"#)
        #expect(names(try await inState("open")) == ["b"])
        #expect(names(try await inState("done")) == ["c"])
        try await db.send(
            "UpdateItem", #"{"TableName": "things", "Key": {"p": {"S": "b"}}, "UpdateExpression": "REMOVE s"}"#)
        #expect(names(try await inState("open")) == [])
    }

    @Test("index entries with equal keys are paged without loss or repetition")
    func equalIndexKeys() async throws {
        try await makeIndexed()
        for number in 0..<7 {
            try await put(#"{"p": {"S": "k\#(number)"}, "s": {"S": "open"}, "n": {"N": "1"}}"#)
        }
        for direction in ["true", "false"] {
            var seen: Set<String> = []
            var start = ""
            repeat {
                let answer = try await inState(
                    "open", more: #", "Limit": 3, "ScanIndexForward": \#(direction)\#(start)"#)
                for item in answer["Items"]?.array ?? [] {
                    let isNew = seen.insert(item["p"]?["S"]?.string ?? "").inserted
                    #expect(isNew)
                }
                start = answer["LastEvaluatedKey"].map { #", "ExclusiveStartKey": \#($0.text)"# } ?? ""
            } while !start.isEmpty
            #expect(seen.count == 7)
        }
    }

    @Test("an index added later holds the existing items")
    func addedIndex() async throws {
        try await db.makeHashTable()
        for number in 0..<5 {
            try await put(#"{"p": {"S": "k\#(number)"}, "s": {"S": "open"}, "n": {"N": "\#(number)"}}"#)
        }
        try await db.send(
            "UpdateTable",
            """
            {"TableName": "things", "AttributeDefinitions": [{"AttributeName": "s", "AttributeType": "S"}], "GlobalSecondaryIndexUpdates": [{"Create": {
             "IndexName": "by-state", "KeySchema": [{"AttributeName": "s", "KeyType": "HASH"}],
             "Projection": {"ProjectionType": "KEYS_ONLY"}}}]}
            """)
        #expect(try await inState("open")["Count"] == 5)
        try await db.send(
            "UpdateTable",
            #"{"TableName": "things", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-state"}}]}"#)
        let table = try await db.send("DescribeTable", #"{"TableName": "things"}"#)["Table"]
        #expect(table?["GlobalSecondaryIndexes"] == nil)
        #expect(table?["AttributeDefinitions"] == [["AttributeName": "p", "AttributeType": "S"]])
    }

    @Test("a local index reads attributes that it does not project from its table")
    func localIndex() async throws {
        try await db.send(
            "CreateTable",
            """
            {"TableName": "things", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"},
             {"AttributeName": "c", "AttributeType": "S"}, {"AttributeName": "d", "AttributeType": "S"}],
             "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "c", "KeyType": "RANGE"}],
             "LocalSecondaryIndexes": [{"IndexName": "local", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"},
             {"AttributeName": "d", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}],
             "BillingMode": "PAY_PER_REQUEST"}
            """)
        try await put(#"{"p": {"S": "a"}, "c": {"S": "1"}, "d": {"S": "z"}, "e": {"S": "e"}}"#)
        try await put(#"{"p": {"S": "a"}, "c": {"S": "2"}, "d": {"S": "y"}, "e": {"S": "f"}}"#)
        let query =
            #"{"TableName": "things", "IndexName": "local", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}"#
        let keys = try await db.send("Query", query + "}")
        #expect(keys["Items"]?[0] == ["p": ["S": "a"], "c": ["S": "2"], "d": ["S": "y"]])
        let whole = try await db.send("Query", query + #", "Select": "ALL_ATTRIBUTES", "ConsistentRead": true}"#)
        #expect(whole["Items"]?[0]?["e"] == ["S": "f"])
    }

    @Test("the segments of a parallel scan hold every item once")
    func scanSegments() async throws {
        try await db.makeHashTable()
        for number in 0..<60 { try await put(#"{"p": {"S": "k\#(number)"}}"#) }
        var seen: [String] = []
        for segment in 0..<4 {
            var start = ""
            repeat {
                let answer = try await db.send(
                    "Scan", #"{"TableName": "things", "Segment": \#(segment), "TotalSegments": 4, "Limit": 7\#(start)}"#
                )
                seen += (answer["Items"]?.array ?? []).compactMap { $0["p"]?["S"]?.string }
                start = answer["LastEvaluatedKey"].map { #", "ExclusiveStartKey": \#($0.text)"# } ?? ""
            } while !start.isEmpty
        }
        #expect(seen.count == 60)
        #expect(Set(seen).count == 60)
    }

    @Test("a scan filters, and a scan of an index returns its projection")
    func scan() async throws {
        try await makeIndexed()
        try await put(#"{"p": {"S": "a"}, "s": {"S": "open"}, "n": {"N": "1"}, "y": {"S": "1"}}"#)
        try await put(#"{"p": {"S": "b"}, "y": {"S": "1"}}"#)
        let filtered = try await db.send(
            "Scan",
            """
            {"TableName": "things", "FilterExpression": "attribute_exists(y) AND NOT attribute_exists(s)"}
            """)
        #expect(filtered["Items"] == [["p": ["S": "b"], "y": ["S": "1"]]])
        let index = try await db.send("Scan", #"{"TableName": "things", "IndexName": "by-state"}"#)
        #expect(index["Items"] == [["p": ["S": "a"], "s": ["S": "open"], "n": ["N": "1"]]])
    }

    @Test("the legacy query parameters work like expressions")
    func legacyParameters() async throws {
        try await makeNumbers()
        let answer = try await db.send(
            "Query",
            """
            {"TableName": "things", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]},
             "c": {"ComparisonOperator": "GE", "AttributeValueList": [{"N": "10"}]}},
             "QueryFilter": {"v": {"ComparisonOperator": "NE", "AttributeValueList": [{"S": "100"}]}}}
            """)
        #expect(ranges(answer) == ["10", "1000"])
    }
}
