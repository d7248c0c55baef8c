import EmulatorCore
import JSON
import Testing

@testable import EmulatedDynamoDB

@Suite struct DynamoDBItemTests {
    let db: DynamoDBFixture

    init() async throws {
        db = try DynamoDBFixture()
        try await db.makeHashTable()
    }

    @Test("an item with every type is returned as stored, its numbers in plain digits")
    func everyType() async throws {
        try await db.send(
            "PutItem",
            """
            {"TableName": "things", "Item": {"p": {"S": "a"}, "n": {"N": "-0012.3400e2"}, "b": {"B": "Yg=="},
             "t": {"BOOL": true}, "z": {"NULL": true}, "ss": {"SS": ["x", "y"]}, "ns": {"NS": ["1", "20"]},
             "bs": {"BS": ["Yg=="]}, "l": {"L": [{"S": ""}, {"L": []}]}, "m": {"M": {"k": {"N": "1E-3"}}}}}
            """)
        let item = try await db.item("a")
        #expect(
            try item
                == JSON(
                    parsing: """
                        {"p": {"S": "a"}, "n": {"N": "-1234"}, "b": {"B": "Yg=="}, "t": {"BOOL": true},
                         "z": {"NULL": true}, "ss": {"SS": ["x", "y"]}, "ns": {"NS": ["1", "20"]}, "bs": {"BS": ["Yg=="]},
                         "l": {"L": [{"S": ""}, {"L": []}]}, "m": {"M": {"k": {"N": "0.001"}}}}
                        """))
    }

    @Test("a put replaces the whole item and returns the old one on request")
    func putReplaces() async throws {
        try await db.send("PutItem", #"{"TableName": "things", "Item": {"p": {"S": "a"}, "x": {"N": "1"}}}"#)
        let answer = try await db.send(
            "PutItem",
            #"{"TableName": "things", "Item": {"p": {"S": "a"}, "y": {"N": "2"}}, "ReturnValues": "ALL_OLD"}"#)
        #expect(answer == ["Attributes": ["p": ["S": "a"], "x": ["N": "1"]]])
        #expect(try await db.item("a") == ["p": ["S": "a"], "y": ["N": "2"]])
    }

    @Test("a failed condition changes nothing and can return the item")
    func failedCondition() async throws {
        try await db.send("PutItem", #"{"TableName": "things", "Item": {"p": {"S": "a"}, "x": {"N": "1"}}}"#)
        let fault = await db.fault(
            "PutItem",
            """
            {"TableName": "things", "Item": {"p": {"S": "a"}}, "ConditionExpression": "attribute_not_exists(p)",
             "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
            """)
        #expect(fault?.code == "ConditionalCheckFailedException")
        #expect(fault?.message == "The conditional request failed")
        #expect(fault?.details["Item"] == ["p": ["S": "a"], "x": ["N": "1"]])
        #expect(try await db.item("a") == ["p": ["S": "a"], "x": ["N": "1"]])
    }

    @Test("a delete returns the old item, and a second delete returns nothing")
    func deleteTwice() async throws {
        try await db.send("PutItem", #"{"TableName": "things", "Item": {"p": {"S": "a"}}}"#)
        let delete = #"{"TableName": "things", "Key": {"p": {"S": "a"}}, "ReturnValues": "ALL_OLD"}"#
        #expect(try await db.send("DeleteItem", delete) == ["Attributes": ["p": ["S": "a"]]])
        #expect(try await db.send("DeleteItem", delete) == [:])
    }

    @Test("an update sets, removes, adds, and deletes at once, reading the item as it was")
    func updateClauses() async throws {
        try await db.send(
            "PutItem",
            """
            {"TableName": "things", "Item": {"p": {"S": "a"}, "n": {"N": "1"}, "s": {"SS": ["x", "y"]}, "gone": {"S": "g"},
             "l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]}, "m": {"M": {"k": {"S": "v"}}}}}
            """)
        let answer = try await db.send(
            "UpdateItem",
            """
            {"TableName": "things", "Key": {"p": {"S": "a"}}, "ReturnValues": "ALL_NEW",
             "UpdateExpression": "SET m.k2 = n, l[9] = :v, c = if_not_exists(nope, :v) + n, l2 = list_append(l, :l) \
            REMOVE gone, l[0] ADD n :v DELETE s :x",
             "ExpressionAttributeValues": {":v": {"N": "10"}, ":l": {"L": [{"S": "e"}]}, ":x": {"SS": ["x"]}}}
            """)
        #expect(
            try answer["Attributes"]
                == JSON(
                    parsing: """
                        {"p": {"S": "a"}, "n": {"N": "11"}, "s": {"SS": ["y"]}, "c": {"N": "11"},
                         "l": {"L": [{"N": "1"}, {"N": "2"}, {"N": "10"}]},
                         "l2": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}, {"S": "e"}]},
                         "m": {"M": {"k": {"S": "v"}, "k2": {"N": "1"}}}}
                        """))
    }

    @Test(
        "an update returns the attributes that ReturnValues selects",
        arguments: [
            ("ALL_OLD", #"{"p": {"S": "a"}, "m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}}"#),
            ("UPDATED_OLD", #"{"m": {"M": {"x": {"N": "1"}}}}"#),
            ("UPDATED_NEW", #"{"m": {"M": {"x": {"N": "5"}}}, "n": {"N": "5"}}"#),
            ("ALL_NEW", #"{"p": {"S": "a"}, "m": {"M": {"x": {"N": "5"}, "y": {"N": "2"}}}, "n": {"N": "5"}}"#),
        ])
    func returnValues(returnValues: String, expected: String) async throws {
        try await db.send(
            "PutItem",
            #"{"TableName": "things", "Item": {"p": {"S": "a"}, "m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}}}"#)
        let answer = try await db.send(
            "UpdateItem",
            """
            {"TableName": "things", "Key": {"p": {"S": "a"}}, "ReturnValues": "\(returnValues)",
             "UpdateExpression": "SET m.x = :v, n = :v", "ExpressionAttributeValues": {":v": {"N": "5"}}}
            """)
        #expect(try answer["Attributes"] == JSON(parsing: expected))
    }

    @Test("an update creates a missing item, unless it only removes attributes")
    func updateCreates() async throws {
        try await db.send("UpdateItem", #"{"TableName": "things", "Key": {"p": {"S": "bare"}}}"#)
        #expect(try await db.item("bare") == ["p": ["S": "bare"]])
        try await db.send(
            "UpdateItem", #"{"TableName": "things", "Key": {"p": {"S": "none"}}, "UpdateExpression": "REMOVE x"}"#)
        #expect(try await db.item("none") == nil)
    }

    @Test("a projection returns only its paths and closes the gaps in lists")
    func projection() async throws {
        try await db.send(
            "PutItem",
            """
            {"TableName": "things", "Item": {"p": {"S": "a"}, "l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]},
             "m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}, "name": {"S": "n"}}}
            """)
        let answer = try await db.send(
            "GetItem",
            """
            {"TableName": "things", "Key": {"p": {"S": "a"}}, "ProjectionExpression": "l[2], l[0], m.y, #n, m.q.z",
             "ExpressionAttributeNames": {"#n": "name"}}
            """)
        #expect(
            try answer["Item"]
                == JSON(
                    parsing: """
                        {"l": {"L": [{"N": "0"}, {"N": "2"}]}, "m": {"M": {"y": {"N": "2"}}}, "name": {"S": "n"}}
                        """))
    }

    @Test("the legacy parameters work like expressions")
    func legacyParameters() async throws {
        try await db.send(
            "PutItem",
            #"{"TableName": "things", "Item": {"p": {"S": "a"}, "n": {"N": "1"}}, "Expected": {"p": {"Exists": false}}}"#
        )
        let fault = await db.fault(
            "PutItem", #"{"TableName": "things", "Item": {"p": {"S": "a"}}, "Expected": {"p": {"Exists": false}}}"#)
        #expect(fault?.code == "ConditionalCheckFailedException")
        let answer = try await db.send(
            "UpdateItem",
            """
            {"TableName": "things", "Key": {"p": {"S": "a"}}, "ReturnValues": "ALL_NEW",
             "AttributeUpdates": {"n": {"Action": "ADD", "Value": {"N": "2"}}, "x": {"Value": {"S": "new"}}},
             "Expected": {"n": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "5"}]},
                          "q": {"ComparisonOperator": "NULL"}}}
            """)
        #expect(answer["Attributes"] == ["p": ["S": "a"], "n": ["N": "3"], "x": ["S": "new"]])
        let got = try await db.send(
            "GetItem", #"{"TableName": "things", "Key": {"p": {"S": "a"}}, "AttributesToGet": ["x", "none"]}"#)
        #expect(got["Item"] == ["x": ["S": "new"]])
    }

    @Test("consumed capacity follows the size of the item")
    func capacity() async throws {
        let text = String(repeating: "x", count: 5000)
        let put = try await db.send(
            "PutItem",
            #"{"TableName": "things", "Item": {"p": {"S": "a"}, "t": {"S": "\#(text)"}}, "ReturnConsumedCapacity": "TOTAL"}"#
        )
        #expect(put["ConsumedCapacity"]?["CapacityUnits"]?.double == 5)
        let get = try await db.send(
            "GetItem", #"{"TableName": "things", "Key": {"p": {"S": "a"}}, "ReturnConsumedCapacity": "INDEXES"}"#)
        #expect(get["ConsumedCapacity"]?["CapacityUnits"]?.double == 1)
        #expect(get["ConsumedCapacity"]?["Table"]?["CapacityUnits"]?.double == 1)
    }
}
