import AWSModels
import JSON
import Testing

@Suite struct AttributeValueTests {
    @Test(
        "a value is written as it was read",
        arguments: [
            #"{"S":"é"}"#, #"{"N":"12345678901234567890.5"}"#, #"{"B":"AQID"}"#, #"{"BOOL":false}"#, #"{"NULL":true}"#,
            #"{"L":[{"S":"a"},{"L":[]}]}"#, #"{"M":{"a":{"N":"1"},"b":{"M":{}}}}"#, #"{"SS":["a","b"]}"#,
            #"{"NS":["1","2"]}"#, #"{"BS":["AQ==","Ag=="]}"#,
        ])
    func roundTrip(text: String) throws {
        #expect(try AttributeValue(JSON(parsing: text)).json.text == text)
    }

    @Test(
        "a value without exactly one valid type is refused",
        arguments: [
            "{}", #"{"S":1}"#, #"{"N":1}"#, #"{"X":"a"}"#, #"{"S":"a","N":"1"}"#, #"{"B":"?"}"#, #"{"L":[1]}"#, "[]",
        ])
    func invalidValues(text: String) throws {
        let json = try JSON(parsing: text)
        #expect(throws: ModelError.self) { try AttributeValue(json) }
    }

    @Test("the error names the broken attribute of an item") func brokenAttribute() {
        let error = #expect(throws: ModelError.self) { try Item(attributes: ["good": ["S": "a"], "bad": ["S": 1]]) }
        #expect(error?.path == "bad")
    }

    @Test("a request merges its placeholders and omits empty maps") func placeholders() {
        let plain = UpdateItem(table: "t", key: ["id": "1"], update: Expression("REMOVE a"))
        #expect(
            plain.json.text
                == #"{"TableName":"t","Key":{"id":{"S":"1"}},"UpdateExpression":"REMOVE a","ReturnValues":"NONE"}"#)
        let full = UpdateItem(
            table: "t", key: ["id": "1"], update: Expression("SET #a = :b", names: ["#a": "a"], values: [":b": 2]),
            condition: Expression("#a < :b"), returning: .allNew)
        #expect(full.json["ExpressionAttributeNames"] == ["#a": "a"])
        #expect(full.json["ExpressionAttributeValues"] == [":b": ["N": "2"]])
        #expect(full.json["ConditionExpression"] == "#a < :b")
        let put = PutItem(table: "t", item: [:])
        let transaction = TransactWriteItems([.update(full), .put(put)], clientRequestToken: "x")
        #expect(transaction.json["TransactItems"]?[0]?["Update"]?["ReturnValues"] == nil)
        #expect(transaction.json["TransactItems"]?[1]?["Put"] == ["TableName": "t", "Item": [:]])
    }
}
