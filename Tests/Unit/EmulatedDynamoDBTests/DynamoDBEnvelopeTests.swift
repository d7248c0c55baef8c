import EmulatorCore
import JSON
import Testing

@testable import EmulatedDynamoDB

/// Which texts the operations put around errors of values and expressions, and which they do not.
@Suite struct DynamoDBEnvelopeTests {
    private let db: DynamoDBFixture

    init() async throws {
        db = try DynamoDBFixture()
        try await db.makeHashTable()
    }

    private static let one = "1 validation error detected: "
    private static let notNumeric = "The parameter cannot be converted to a numeric value: "

    @Test(
        "single writes answer errors of the request in an envelope",
        arguments: [
            (
                "PutItem", #""Item": {"p": {"S": "a"}}, "ConditionExpression": "((p = p))""#,
                "Invalid ConditionExpression: The expression has redundant parentheses;"
            ),
            ("PutItem", #""Item": {"p": {"S": "a"}, "n": {"N": ""}}"#, notNumeric),
            (
                "PutItem", #""Item": {"p": {"S": "a"}}, "ReturnValues": "ALL_NEW""#,
                "ReturnValues can only be ALL_OLD or NONE"
            ),
            (
                "PutItem", #""Item": {"p": {"S": "a"}, "s": {"SS": ["b", "a", "b"]}}"#,
                #"One or more parameter values were invalid: Input collection ["a", "b", "b"] contains duplicates."#
            ),
            (
                "UpdateItem", #""Key": {"p": {"S": "a"}}, "UpdateExpression": "SET""#,
                #"Invalid UpdateExpression: Syntax error; token: "<EOF>", near: "SET""#
            ),
            (
                "UpdateItem",
                #""Key": {"p": {"S": "a"}}, "UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {":v": {"N": "x"}}"#,
                "\(notNumeric)x"
            ),
            (
                "UpdateItem",
                #""Key": {"p": {"S": "a"}}, "UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {":v": {"SS": []}}"#,
                "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string set "
                    + " may not be empty for key :v"
            ),
            (
                "DeleteItem", #""Key": {"p": {"S": "a"}}, "ExpressionAttributeValues": {":v": {"S": "x"}}"#,
                "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"
            ),
        ])
    func enveloped(action: String, parameters: String, message: String) async {
        await db.expectInvalid(action, #"{"TableName": "things", \#(parameters)}"#, Self.one + message)
    }

    @Test("a limit of constraints is in one envelope only, and the key's errors are in none")
    func bare() async {
        await db.expectInvalid(
            "PutItem", #"{"TableName": "", "Item": {"p": {"S": "a"}}}"#,
            "1 validation error detected: Value '' at 'tableName' failed to satisfy constraint: Member must have length "
                + "greater than or equal to 1")
        await db.expectInvalid(
            "PutItem", #"{"TableName": "things", "Item": {"p": {"N": "1"}}}"#,
            "One or more parameter values were invalid: Type mismatch for key p expected: S actual: N")
        await db.expectInvalid(
            "GetItem", #"{"TableName": "things", "Key": {"p": {"N": "x"}}}"#, "\(Self.notNumeric)x")
        await db.expectInvalid(
            "BatchWriteItem", #"{"RequestItems": {"things": [{"PutRequest": {"Item": {"p": {"N": "1"}}}}]}}"#,
            "The provided key element does not match the schema")
    }

    @Test(
        "a query and a scan refuse a selection that contradicts the projection",
        arguments: [
            (
                #""Select": "SPECIFIC_ATTRIBUTES""#,
                "Must specify the AttributesToGet or ProjectionExpression when choosing "
                    + "to get SPECIFIC_ATTRIBUTES"
            ),
            (
                #""Select": "COUNT", "ProjectionExpression": "p""#,
                "Cannot specify the ProjectionExpression when choosing "
                    + "to get only the Count"
            ),
            (
                #""Select": "ALL_PROJECTED_ATTRIBUTES""#,
                "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an "
                    + "IndexName"
            ),
        ])
    func selections(parameters: String, message: String) async {
        let key = #""KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}"#
        await db.expectInvalid("Query", #"{"TableName": "things", \#(key), \#(parameters)}"#, Self.one + message)
        await db.expectInvalid("Scan", #"{"TableName": "things", \#(parameters)}"#, message)
    }

    @Test("an expression's size is in the text of older checks only")
    func expressionSize() async {
        let long = String(repeating: "a", count: 4097)
        await db.expectInvalid(
            "GetItem", #"{"TableName": "things", "Key": {"p": {"S": "a"}}, "ProjectionExpression": "\#(long)"}"#,
            "Invalid ProjectionExpression: Expression size has exceeded the maximum allowed size;")
        await db.expectInvalid(
            "Scan", #"{"TableName": "things", "FilterExpression": "\#(long)"}"#,
            "Invalid FilterExpression: Expression size has exceeded the maximum allowed size; expression size: 4097")
    }

    @Test("a transaction's update of an index key answers as a put does")
    func transactionIndexKeys() async throws {
        try await db.send(
            "CreateTable",
            """
            {"TableName": "indexed", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"},
             {"AttributeName": "g", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST",
             "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "GlobalSecondaryIndexes": [{"IndexName": "by-g",
             "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}]}
            """)
        func update(_ value: String) -> String {
            """
            {"TransactItems": [{"Update": {"TableName": "indexed", "Key": {"p": {"S": "a"}},
             "UpdateExpression": "SET g = :v", "ExpressionAttributeValues": {":v": \(value)}}}]}
            """
        }
        let wrong = await db.fault("TransactWriteItems", update(#"{"N": "5"}"#))
        #expect(wrong?.code == "TransactionCanceledException")
        #expect(
            wrong?.details["CancellationReasons"]?[0]?["Message"]
                == "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: by-g"
        )
        await db.expectInvalid(
            "TransactWriteItems", update(#"{"S": ""}"#),
            "One or more parameter values are not valid. The update expression attempted to update a secondary index key "
                + "to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string "
                + "value.")
    }
}
