import EmulatorCore
import JSON
import Testing

@testable import EmulatedDynamoDB

/// Global indexes whose keys have several attributes.
@Suite struct DynamoDBIndexKeyTests {
    private let db: DynamoDBFixture

    init() async throws {
        db = try DynamoDBFixture()
        try await db.send("CreateTable", Self.table(["h": "S"], ["a": "S", "b": "N", "c": "B"]))
        for (p, values) in [
            ("1", #""a": {"S": "x"}, "b": {"N": "10"}, "c": {"B": "AA=="}"#),
            ("2", #""a": {"S": "x"}, "b": {"N": "9"}, "c": {"B": "AQ=="}"#),
            ("3", #""a": {"S": "x\u0000"}, "b": {"N": "-1"}, "c": {"B": "AQ=="}"#),
            ("4", #""a": {"S": "xy"}, "b": {"N": "3"}, "c": {"B": "/w=="}"#),
            ("5", #""a": {"S": "x"}, "b": {"N": "10"}, "c": {"B": "AAE="}"#),
            ("6", #""a": {"S": "x"}, "b": {"N": "10"}"#),
        ] {
            try await db.send(
                "PutItem", #"{"TableName": "keyed", "Item": {"p": {"S": "\#(p)"}, "h": {"S": "o"}, \#(values)}}"#)
        }
    }

    private static func table(_ hashes: KeyValuePairs<String, String>, _ ranges: KeyValuePairs<String, String>)
        -> String
    {
        let all = [("p", "S")] + hashes.map { ($0.key, $0.value) } + ranges.map { ($0.key, $0.value) }
        let definitions = all.map { #"{"AttributeName": "\#($0.0)", "AttributeType": "\#($0.1)"}"# }
        let schema =
            hashes.map { #"{"AttributeName": "\#($0.key)", "KeyType": "HASH"}"# }
            + ranges.map { #"{"AttributeName": "\#($0.key)", "KeyType": "RANGE"}"# }
        return """
            {"TableName": "keyed", "BillingMode": "PAY_PER_REQUEST",
             "AttributeDefinitions": [\(definitions.joined(separator: ", "))],
             "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
             "GlobalSecondaryIndexes": [{"IndexName": "by-h", "KeySchema": [\(schema.joined(separator: ", "))],
              "Projection": {"ProjectionType": "ALL"}}]}
            """
    }

    private func query(_ condition: String, more: String = "") async throws -> JSON {
        let values = [
            ":h": #"{"S": "o"}"#, ":a": #"{"S": "x"}"#, ":n": #"{"N": "9"}"#, ":m": #"{"N": "10"}"#,
            ":c": #"{"B": "AA=="}"#,
        ].filter { condition.contains($0.key) }.map { #""\#($0.key)": \#($0.value)"# }.joined(separator: ", ")
        return try await db.send(
            "Query",
            """
            {"TableName": "keyed", "IndexName": "by-h", "KeyConditionExpression": "\(condition)",
             "ExpressionAttributeValues": {\(values)}\(more)}
            """)
    }

    @Test(
        "items are in the order of all attributes, and conditions narrow them from the first one on",
        arguments: [
            ("h = :h", ["2", "1", "5", "3", "4"]), ("h = :h AND a = :a", ["2", "1", "5"]),
            ("a = :a AND h = :h AND b = :m", ["1", "5"]), ("h = :h AND a = :a AND b > :n", ["1", "5"]),
            ("h = :h AND a = :a AND b >= :n", ["2", "1", "5"]), ("h = :h AND a = :a AND b < :m", ["2"]),
            ("h = :h AND a = :a AND b <= :m", ["2", "1", "5"]),
            ("h = :h AND a = :a AND b BETWEEN :n AND :m", ["2", "1", "5"]), ("h = :h AND a > :a", ["3", "4"]),
            ("h = :h AND begins_with(a, :a)", ["2", "1", "5", "3", "4"]), ("h = :h AND a < :a", []),
            ("h = :h AND a = :a AND b = :m AND c = :c", ["1"]),
            ("h = :h AND a = :a AND b = :m AND c > :c", ["5"]),
            ("h = :h AND a = :a AND b = :m AND begins_with(c, :c)", ["1", "5"]),
        ])
    func conditions(condition: String, expected: [String]) async throws {
        let items = try await query(condition)["Items"]?.array ?? []
        #expect(items.compactMap { $0["p"]?["S"]?.string } == expected)
    }

    @Test("pages continue after the last key, which has every attribute of both keys")
    func pages() async throws {
        var seen: [String] = []
        var start = ""
        repeat {
            let page = try await query("h = :h", more: #", "Limit": 2\#(start)"#)
            seen += (page["Items"]?.array ?? []).compactMap { $0["p"]?["S"]?.string }
            guard let last = page["LastEvaluatedKey"] else { break }
            #expect(Set(last.object?.members.map(\.name) ?? []) == ["p", "h", "a", "b", "c"])
            start = #", "ExclusiveStartKey": \#(last.text)"#
        } while seen.count < 10
        #expect(seen == ["2", "1", "5", "3", "4"])
    }

    @Test(
        "a gap, or a range before the last attribute, is refused",
        arguments: [
            ("h = :h AND b = :n", "a", "b"), ("h = :h AND a > :a AND b = :n", "a", "b"),
            ("h = :h AND a = :a AND c = :c", "b", "c"),
        ])
    func gaps(condition: String, open: String, last: String) async {
        do {
            _ = try await query(condition)
            Issue.record("The query was answered")
        } catch let fault as AWSFault {
            #expect(
                fault.message
                    == "RANGE key attributes \(open) must have equality conditions specified in the query because a "
                    + "condition is present on key attribute \(last)")
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test("several hash attributes must all be equal to a value")
    func hashes() async throws {
        try await db.send("DeleteTable", #"{"TableName": "keyed"}"#)
        try await db.send("CreateTable", Self.table(["h": "S", "i": "S"], [:]))
        for (p, h, i) in [("1", "a", "bc"), ("2", "ab", "c")] {
            try await db.send(
                "PutItem",
                #"{"TableName": "keyed", "Item": {"p": {"S": "\#(p)"}, "h": {"S": "\#(h)"}, "i": {"S": "\#(i)"}}}"#)
        }
        let both = #""ExpressionAttributeValues": {":h": {"S": "a"}, ":i": {"S": "bc"}}"#
        let found = try await db.send(
            "Query",
            #"{"TableName": "keyed", "IndexName": "by-h", "KeyConditionExpression": "h = :h AND i = :i", \#(both)}"#)
        #expect(found["Items"]?.array?.compactMap { $0["p"]?["S"]?.string } == ["1"])
        await db.expectInvalid(
            "Query",
            #"{"TableName": "keyed", "IndexName": "by-h", "KeyConditionExpression": "h = :h", "ExpressionAttributeValues": {":h": {"S": "a"}}}"#,
            "Query condition missed key schema element: i")
    }

    @Test("the key of a table or of a local index still has at most two attributes")
    func tableKeys() async {
        let fault = await db.fault(
            "CreateTable",
            """
            {"TableName": "wide", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [],
             "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"},
             {"AttributeName": "c", "KeyType": "RANGE"}]}
            """)
        #expect(fault?.message.hasSuffix("Member must have length less than or equal to 2") == true)
    }
}
