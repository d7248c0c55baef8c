import EmulatorCore
import JSON
import Testing

@testable import EmulatedDynamoDB

@Suite struct DynamoDBValidationTests {
    let db: DynamoDBFixture

    init() async throws {
        db = try DynamoDBFixture()
        try await db.makeRangeTable()
    }

    @Test(
        "a request of the wrong shape is a serialization error",
        arguments: [
            (#"{"TableName": 7}"#, "NUMBER_VALUE cannot be converted to String"),
            (#"{"TableName": true}"#, "TRUE_VALUE cannot be converted to String"),
            (#"{"TableName": []}"#, "Unrecognized collection type class java.lang.String"),
            (#"{"TableName": {}}"#, "Start of structure or map found where not expected"),
            (#"{"Item": "x"}"#, "Unexpected field type"),
            (
                #"{"Item": []}"#,
                "Unrecognized collection type java.util.Map<java.lang.String, "
                    + "com.amazonaws.dynamodb.v20120810.AttributeValue>"
            ),
            (#"{"Item": {"a": "x"}}"#, "Unexpected value type in payload"),
            (#"{"Item": {"a": {"N": 7}}}"#, "NUMBER_VALUE cannot be converted to String"),
            (#"{"Item": {"a": {"N": 7.5}}}"#, "DECIMAL_VALUE cannot be converted to String"),
            (#"{"Item": {"a": {"SS": "x"}}}"#, "Unexpected field type"),
            (
                #"{"Item": {"a": {"B": "abc"}}}"#,
                "Base64 encoded length is expected a multiple of 4 bytes but found: 3"
            ),
            (#"{"Item": {"a": {"B": 7}}}"#, "only base-64-encoded strings are convertible to bytes"),
        ])
    func wrongShape(input: String, message: String) async {
        let fault = await db.fault("PutItem", input)
        #expect(fault?.code == "SerializationException")
        #expect(fault?.message == message)
    }

    /// What single writes put before the errors of a request.
    private static let one = "1 validation error detected: "

    @Test("one answer lists every parameter that breaks its own constraint")
    func manyErrors() async {
        await db.expectInvalid(
            "PutItem", #"{"TableName": "a;", "ReturnValues": "hi"}"#,
            "3 validation errors detected: Value 'a;' at 'tableName' failed to satisfy constraint: Member must satisfy "
                + "regular expression pattern: [a-zA-Z0-9_.-]+; Value 'hi' at 'returnValues' failed to satisfy "
                + "constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]; "
                + "Value null at 'item' failed to satisfy constraint: Member must not be null")
    }

    @Test(
        "an invalid attribute value is refused",
        arguments: [
            ("{}", "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
            (
                #"{"S": "a", "N": "1"}"#,
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
                    + "datatypes"
            ),
            (#"{"S": "a", "N": "b"}"#, "The parameter cannot be converted to a numeric value: b"),
            (
                #"{"NULL": false}"#,
                "One or more parameter values were invalid: Null attribute value types must have the value of true"
            ),
            (#"{"SS": []}"#, "One or more parameter values were invalid: An string set  may not be empty"),
            (#"{"NS": []}"#, "One or more parameter values were invalid: An number set  may not be empty"),
            (#"{"BS": []}"#, "One or more parameter values were invalid: Binary sets should not be empty"),
            (
                #"{"SS": ["a", "a"]}"#,
                #"One or more parameter values were invalid: Input collection ["a", "a"] contains duplicates."#
            ),
            (
                #"{"NS": ["1", "1.0"]}"#,
                "One or more parameter values were invalid: Input collection contains duplicates."
            ),
            (
                #"{"BS": ["Yg==", "Yg=="]}"#,
                #"One or more parameter values were invalid: Input collection ["Yg==","Yg=="]of type BS contains duplicates."#
            ),
            (
                #"{"L": [{"M": {"x": {"N": "1e126"}}}]}"#,
                "Number overflow. Attempting to store a number with magnitude larger than supported range"
            ),
        ])
    func invalidValue(value: String, message: String) async {
        await db.expectInvalid("PutItem", #"{"TableName": "things", "Item": {"a": \#(value)}}"#, Self.one + message)
    }

    @Test(
        "an item without a valid key is refused",
        arguments: [
            ("{}", "One or more parameter values were invalid: Missing the key p in the item"),
            (
                #"{"p": {"S": "a"}, "c": {"N": "1"}}"#,
                "One or more parameter values were invalid: Type mismatch for key c expected: S actual: N"
            ),
            (
                #"{"p": {"S": ""}, "c": {"S": "c"}}"#,
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                    + "empty string value. Key: p"
            ),
        ])
    func invalidKey(item: String, message: String) async {
        await db.expectInvalid("PutItem", #"{"TableName": "things", "Item": \#(item)}"#, message)
    }

    @Test("names and nesting have limits")
    func nameAndNestingLimits() async throws {
        let name = String(repeating: "x", count: 65536)
        let fault = await db.fault(
            "PutItem", #"{"TableName": "things", "Item": {"p": {"S": "p"}, "c": {"S": "c"}, "\#(name)": {"S": "v"}}}"#)
        #expect(fault?.message.contains("65536") == true)
        let deep = String(repeating: #"{"L": ["#, count: 33) + #"{"S": "x"}"# + String(repeating: "]}", count: 33)
        await db.expectInvalid(
            "PutItem", #"{"TableName": "things", "Item": {"p": {"S": "p"}, "c": {"S": "c"}, "l": \#(deep)}}"#,
            Self.one + "Nesting Levels have exceeded supported limits")
    }

    @Test("key and item sizes have limits")
    func sizeLimits() async throws {
        let long = String(repeating: "x", count: 2049)
        await db.expectInvalid(
            "PutItem", #"{"TableName": "things", "Item": {"p": {"S": "\#(long)"}, "c": {"S": "c"}}}"#,
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"
        )
        await db.expectInvalid(
            "PutItem", #"{"TableName": "things", "Item": {"p": {"S": "p"}, "c": {"S": "\#(long)"}}}"#,
            "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of "
                + "1024 bytes")
        // The names and values p, p, c, c, and t take 5 bytes beside the text.
        let fits = String(repeating: "x", count: 400 * 1024 - 5)
        try await db.send(
            "PutItem", #"{"TableName": "things", "Item": {"p": {"S": "p"}, "c": {"S": "c"}, "t": {"S": "\#(fits)"}}}"#)
        await db.expectInvalid(
            "PutItem", #"{"TableName": "things", "Item": {"p": {"S": "p"}, "c": {"S": "c"}, "t": {"S": "\#(fits)x"}}}"#,
            "Item size has exceeded the maximum allowed size")
    }

    @Test(
        "parameters that contradict each other are refused",
        arguments: [
            (
                #""ConditionExpression": "", "Expected": {}"#,
                "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
                    + "{Expected} Expression parameters: {ConditionExpression}"
            ),
            (
                ##""ExpressionAttributeNames": {"#a": "a"}"##,
                "ExpressionAttributeNames can only be specified when using expressions"
            ),
            (
                #""ExpressionAttributeValues": {":a": {"S": "a"}}"#,
                "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"
            ),
            (
                #""ConditionExpression": "a = b", "ExpressionAttributeNames": {}"#,
                "ExpressionAttributeNames must not be empty"
            ),
            (
                #""ConditionExpression": "a = b", "ExpressionAttributeValues": {"a": {"S": "a"}}"#,
                #"ExpressionAttributeValues contains invalid key: Syntax error; key: "a""#
            ),
            (
                #""ConditionExpression": "a = b", "ExpressionAttributeValues": {":a": {"N": "x"}}"#,
                "The parameter cannot be converted to a numeric value: x"
            ),
            (
                #""ConditionExpression": "a = b", "ExpressionAttributeValues": {":a": {"N": "1"}}"#,
                "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}"
            ),
            (#""ConditionExpression": """#, "Invalid ConditionExpression: The expression can not be empty;"),
            (#""ReturnValues": "ALL_NEW""#, "ReturnValues can only be ALL_OLD or NONE"),
            (
                #""Expected": {"a": {"Exists": true}}"#,
                "One or more parameter values were invalid: Value must be provided when Exists is true for Attribute: a"
            ),
            (
                #""Expected": {"a": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "1"}]}}"#,
                "One or more parameter values were invalid: Invalid number of argument(s) for the BETWEEN ComparisonOperator"
            ),
        ] as [(String, String)])
    func conflictingParameters(parameters: String, message: String) async {
        await db.expectInvalid(
            "PutItem",
            #"{"TableName": "things", "Item": {"p": {"S": "p"}, "c": {"S": "c"}}, \#(parameters)}"#, Self.one + message)
    }

    @Test(
        "an unsupported key condition is refused",
        arguments: [
            ("c = :v", "Query condition missed key schema element: p"),
            ("p = :v AND d = :v", "Query condition missed key schema element: c"),
            ("p < :v", "Query key condition not supported"),
            ("p = :v OR c = :v", "Invalid operator used in KeyConditionExpression: OR"),
            ("p = :v AND NOT c = :v", "Invalid operator used in KeyConditionExpression: NOT"),
            ("p = :v AND c <> :v", "Invalid operator used in KeyConditionExpression: <>"),
            ("p = :v AND contains(c, :v)", "Invalid operator used in KeyConditionExpression: contains"),
            ("p = :v AND p = :v", "KeyConditionExpressions must only contain one condition per key"),
            ("p.x = :v", "KeyConditionExpressions cannot have conditions on nested attributes"),
            (
                "p = c AND c = :v",
                "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"
            ),
            ("p = :v AND c = :v AND d = :v", "Conditions can be of length 1 or 2 only"),
        ])
    func invalidKeyCondition(condition: String, message: String) async {
        await db.expectInvalid(
            "Query",
            #"{"TableName": "things", "KeyConditionExpression": "\#(condition)", "ExpressionAttributeValues": {":v": {"S": "x"}}}"#,
            message)
    }

    @Test("a query refuses a start key outside its range")
    func startKey() async {
        func query(_ start: String) -> String {
            """
            {"TableName": "things", "KeyConditionExpression": "p = :p AND c > :c", "ExclusiveStartKey": \(start),
             "ExpressionAttributeValues": {":p": {"S": "a"}, ":c": {"S": "m"}}}
            """
        }
        await db.expectInvalid(
            "Query", query(#"{"p": {"S": "b"}, "c": {"S": "x"}}"#),
            "The provided starting key is outside query boundaries based on provided conditions")
        await db.expectInvalid(
            "Query", query(#"{"p": {"S": "a"}, "c": {"S": "a"}}"#),
            "The provided starting key does not match the range key predicate")
        await db.expectInvalid(
            "Query", query(#"{"p": {"S": "a"}}"#),
            "The provided starting key is invalid: The provided key element does not match the schema")
    }

    @Test("attribute definitions must match the key schema")
    func attributeDefinitions() async {
        await db.expectInvalid(
            "CreateTable",
            """
            {"TableName": "other", "AttributeDefinitions": [{"AttributeName": "q", "AttributeType": "S"}],
             "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
            """,
            "One or more parameter values were invalid: Some index key attributes are not defined in "
                + "AttributeDefinitions. Keys: [p], AttributeDefinitions: [q]")
        await db.expectInvalid(
            "CreateTable",
            """
            {"TableName": "other", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"},
             {"AttributeName": "q", "AttributeType": "S"}],
             "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
            """,
            "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number "
                + "of attributes defined in AttributeDefinitions")
    }
}
