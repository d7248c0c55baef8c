import EmulatorCore
import JSON
import TestServices
import Testing
import Time

@testable import Permissions

/// What requests need, and what becomes of one that is not allowed.
@Suite struct AdmissionTests {
    /// A role that may do what `actions` name, and a bucket with a policy.
    private struct Kept: RolePolicyKeeping, ResourcePolicyKeeping {
        var policyService = "s3"
        var allowed = "s3:GetObject"
        var bucketPolicy: String?

        func policies(ofRole name: String) throws(AWSFault) -> RolePolicies? {
            guard name == "worker" else { return nil }
            let document =
                #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"\#(allowed)","Resource":"*"}]}"#
            return RolePolicies(
                arn: "arn:aws:iam::000000000000:role/team/worker", documents: [document], boundary: nil, trust: "{}")
        }

        func policy(ofResource arn: ARN) throws(AWSFault) -> String? { bucketPolicy }
    }

    private let sessions = SessionKeys(.emulator)
    private let peers = Peers()

    private func permissions(_ policies: Kept = Kept()) -> Permissions {
        peers.connect([policies])
        return Permissions(
            account: Account(), peers: peers, objects: { Self.encryption(of: $0) }, sessions: sessions, clock: .system)
    }

    /// The bucket `sealed` encrypts with a key of its own.
    private static func encryption(of request: HTTPRequest) -> HTTPResponse {
        let key = request.path == "/sealed" ? "<KMSMasterKeyID>arn:aws:kms:\(region):key/k</KMSMasterKeyID>" : ""
        let rule =
            "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>\(key)"
            + "</ApplyServerSideEncryptionByDefault></Rule>"
        let document = "<ServerSideEncryptionConfiguration>\(rule)</ServerSideEncryptionConfiguration>"
        return HTTPResponse(status: 200, body: .bytes(Array(document.utf8)))
    }

    private func token() -> String {
        RoleKeys(sessions, account: Account(), clock: .system)
            .variables(ofRole: "arn:aws:iam::000000000000:role/team/worker", session: "f")["AWS_SESSION_TOKEN"] ?? ""
    }

    private func request(
        _ method: String, _ path: String, query: String = "", _ headers: [(String, String)] = [], body: String = "",
        isRoles: Bool = true
    ) -> HTTPRequest {
        let signed = isRoles ? headers + [("X-Amz-Security-Token", token())] : headers
        return HTTPRequest(
            method: method, path: path, query: query, headers: HTTPHeaders(signed), body: RequestBody(Array(body.utf8)))
    }

    private func refusal(
        _ permissions: Permissions, _ request: HTTPRequest, _ service: String = "s3"
    ) async -> AWSFault? {
        do {
            _ = try await permissions.admit(request, to: service)
            return nil
        } catch {
            guard case .denied(let fault) = error else { return nil }
            return fault
        }
    }

    @Test("a role may do what its policies allow; a request without its token is the account's own")
    func roles() async throws {
        let permissions = permissions()
        #expect(await refusal(permissions, request("GET", "/b/k")) == nil)
        let fault = await refusal(permissions, request("PUT", "/b/k"))
        #expect(fault?.code == "AccessDenied" && fault?.status == 403)
        #expect(
            fault?.message
                == "User: arn:aws:sts::000000000000:assumed-role/worker/f is not authorized to perform: s3:PutObject on "
                + "resource: \"arn:aws:s3:::b/k\" because no identity-based policy allows the s3:PutObject action")
        #expect(await refusal(permissions, request("PUT", "/b/k", isRoles: false)) == nil)
        let presigned = HTTPRequest(method: "PUT", path: "/b/k", query: "X-Amz-Security-Token=\(token())")
        #expect(await refusal(permissions, presigned) != nil)
    }

    @Test("a policy of a bucket denies the account, too, and TLS counts as used")
    func bucketPolicies() async throws {
        func policy(_ key: String, _ value: String) -> String {
            #"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","#
                + #""Condition":{"Bool":{"\#(key)":"\#(value)"}}}}"#
        }
        let account = request("GET", "/b/k", isRoles: false)
        let insecure = permissions(Kept(bucketPolicy: policy("aws:SecureTransport", "false")))
        #expect(await refusal(insecure, account) == nil)
        let secure = permissions(Kept(bucketPolicy: policy("aws:SecureTransport", "true")))
        #expect(
            await refusal(secure, account)?.message.hasSuffix("an explicit deny in a resource-based policy") == true)
        let broken = permissions(Kept(bucketPolicy: "{}"))
        #expect(await refusal(broken, account)?.code == "MalformedPolicyDocument")
    }

    @Test("a missing object is a secret from those who may not list the bucket")
    func absence() async throws {
        let reading = try await permissions().admit(request("GET", "/b/k"), to: "s3")
        #expect(reading.hiddenAbsence?.message.contains("s3:ListBucket") == true)
        let listing = try await permissions(Kept(allowed: "s3:*")).admit(request("GET", "/b/k"), to: "s3")
        #expect(listing.hiddenAbsence == nil)
    }

    /// A request of S3 as method, path and query, with headers, and what it needs.
    static let s3: [(String, String, String, [String: String], [String])] = [
        ("GET", "/", "", [:], ["s3:ListAllMyBuckets arn:aws:s3:::*"]),
        ("GET", "/b", "list-type=2&prefix=raw%2F", [:], ["s3:ListBucket arn:aws:s3:::b"]),
        ("HEAD", "/b", "", [:], ["s3:ListBucket arn:aws:s3:::b"]),
        ("GET", "/b", "versions", [:], ["s3:ListBucketVersions arn:aws:s3:::b"]),
        ("GET", "/b", "uploads", [:], ["s3:ListBucketMultipartUploads arn:aws:s3:::b"]),
        ("GET", "/b", "location", [:], ["s3:GetBucketLocation arn:aws:s3:::b"]),
        ("PUT", "/b", "encryption", [:], ["s3:PutEncryptionConfiguration arn:aws:s3:::b"]),
        ("DELETE", "/b", "policy", [:], ["s3:DeleteBucketPolicy arn:aws:s3:::b"]),
        ("DELETE", "/b", "cors", [:], ["s3:PutBucketCORS arn:aws:s3:::b"]),
        ("GET", "/b/a%20b/c", "", [:], ["s3:GetObject arn:aws:s3:::b/a b/c"]),
        ("GET", "/k", "", ["Host": "b.s3.us-east-1.amazonaws.com"], ["s3:GetObject arn:aws:s3:::b/k"]),
        ("HEAD", "/b/k", "versionId=1", [:], ["s3:GetObjectVersion arn:aws:s3:::b/k"]),
        ("GET", "/b/k", "tagging", [:], ["s3:GetObjectTagging arn:aws:s3:::b/k"]),
        ("GET", "/b/k", "uploadId=u", [:], ["s3:ListMultipartUploadParts arn:aws:s3:::b/k"]),
        ("POST", "/b/k", "uploads", [:], ["s3:PutObject arn:aws:s3:::b/k"]),
        ("PUT", "/b/k", "partNumber=1&uploadId=u", [:], ["s3:PutObject arn:aws:s3:::b/k"]),
        ("DELETE", "/b/k", "uploadId=u", [:], ["s3:AbortMultipartUpload arn:aws:s3:::b/k"]),
        ("DELETE", "/b/k", "versionId=1", [:], ["s3:DeleteObjectVersion arn:aws:s3:::b/k"]),
        (
            "PUT", "/b/k", "", ["x-amz-copy-source": "/c/d%20e?versionId=1"],
            ["s3:PutObject arn:aws:s3:::b/k", "s3:GetObjectVersion arn:aws:s3:::c/d e"]
        ),
        (
            "PUT", "/b/k", "", ["x-amz-tagging": "a=b"],
            ["s3:PutObject arn:aws:s3:::b/k", "s3:PutObjectTagging arn:aws:s3:::b/k"]
        ),
    ]

    @Test("S3's requests need their actions on the bucket or the object", arguments: s3)
    func objects(
        method: String, path: String, query: String, headers: [String: String], needed: [String]
    ) async throws {
        let call = S3Calls(
            HTTPRequest(method: method, path: path, query: query, headers: HTTPHeaders(headers.map { ($0, $1) })))
        #expect(call.calls.map { "\($0.action) \($0.resource)" } == needed)
    }

    @Test("a list of objects to delete needs the permission for each") func deletions() async throws {
        let body = "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key><VersionId>1</VersionId></Object></Delete>"
        let permissions = permissions(Kept(allowed: "s3:DeleteObject"))
        let fault = await refusal(permissions, request("POST", "/b", query: "delete", body: body))
        #expect(fault?.message.contains("s3:DeleteObjectVersion on resource: \"arn:aws:s3:::b/b\"") == true)
    }

    /// Method, query and what is needed of the bucket's key.
    static let keyUses: [(String, String, [String])] = [
        ("GET", "", ["kms:Decrypt"]), ("HEAD", "", []), ("PUT", "", ["kms:GenerateDataKey"]),
        ("POST", "uploads", ["kms:GenerateDataKey"]),
        ("PUT", "partNumber=1&uploadId=u", ["kms:GenerateDataKey", "kms:Decrypt"]), ("GET", "tagging", []),
        ("DELETE", "", []),
    ]

    @Test("an object needs the key of its bucket, through S3", arguments: keyUses)
    func keys(method: String, query: String, actions: [String]) async throws {
        for (bucket, needed) in [("sealed", actions), ("plain", [])] {
            var request = HTTPRequest(method: method, path: "/\(bucket)/k", query: query)
            let calls = try await RequestedCalls(&request, "s3", permissions()).calls.filter {
                $0.action.hasPrefix("kms:")
            }
            #expect(calls.map(\.action) == needed)
            #expect(calls.allSatisfy { $0.resource == "arn:aws:kms:\(Self.region):key/k" })
            #expect(calls.allSatisfy { $0.context["kms:ViaService"] == ["s3.us-east-1.amazonaws.com"] })
        }
        let fault = await refusal(permissions(Kept(allowed: "s3:*")), request("GET", "/sealed/k"))
        #expect(fault?.message.contains("kms:Decrypt on resource: arn:aws:kms:\(Self.region):key/k because") == true)
    }

    private static let region = "us-east-1:000000000000"

    /// Service, operation, its members, and what it needs.
    static let operations: [(String, String, JSON, [String])] = [
        ("dynamodb", "GetItem", ["TableName": "t"], ["dynamodb:GetItem arn:aws:dynamodb:\(region):table/t"]),
        (
            "dynamodb", "Query", ["TableName": "t", "IndexName": "i"],
            ["dynamodb:Query arn:aws:dynamodb:\(region):table/t/index/i"]
        ),
        (
            "dynamodb", "Query", ["TableName": .string("arn:aws:dynamodb:\(region):table/t")],
            ["dynamodb:Query arn:aws:dynamodb:\(region):table/t"]
        ),
        (
            "dynamodb", "BatchWriteItem", ["RequestItems": ["a": [], "b": []]],
            [
                "dynamodb:BatchWriteItem arn:aws:dynamodb:\(region):table/a",
                "dynamodb:BatchWriteItem arn:aws:dynamodb:\(region):table/b",
            ]
        ),
        (
            "dynamodb", "TransactWriteItems",
            ["TransactItems": [["Put": ["TableName": "t"]], ["ConditionCheck": ["TableName": "u"]]]],
            [
                "dynamodb:PutItem arn:aws:dynamodb:\(region):table/t",
                "dynamodb:ConditionCheckItem arn:aws:dynamodb:\(region):table/u",
            ]
        ),
        (
            "dynamodb", "ExecuteStatement", ["Statement": "SELECT * FROM \"t\".\"i\" WHERE a = 1"],
            ["dynamodb:PartiQLSelect arn:aws:dynamodb:\(region):table/t/index/i"]
        ),
        (
            "dynamodb", "ExecuteStatement", ["Statement": "update t SET a = 1"],
            ["dynamodb:PartiQLUpdate arn:aws:dynamodb:\(region):table/t"]
        ),
        ("dynamodb", "ListTables", [:], ["dynamodb:ListTables *"]),
        (
            "sqs", "SendMessageBatch", ["QueueUrl": "http://127.0.0.1:4566/000000000000/q"],
            ["sqs:sendmessage arn:aws:sqs:\(region):q"]
        ),
        (
            "sns", "PublishBatch", ["TopicArn": .string("arn:aws:sns:\(region):t")],
            ["SNS:Publish arn:aws:sns:\(region):t"]
        ),
        ("kinesis", "PutRecords", ["StreamName": "s"], ["kinesis:PutRecords arn:aws:kinesis:\(region):stream/s"]),
        (
            "firehose", "PutRecord", ["DeliveryStreamName": "d"],
            ["firehose:PutRecord arn:aws:firehose:\(region):deliverystream/d"]
        ),
        (
            "states", "StartExecution", ["stateMachineArn": .string("arn:aws:states:\(region):stateMachine:m")],
            ["states:StartExecution arn:aws:states:\(region):stateMachine:m"]
        ),
        ("ssm", "GetParameter", ["Name": "/a/b"], ["ssm:GetParameter arn:aws:ssm:\(region):parameter/a/b"]),
        (
            "ssm", "GetParameters", ["Names": ["a", "/b"]],
            [
                "ssm:GetParameters arn:aws:ssm:\(region):parameter/a",
                "ssm:GetParameters arn:aws:ssm:\(region):parameter/b",
            ]
        ),
        (
            "logs", "PutLogEvents", ["logGroupName": "/g", "logStreamName": "s"],
            ["logs:PutLogEvents arn:aws:logs:\(region):log-group:/g:log-stream:s"]
        ),
        (
            "glue", "GetTable", ["DatabaseName": "d", "Name": "t"],
            [
                "glue:GetTable arn:aws:glue:\(region):catalog", "glue:GetTable arn:aws:glue:\(region):database/d",
                "glue:GetTable arn:aws:glue:\(region):table/d/t",
            ]
        ),
        (
            "glue", "GetDatabase", ["Name": "d"],
            ["glue:GetDatabase arn:aws:glue:\(region):catalog", "glue:GetDatabase arn:aws:glue:\(region):database/d"]
        ),
        (
            "ecs", "RunTask", ["taskDefinition": "f:3", "cluster": "c"],
            ["ecs:RunTask arn:aws:ecs:\(region):task-definition/f:3"]
        ),
        (
            "athena", "StartQueryExecution", [:],
            ["athena:StartQueryExecution arn:aws:athena:\(region):workgroup/primary"]
        ),
        (
            "events", "PutEvents", ["Entries": [["Source": "s"]]],
            ["events:PutEvents arn:aws:events:\(region):event-bus/default"]
        ),
        ("monitoring", "PutMetricData", ["Namespace": "n"], ["cloudwatch:PutMetricData *"]),
        ("sts", "GetCallerIdentity", [:], []),
    ]

    @Test("operations need their actions on what they name", arguments: operations)
    func documents(service: String, operation: String, input: JSON, needed: [String]) async {
        let calls = await permissions().calls(operation, of: service, input)
        #expect(calls.map { "\($0.action) \($0.resource)" } == needed)
    }

    @Test("the operation of a path, a target or a form is what is asked for")
    func protocols() async {
        let permissions = permissions()
        func action(_ request: HTTPRequest, _ service: String) async -> String? {
            await refusal(permissions, request, service)?.message.parts(separatedBy: "perform: ").last
                .map { String($0.prefix { $0 != " " }) }
        }
        let target = request("POST", "/", [("X-Amz-Target", "DynamoDB_20120810.Scan")], body: #"{"TableName":"t"}"#)
        #expect(await action(target, "dynamodb") == "dynamodb:Scan")
        #expect(await action(request("POST", "/", body: "Action=ListRoles"), "iam") == "iam:ListRoles")
        let invoke = request("POST", "/2015-03-31/functions/f/invocations")
        #expect(await action(invoke, "lambda") == "lambda:InvokeFunction")
        let run = request("POST", "/applications/a/jobruns", body: "{}")
        #expect(await action(run, "emr-serverless") == "emr-serverless:StartJobRun")
        let table = request("POST", "/iceberg/v1/catalogs/0/namespaces/d/tables/t", body: "{}")
        #expect(await action(table, "iceberg.glue") == "glue:UpdateTable")
    }

    @Test("a body that was read for the decision is the service's again") func bodies() async throws {
        let permissions = permissions(Kept(allowed: "dynamodb:*"))
        let body = #"{"TableName":"t"}"#
        let asked = request("POST", "/", [("X-Amz-Target", "DynamoDB_20120810.Scan")], body: body)
        let admitted = try await permissions.admit(asked, to: "dynamodb").request
        #expect(try await admitted.body.collect(upTo: 100) == Array(body.utf8))
    }

    @Test("a service that acts as a role is held to its policies") func services() async throws {
        let permissions = permissions(Kept(allowed: "states:StartExecution"))
        let role = "arn:aws:iam::000000000000:role/team/worker"
        try await permissions.check(
            delivering: "arn:aws:states:us-east-1:000000000000:stateMachine:m", as: role, session: "pipe")
        let error = await #expect(throws: AWSFault.self) {
            try await permissions.check(
                delivering: "arn:aws:sqs:us-east-1:000000000000:q", as: role, session: "pipe")
        }
        #expect(error?.code == "AccessDeniedException")
        #expect(
            error?.message.contains("assumed-role/worker/pipe is not authorized to perform: sqs:sendmessage") == true)
        // What has no role is the account's own.
        try await permissions.check(delivering: "arn:aws:sqs:us-east-1:000000000000:q", as: nil, session: "pipe")
    }

    @Test("what a service sends on its own behalf, the policy of the target must allow") func senders() async throws {
        let statement =
            #"{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"*","#
            + #""Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::stage"},"#
            + #""StringEquals":{"AWS:SourceAccount":"000000000000"}}}"#
        let policy = #"{"Version":"2012-10-17","Statement":["# + statement + "]}"
        let permissions = permissions(Kept(policyService: "lambda", bucketPolicy: policy))
        let function = "arn:aws:lambda:\(Self.region):function:f"
        try permissions.check(delivering: function, from: EventSender("s3.amazonaws.com", for: "arn:aws:s3:::stage"))
        for sender in [
            EventSender("s3.amazonaws.com", for: "arn:aws:s3:::other"),
            EventSender("sns.amazonaws.com", for: "arn:aws:s3:::stage"),
        ] {
            let error = #expect(throws: AWSFault.self) { try permissions.check(delivering: function, from: sender) }
            #expect(error?.code == "AccessDeniedException")
            #expect(
                error?.message.hasSuffix("because no resource-based policy allows the lambda:InvokeFunction action")
                    == true)
        }
        // A state machine is started as a role.
        try permissions.check(
            delivering: "arn:aws:states:\(Self.region):stateMachine:m",
            from: EventSender("events.amazonaws.com", for: "r"))
    }
}
