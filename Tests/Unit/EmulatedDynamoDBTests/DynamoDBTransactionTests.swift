import EmulatorCore
import JSON
import Testing

@testable import EmulatedDynamoDB

@Suite struct DynamoDBTransactionTests {
    let db: DynamoDBFixture

    init() async throws {
        db = try DynamoDBFixture()
        try await db.makeHashTable()
    }

    private static let both = #"""
        {"TransactItems": [
          {"Put": {"TableName": "things", "Item": {"p": {"S": "a"}}, "ConditionExpression": "attribute_not_exists(p)"}},
          {"Update": {"TableName": "things", "Key": {"p": {"S": "b"}}, "UpdateExpression": "ADD n :one",
                      "ExpressionAttributeValues": {":one": {"N": "1"}}}}]}
        """#

    @Test("a transaction is applied as a whole or not at all, and its reasons name the failed action")
    func atomicity() async throws {
        try await db.send("TransactWriteItems", Self.both)
        #expect(try await db.item("b") == ["p": ["S": "b"], "n": ["N": "1"]])
        let fault = await db.fault("TransactWriteItems", Self.both)
        #expect(fault?.code == "TransactionCanceledException")
        #expect(
            fault?.message
                == "Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, None]"
        )
        #expect(
            fault?.details["CancellationReasons"]
                == [
                    ["Code": "ConditionalCheckFailed", "Message": "The conditional request failed"], ["Code": "None"],
                ])
        #expect(try await db.item("b") == ["p": ["S": "b"], "n": ["N": "1"]])
    }

    @Test("a transaction with a token is applied once in ten minutes")
    func requestToken() async throws {
        func add(_ amount: Int) -> String {
            #"""
            {"ClientRequestToken": "token", "TransactItems": [{"Update": {"TableName": "things", "Key": {"p": {"S": "n"}},
             "UpdateExpression": "ADD n :x", "ExpressionAttributeValues": {":x": {"N": "\#(amount)"}}}}]}
            """#
        }
        try await db.send("TransactWriteItems", add(1))
        try await db.send("TransactWriteItems", add(1))
        #expect(try await db.item("n")?["n"] == ["N": "1"])
        #expect(await db.fault("TransactWriteItems", add(2))?.code == "IdempotentParameterMismatchException")
        db.advance(milliseconds: 10 * 60 * 1000)
        try await db.send("TransactWriteItems", add(1))
        #expect(try await db.item("n")?["n"] == ["N": "2"])
    }

    @Test("a transaction with two operations on one item is refused")
    func duplicateItem() async throws {
        await db.expectInvalid(
            "TransactWriteItems",
            #"""
            {"TransactItems": [{"Delete": {"TableName": "things", "Key": {"p": {"S": "a"}}}},
              {"Put": {"TableName": "things", "Item": {"p": {"S": "a"}}}}]}
            """#, "Transaction request cannot include multiple operations on one item")
    }

    @Test("a failed condition check cancels the transaction and can return the item")
    func conditionCheck() async throws {
        try await db.send("PutItem", #"{"TableName": "things", "Item": {"p": {"S": "a"}, "n": {"N": "7"}}}"#)
        let fault = await db.fault(
            "TransactWriteItems",
            #"""
            {"TransactItems": [{"Delete": {"TableName": "things", "Key": {"p": {"S": "b"}}}},
              {"ConditionCheck": {"TableName": "things", "Key": {"p": {"S": "a"}}, "ConditionExpression": "n < :x",
               "ExpressionAttributeValues": {":x": {"N": "7"}}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}]}
            """#)
        #expect(fault?.details["CancellationReasons"]?[1]?["Item"] == ["p": ["S": "a"], "n": ["N": "7"]])
    }

    @Test("an invalid key cancels the transaction before any condition is evaluated")
    func invalidKey() async throws {
        let fault = await db.fault(
            "TransactWriteItems",
            #"""
            {"TransactItems": [
              {"Put": {"TableName": "things", "Item": {"p": {"S": "a"}}, "ConditionExpression": "attribute_exists(p)"}},
              {"Put": {"TableName": "things", "Item": {"p": {"N": "7"}}}},
              {"Put": {"TableName": "things", "Item": {"p": {"N": "8"}}}}]}
            """#)
        let codes = fault?.details["CancellationReasons"]?.array?.map { $0["Code"]?.string }
        #expect(codes == ["None", "ValidationError", "None"])
    }

    @Test("TransactGetItems reads items of several tables")
    func transactGet() async throws {
        try await db.makeRangeTable("others", "N")
        try await db.send("PutItem", #"{"TableName": "things", "Item": {"p": {"S": "a"}, "x": {"S": "x"}}}"#)
        try await db.send("PutItem", #"{"TableName": "others", "Item": {"p": {"S": "a"}, "c": {"N": "1"}}}"#)
        let answer = try await db.send(
            "TransactGetItems",
            #"""
            {"ReturnConsumedCapacity": "TOTAL", "TransactItems": [
              {"Get": {"TableName": "things", "Key": {"p": {"S": "a"}}, "ProjectionExpression": "x"}},
              {"Get": {"TableName": "others", "Key": {"p": {"S": "a"}, "c": {"N": "1.0"}}}},
              {"Get": {"TableName": "things", "Key": {"p": {"S": "none"}}}}]}
            """#)
        #expect(
            answer["Responses"] == [["Item": ["x": ["S": "x"]]], ["Item": ["p": ["S": "a"], "c": ["N": "1"]]], [:]])
        #expect(answer["ConsumedCapacity"]?[0]?["CapacityUnits"]?.double == 4)
    }

    @Test("batches write to and read from several tables")
    func batches() async throws {
        try await db.makeRangeTable("others", "N")
        try await db.send("PutItem", #"{"TableName": "things", "Item": {"p": {"S": "old"}}}"#)
        let written = try await db.send(
            "BatchWriteItem",
            #"""
            {"RequestItems": {"things": [{"PutRequest": {"Item": {"p": {"S": "a"}}}}, {"DeleteRequest": {"Key": {"p": {"S": "old"}}}}],
             "others": [{"PutRequest": {"Item": {"p": {"S": "a"}, "c": {"N": "1"}}}}]}}
            """#)
        #expect(written == ["UnprocessedItems": [:]])
        let read = try await db.send(
            "BatchGetItem",
            #"""
            {"RequestItems": {"things": {"Keys": [{"p": {"S": "a"}}, {"p": {"S": "old"}}]},
             "others": {"Keys": [{"p": {"S": "a"}, "c": {"N": "1"}}], "ProjectionExpression": "c"}}}
            """#)
        #expect(
            read == [
                "Responses": ["things": [["p": ["S": "a"]]], "others": [["c": ["N": "1"]]]], "UnprocessedKeys": [:],
            ])
        await db.expectInvalid(
            "BatchGetItem", #"{"RequestItems": {"things": {"Keys": [{"p": {"S": "a"}}, {"p": {"S": "a"}}]}}}"#,
            "Provided list of item keys contains duplicates")
    }

    @Test("an empty key refuses a transaction like a wrong parameter")
    func emptyKeys() async throws {
        for action in [
            #"{"Put": {"TableName": "things", "Item": {"p": {"S": ""}}}}"#,
            #"{"Delete": {"TableName": "things", "Key": {"p": {"S": ""}}}}"#,
        ] {
            await db.expectInvalid(
                "TransactWriteItems", #"{"TransactItems": [\#(action)]}"#,
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                    + "empty string value. Key: p")
        }
    }
}
