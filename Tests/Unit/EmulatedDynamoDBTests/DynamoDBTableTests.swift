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

    @Test("a protected table is not deleted")
    func protection() async throws {
        try await db.makeHashTable()
        try await db.send("UpdateTable", #"{"TableName": "things", "DeletionProtectionEnabled": true}"#)
        await db.expectInvalid(
            "DeleteTable", #"{"TableName": "things"}"#,
            "1 validation error detected: Table 'things' can't be deleted while DeletionProtectionEnabled is set to True"
        )
    }

    @Test("an update does not redefine the type of a key")
    func redefinition() async throws {
        try await db.makeHashTable()
        let index =
            #"[{"Create": {"IndexName": "i-x", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "#
            + #""Projection": {"ProjectionType": "ALL"}}}]"#
        await db.expectInvalid(
            "UpdateTable",
            #"{"TableName": "things", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "N"}], "#
                + #""GlobalSecondaryIndexUpdates": \#(index)}"#,
            "One or more parameter values were invalid: Attributes cannot be redefined. Please check that your attribute "
                + "has the same type as previously defined. Existing schema: Schema:[SchemaElement: key{p:S:HASH}] "
                + "New schema: Schema:[SchemaElement: key{p:N:HASH}]")
    }

    @Test("a new index leaves out items whose attribute is empty, of another type or too long for its key")
    func backfill() async throws {
        try await db.makeHashTable()
        let long = String(repeating: "x", count: 2049)
        for (key, value) in [
            ("a", #"{"S": ""}"#), ("b", #"{"S": "x"}"#), ("c", #"{"N": "1"}"#), ("d", #"{"S": "\#(long)"}"#),
        ] {
            try await db.send(
                "PutItem", #"{"TableName": "things", "Item": {"p": {"S": "\#(key)"}, "g": \#(value)}}"#)
        }
        try await db.send(
            "UpdateTable",
            #"{"TableName": "things", "AttributeDefinitions": [{"AttributeName": "g", "AttributeType": "S"}], "#
                + #""GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "by-g", "KeySchema": "#
                + #"[{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}}]}"#)
        let found = try await db.send("Scan", #"{"TableName": "things", "IndexName": "by-g"}"#)
        #expect(found["Items"]?.array?.compactMap { $0["p"]?["S"]?.string } == ["b"])
    }

    @Test("an index names at most twenty attributes, all indexes of a table a hundred")
    func projectedAttributes() async throws {
        func create(_ indexes: Int, _ names: [String]) -> String {
            let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
            let all = (0..<indexes).map { index in
                #"{"IndexName": "i-\#(index)", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "#
                    + #""Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": [\#(list)]}}"#
            }
            return #"{"TableName": "many", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": "#
                + #"[{"AttributeName": "p", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "#
                + #""GlobalSecondaryIndexes": [\#(all.joined(separator: ", "))]}"#
        }
        let names = (0..<21).map { "a\($0)" }
        let tooMany = await db.fault("CreateTable", create(1, names))
        #expect(tooMany?.message.hasSuffix("Member must have length less than or equal to 20") == true)
        let together = await db.fault("CreateTable", create(6, Array(names.prefix(20))))
        #expect(
            together?.code == "ValidationException" && together?.message.contains("exceeds the limit of 100") == true)
        let long = await db.fault("CreateTable", create(1, [String(repeating: "x", count: 256)]))
        #expect(long?.message.contains("at 'globalSecondaryIndexes.1.member.projection.nonKeyAttributes'") == true)
        try await db.send("CreateTable", create(5, Array(names.prefix(20))))
    }

    @Test("tags have limits")
    func tagLimits() async throws {
        try await db.makeHashTable()
        func tag(_ tags: [(String, String)]) async -> String? {
            let list = tags.map { #"{"Key": "\#($0.0)", "Value": "\#($0.1)"}"# }.joined(separator: ", ")
            let fault = await db.fault(
                "TagResource",
                #"{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/things", "Tags": [\#(list)]}"#)
            #expect(fault?.code == "ValidationException")
            return fault?.message
        }
        #expect(
            await tag([("", "v")])
                == "1 validation error detected: Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must "
                + "have length greater than or equal to 1")
        let long = String(repeating: "x", count: 257)
        #expect(await tag([("k", long)])?.contains("'tags.1.member.value'") == true)
        #expect(await tag([("aws:k", "v")])?.contains("cannot start with 'aws:'") == true)
        #expect(await tag((0..<51).map { ("k\($0)", "v") })?.contains("the limit of 50 tags") == true)
    }

    @Test("a key schema that is too long is shown")
    func longKeySchema() async throws {
        let fault = await db.fault(
            "CreateTable",
            #"{"TableName": "many", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": "#
                + #"[{"AttributeName": "p", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, "#
                + #"{"AttributeName": "q", "KeyType": "RANGE"}, {"AttributeName": "r", "KeyType": "RANGE"}]}"#)
        #expect(
            fault?.message
                == "1 validation error detected: Value '[KeySchemaElement(attributeName=p, keyType=HASH), "
                + "KeySchemaElement(attributeName=q, keyType=RANGE), KeySchemaElement(attributeName=r, keyType=RANGE)]' "
                + "at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2")
    }

    @Test("clients that discover their endpoint stay with the emulator")
    func endpoints() async throws {
        let directory = try TemporaryDirectory()
        let store = try Store(directory: directory.path, schema: DynamoDB.schema)
        defer { store.close() }
        let service = DynamoDB(
            store: store, account: Account(), endpoint: EndpointAddress("http://127.0.0.1:4566"))
        let answer = try await service.perform("DescribeEndpoints", [:])
        #expect(answer["Endpoints"]?[0]?["Address"] == "127.0.0.1:4566")
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
        let fault = await db.fault("CreateBackup", "{}")
        #expect(fault?.code == "NotImplemented")
        #expect(fault?.message.contains("CreateBackup") == true)
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
