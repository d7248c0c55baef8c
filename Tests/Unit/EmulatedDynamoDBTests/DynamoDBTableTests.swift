import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedDynamoDB

@Suite struct DynamoDBTableTests {
    let db: DynamoDBFixture

    init() throws { db = try DynamoDBFixture() }

    @Test("a table is described as it was created, with its item count")
    func description() async throws {
        try await db.makeHashTable()
        try await db.send("PutItem", #"{"TableName": "things", "Item": {"p": {"S": "a"}}}"#)
        let table = try #require(await db.send("DescribeTable", #"{"TableName": "things"}"#)["Table"])
        #expect(table["TableStatus"] == "ACTIVE")
        #expect(table["ItemCount"] == 1)
        #expect(table["TableArn"] == "arn:aws:dynamodb:us-east-1:000000000000:table/things")
        #expect(table["BillingModeSummary"]?["BillingMode"] == "PAY_PER_REQUEST")
        #expect(table["CreationDateTime"]?.number?.text == "1780000000.123")
        let byARN = try await db.send(
            "DescribeTable", #"{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/things"}"#)
        #expect(byARN["Table"]?["TableName"] == "things")
    }

    @Test("a table is created once, and its items are deleted with it")
    func tableLifecycle() async throws {
        try await db.makeHashTable()
        try await db.send("PutItem", #"{"TableName": "things", "Item": {"p": {"S": "a"}}}"#)
        await #expect(throws: AWSFault("ResourceInUseException", "Table already exists: things")) {
            try await db.makeHashTable()
        }
        let deleted = try await db.send("DeleteTable", #"{"TableName": "things"}"#)
        #expect(deleted["TableDescription"]?["TableStatus"] == "DELETING")
        let described = await db.fault("DescribeTable", #"{"TableName": "things"}"#)
        #expect(described?.code == "ResourceNotFoundException")
        #expect(described?.message == "Requested resource not found: Table: things not found")
        let got = await db.fault("GetItem", #"{"TableName": "things", "Key": {"p": {"S": "a"}}}"#)
        #expect(got?.message == "Requested resource not found")
        try await db.makeHashTable()
        #expect(try await db.item("a") == nil)
    }

    @Test("a table cannot be deleted while deletion protection is on")
    func deletionProtection() async throws {
        try await db.makeHashTable(more: #", "DeletionProtectionEnabled": true"#)
        #expect(await db.fault("DeleteTable", #"{"TableName": "things"}"#)?.code == "ValidationException")
        try await db.send("UpdateTable", #"{"TableName": "things", "DeletionProtectionEnabled": false}"#)
        try await db.send("DeleteTable", #"{"TableName": "things"}"#)
    }

    @Test("tables are listed in pages")
    func listing() async throws {
        for name in ["ccc", "aaa", "bbb"] { try await db.makeHashTable(name) }
        let first = try await db.send("ListTables", #"{"Limit": 2}"#)
        #expect(first == ["TableNames": ["aaa", "bbb"], "LastEvaluatedTableName": "bbb"])
        #expect(try await db.send("ListTables", #"{"ExclusiveStartTableName": "bbb"}"#) == ["TableNames": ["ccc"]])
    }

    @Test("a stream can be switched on and off, and each has an ARN of its own")
    func streamSwitch() async throws {
        try await db.makeHashTable()
        try await db.send(
            "UpdateTable",
            #"{"TableName": "things", "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"}}"#)
        let on = try await db.send("DescribeTable", #"{"TableName": "things"}"#)["Table"]
        #expect(on?["StreamSpecification"] == ["StreamEnabled": true, "StreamViewType": "NEW_IMAGE"])
        try await db.send("UpdateTable", #"{"TableName": "things", "StreamSpecification": {"StreamEnabled": false}}"#)
        let off = try await db.send("DescribeTable", #"{"TableName": "things"}"#)["Table"]
        #expect(off?["StreamSpecification"] == nil)
        // In the same millisecond: the test's clock does not move.
        try await db.send(
            "UpdateTable",
            #"{"TableName": "things", "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"}}"#)
        let again = try await db.send("DescribeTable", #"{"TableName": "things"}"#)["Table"]
        #expect(again?["LatestStreamArn"] != on?["LatestStreamArn"])
    }

    @Test("time to live, point-in-time recovery, and tags are stored")
    func settings() async throws {
        try await db.makeHashTable()
        try await db.send(
            "UpdateTimeToLive",
            #"{"TableName": "things", "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "ttl"}}"#)
        #expect(
            try await db.send("DescribeTimeToLive", #"{"TableName": "things"}"#)
                == ["TimeToLiveDescription": ["TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"]])
        try await db.send(
            "UpdateContinuousBackups",
            #"{"TableName": "things", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}}"#)
        let backups = try await db.send("DescribeContinuousBackups", #"{"TableName": "things"}"#)
        #expect(
            backups["ContinuousBackupsDescription"]?["PointInTimeRecoveryDescription"]?["PointInTimeRecoveryStatus"]
                == "ENABLED")
        let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/things"
        try await db.send(
            "TagResource",
            #"{"ResourceArn": "\#(arn)", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}"#)
        try await db.send("UntagResource", #"{"ResourceArn": "\#(arn)", "TagKeys": ["a"]}"#)
        #expect(
            try await db.send("ListTagsOfResource", #"{"ResourceArn": "\#(arn)"}"#)
                == ["Tags": [["Key": "b", "Value": "2"]]])
    }

    @Test("a template's table is created once, then updated to its new properties")
    func templateTable() async throws {
        func declaration(_ more: String) throws -> DeclaredResource {
            DeclaredResource(
                logicalID: "Things", type: "AWS::DynamoDB::Table",
                properties: try JSON(
                    parsing: """
                        {"TableName": "things", "BillingMode": "PAY_PER_REQUEST",
                         "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
                         "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]\(more)}
                        """))
        }
        let first = try await db.service.provision(declaration(""))
        #expect(first.ref == "things")
        #expect(first.attributes == ["Arn": "arn:aws:dynamodb:us-east-1:000000000000:table/things"])
        try await db.send("PutItem", #"{"TableName": "things", "Item": {"p": {"S": "a"}}}"#)
        let more =
            #", "StreamSpecification": {"StreamViewType": "NEW_IMAGE"}, "TimeToLiveSpecification": {"AttributeName": "t", "Enabled": "true"}"#
        let second = try await db.service.provision(declaration(more))
        #expect(second.attributes["StreamArn"]?.contains("table/things/stream/") == true)
        #expect(try await db.service.provision(declaration(more)).attributes == second.attributes)
        #expect(try await db.item("a") != nil)
    }

    @Test("an operation that is not emulated answers NotImplemented with its name")
    func notEmulated() async throws {
        let fault = await db.fault("ExecuteStatement", "{}")
        #expect(fault?.code == "NotImplemented")
        #expect(fault?.message.contains("ExecuteStatement") == true)
        #expect(await db.fault("Nonsense", "{}")?.code == "UnknownOperationException")
    }

    @Test(
        "an HTTP error carries its full type name",
        arguments: [
            ("Nonsense", "{}", "com.amazon.coral.service#UnknownOperationException"),
            ("PutItem", "[]", "com.amazon.coral.service#SerializationException"),
            ("PutItem", "{}", "com.amazon.coral.validate#ValidationException"),
            (
                "DescribeTable", #"{"TableName": "none"}"#,
                "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"
            ),
        ])
    func errorType(action: String, body: String, type: String) async throws {
        let response = await db.service.respond(
            to: HTTPRequest(
                method: "POST", path: "/", headers: HTTPHeaders([("X-Amz-Target", "DynamoDB_20120810.\(action)")]),
                body: RequestBody(Array(body.utf8))))
        #expect(response.status == 400)
        #expect(response.headers["Content-Type"] == "application/x-amz-json-1.0")
        guard case .bytes(let bytes) = response.body else {
            Issue.record("the body is not bytes")
            return
        }
        #expect(try JSON(parsing: bytes)["__type"] == .string(type))
    }

    @Test("items survive a restart")
    func restart() async throws {
        let directory = try TemporaryDirectory()
        let store = try Store(directory: directory.path, schema: DynamoDB.schema)
        let service = DynamoDB(store: store, account: Account())
        _ = try await service.perform(
            "CreateTable",
            JSON(
                parsing: """
                    {"TableName": "things", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
                     "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
                    """))
        _ = try await service.perform("PutItem", ["TableName": "things", "Item": ["p": ["S": "a"]]])
        store.close()
        let reopened = try Store(directory: directory.path, schema: DynamoDB.schema)
        let again = DynamoDB(store: reopened, account: Account())
        let answer = try await again.perform("GetItem", ["TableName": "things", "Key": ["p": ["S": "a"]]])
        #expect(answer["Item"] == ["p": ["S": "a"]])
        reopened.close()
    }
}
