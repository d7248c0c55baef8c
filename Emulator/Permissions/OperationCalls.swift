internal import EmulatorCore
internal import JSON

/// What operations with a document need.
extension Permissions {
    /// - Parameters:
    ///   - service: the name under which requests are signed.
    ///   - input: the operation's members.
    func calls(_ operation: String, of service: String, _ input: JSON) async -> [ServiceCall] {
        switch service {
        case "dynamodb", "streams.dynamodb": dynamoDBCalls(operation, input)
        case "s3": await s3Calls(operation, input)
        case "sqs": [ServiceCall("sqs:\(Self.queueAction(operation))", queueARN(input))]
        case "sns": snsCalls(operation, input)
        case "kinesis": kinesisCalls(operation, input)
        case "firehose":
            [ServiceCall("firehose:\(operation)", named("firehose", "deliverystream/", input["DeliveryStreamName"]))]
        case "lambda": lambdaCalls(operation, input)
        case "states": statesCalls(operation, input)
        case "ecs": await ecsCalls(operation, input)
        case "emr-serverless": emrCalls(operation, input)
        case "ssm": ssmCalls(operation, input)
        case "secretsmanager": [ServiceCall("secretsmanager:\(operation)", await secretARN(input["SecretId"]))]
        case "kms": [ServiceCall("kms:\(operation)", await keyARN(input["KeyId"]))]
        case "logs": logsCalls(operation, input)
        case "glue": glueCalls(operation, input)
        case "athena": await athenaCalls(operation, input)
        case "events": eventsCalls(operation, input)
        case "iam", "sts": roleCalls(operation, input, service)
        case "pipes": [ServiceCall("pipes:\(operation)", named("pipes", "pipe/", input["Name"]))]
        case "scheduler": scheduleCalls(operation, input)
        case "monitoring": [ServiceCall("cloudwatch:\(operation)", "*", Self.namespace(input))]
        default: [ServiceCall("\(service):\(operation)", "*")]
        }
    }

    /// The ARN of a resource that is named by name or by ARN; `*` for none.
    private func named(_ service: String, _ kind: String, _ name: JSON?) -> String {
        guard let name = name?.string, !name.isEmpty else { return "*" }
        return ARN.isClaimed(by: name) ? name : account.arn(service, kind + name)
    }

    private static func namespace(_ input: JSON) -> [String: [String]] {
        input["Namespace"]?.string.map { ["cloudwatch:namespace": [$0]] } ?? [:]
    }

    // MARK: DynamoDB

    private func dynamoDBCalls(_ operation: String, _ input: JSON) -> [ServiceCall] {
        func table(_ name: JSON?) -> String { named("dynamodb", "table/", name) }
        switch operation {
        case "BatchGetItem", "BatchWriteItem":
            return (input["RequestItems"]?.object?.names ?? []).map {
                ServiceCall("dynamodb:\(operation)", table(.string($0)))
            }
        case "TransactGetItems":
            return (input["TransactItems"]?.array ?? []).map {
                ServiceCall("dynamodb:GetItem", table($0["Get"]?["TableName"]))
            }
        case "TransactWriteItems":
            let actions = ["Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"]
            return (input["TransactItems"]?.array ?? []).flatMap { item in
                (item.object ?? [:]).map { kind, part in
                    ServiceCall("dynamodb:\(actions[kind] ?? "ConditionCheckItem")", table(part["TableName"]))
                }
            }
        case "ExecuteStatement": return [statement(input)]
        case "ExecuteTransaction": return (input["TransactStatements"]?.array ?? []).map(statement)
        case "BatchExecuteStatement": return (input["Statements"]?.array ?? []).map(statement)
        case "GetRecords":
            if let arn = input["StreamArn"]?.string { return [ServiceCall("dynamodb:GetRecords", arn)] }
            // An iterator is opaque: whoever has it may read the stream.
            guard let arn = input["ShardIterator"]?.string.flatMap({ ARN(String($0.prefix { $0 != "|" })) }) else {
                return []
            }
            return [ServiceCall("dynamodb:GetRecords", arn.text)]
        case "DescribeEndpoints": return []
        default:
            if let arn = (input["StreamArn"] ?? input["ResourceArn"] ?? input["TableArn"])?.string {
                return [ServiceCall("dynamodb:\(operation)", arn)]
            }
            guard input["TableName"] != nil else { return [ServiceCall("dynamodb:\(operation)", "*")] }
            let resource = table(input["TableName"])
            let index = input["IndexName"]?.string.map { "/index/\($0)" } ?? ""
            return [ServiceCall("dynamodb:\(operation)", resource + index)]
        }
    }

    /// `SELECT … FROM "table"`, `INSERT INTO "table" …`, `UPDATE "table" …`, `DELETE FROM "table" …`
    private func statement(_ input: JSON) -> ServiceCall {
        let words = (input["Statement"]?.string ?? "").split { $0 == " " || $0 == "\n" || $0 == "\t" }.map(String.init)
        let verb = words.first?.lowercased() ?? ""
        let marks = ["select": "from", "insert": "into", "delete": "from"]
        var place = 0
        if let mark = marks[verb] { place = words.firstIndex { $0.lowercased() == mark } ?? 0 }
        let rest = place + 1 < words.count ? words[place + 1] : ""
        let names = rest.split(separator: ".").map { $0.filter { $0 != "\"" } }
        let index = names.count > 1 ? "/index/\(names[1])" : ""
        let table = named("dynamodb", "table/", .string(names.first ?? ""))
        return ServiceCall("dynamodb:PartiQL\(verb.prefix(1).uppercased() + verb.dropFirst())", table + index)
    }

    // MARK: S3, as services call it

    private func s3Calls(_ operation: String, _ input: JSON) async -> [ServiceCall] {
        let name = input["Bucket"]?.string ?? ""
        let bucket = "arn:aws:s3:::\(name)"
        switch operation {
        case "ListBuckets": return [ServiceCall("s3:ListAllMyBuckets", "arn:aws:s3:::*")]
        case "ListObjects", "ListObjectsV2", "HeadBucket":
            return [ServiceCall("s3:ListBucket", bucket, ["s3:prefix": [input["Prefix"]?.string ?? ""]])]
        default:
            let suffix = input["VersionId"] == nil ? "" : "Version"
            let action = ["HeadObject": "GetObject"][operation] ?? operation
            guard let key = input["Key"]?.string else { return [ServiceCall("s3:\(action)", bucket)] }
            let uses: [String: ObjectKeys.Use] = ["GetObject": .read, "PutObject": .write]
            var calls = [ServiceCall("s3:\(action)\(action.hasPrefix("Put") ? "" : suffix)", "\(bucket)/\(key)")]
            if let use = uses[operation] { calls += await keyCalls(use, bucket: name) }
            return calls
        }
    }

    /// What an object needs of the key with which its bucket encrypts.
    func keyCalls(
        _ use: ObjectKeys.Use, bucket: String, _ headers: HTTPHeaders = HTTPHeaders()
    ) async -> [ServiceCall] {
        await objectKeys.calls(use, bucket: bucket, headers) { await keyARN($0) }
    }

    // MARK: Queues, topics, streams

    /// SQS has one permission for an operation and its batches, and writes it in small letters.
    private static func queueAction(_ operation: String) -> String {
        (operation.hasSuffix("Batch") ? String(operation.dropLast("Batch".count)) : operation).lowercased()
    }

    private func queueARN(_ input: JSON) -> String {
        let text = (input["QueueUrl"] ?? input["QueueName"] ?? input["SourceArn"])?.string ?? ""
        if text.isEmpty { return "*" }
        if ARN.isClaimed(by: text) { return text }
        return account.arn("sqs", text.split(separator: "/").last.map(String.init) ?? text)
    }

    private func snsCalls(_ operation: String, _ input: JSON) -> [ServiceCall] {
        let action = operation == "PublishBatch" ? "Publish" : operation
        let subscription = input["SubscriptionArn"]?.string.flatMap { text in
            // The topic's ARN with an identifier behind it.
            text.lastIndex(of: ":").map { String(text[..<$0]) }
        }
        let topic = (input["TopicArn"] ?? input["TargetArn"] ?? input["ResourceArn"])?.string ?? subscription
        let context = input["Protocol"]?.string.map { ["sns:Protocol": [$0]] } ?? [:]
        return [ServiceCall("SNS:\(action)", topic ?? named("sns", "", input["Name"]), context)]
    }

    private func kinesisCalls(_ operation: String, _ input: JSON) -> [ServiceCall] {
        let arn = input["StreamARN"] ?? input["ConsumerARN"] ?? input["ResourceARN"]
        let resource = arn?.string ?? named("kinesis", "stream/", input["StreamName"])
        // An iterator is opaque: whoever has it may read the stream.
        if operation == "GetRecords", resource == "*" { return [] }
        return [ServiceCall("kinesis:\(operation)", resource)]
    }

    // MARK: Functions, machines, tasks

    private func lambdaCalls(_ operation: String, _ input: JSON) -> [ServiceCall] {
        let action = ["Invoke": "InvokeFunction"][operation] ?? operation
        guard let name = input["FunctionName"]?.string, !name.isEmpty else {
            return [ServiceCall("lambda:\(action)", "*")]
        }
        if ARN.isClaimed(by: name) { return [ServiceCall("lambda:\(action)", name)] }
        return [ServiceCall("lambda:\(action)", account.arn("lambda", "function:\(name)"))]
    }

    private func statesCalls(_ operation: String, _ input: JSON) -> [ServiceCall] {
        // Of these only the machine of the token would be a resource, and a token does not name it.
        if operation.hasPrefix("SendTask") { return [ServiceCall("states:\(operation)", "*")] }
        let members = [
            "executionArn", "stateMachineArn", "activityArn", "mapRunArn", "stateMachineVersionArn",
            "stateMachineAliasArn",
            "resourceArn",
        ]
        let arn = members.lazy.compactMap { input[$0]?.string }.first
        return [ServiceCall("states:\(operation)", arn ?? "*")]
    }

    private func ecsCalls(_ operation: String, _ input: JSON) async -> [ServiceCall] {
        func member(_ name: String) -> JSON? { input[name] ?? input[name.prefix(1).uppercased() + name.dropFirst()] }
        let cluster = named("ecs", "cluster/", member("cluster") ?? "default")
        let clusterName = cluster.split(separator: "/").last.map(String.init) ?? "default"
        let context = ["ecs:cluster": [cluster]]
        switch operation {
        case "RunTask":
            let definition = member("taskDefinition")
            return [ServiceCall("ecs:RunTask", named("ecs", "task-definition/", definition), context)]
                + (await rolesPassed(by: definition ?? ""))
        case "StopTask":
            return [ServiceCall("ecs:StopTask", named("ecs", "task/\(clusterName)/", member("task")), context)]
        case "DescribeTasks":
            return (member("tasks")?.array ?? []).map {
                ServiceCall("ecs:DescribeTasks", named("ecs", "task/\(clusterName)/", $0), context)
            }
        default: return [ServiceCall("ecs:\(operation)", "*", context)]
        }
    }

    /// Whoever runs a task passes its roles to it.
    private func rolesPassed(by definition: JSON) async -> [ServiceCall] {
        let described = try? await peers.action("ecs")?.perform(
            "DescribeTaskDefinition", ["taskDefinition": definition])
        return ["taskRoleArn", "executionRoleArn"].compactMap { member in
            described?["taskDefinition"]?[member]?.string.map { passing($0, to: "ecs-tasks.amazonaws.com") }
        }
    }

    private func passing(_ role: String, to service: String) -> ServiceCall {
        ServiceCall("iam:PassRole", role, ["iam:PassedToService": [service]])
    }

    private func emrCalls(_ operation: String, _ input: JSON) -> [ServiceCall] {
        if let arn = input["resourceArn"]?.string { return [ServiceCall("emr-serverless:\(operation)", arn)] }
        guard let id = (input["applicationId"] ?? input["ApplicationId"])?.string else {
            return [ServiceCall("emr-serverless:\(operation)", "*")]
        }
        var resource = account.arn("emr-serverless", "/applications/\(id)")
        if operation == "GetJobRun" || operation == "CancelJobRun",
            let run = (input["jobRunId"] ?? input["JobRunId"])?.string
        {
            resource += "/jobruns/\(run)"
        }
        let role = operation == "StartJobRun" ? (input["executionRoleArn"] ?? input["ExecutionRoleArn"])?.string : nil
        let passed = role.map { [passing($0, to: "emr-serverless.amazonaws.com")] } ?? []
        return [ServiceCall("emr-serverless:\(operation)", resource)] + passed
    }

    // MARK: Parameters, secrets, keys

    private func ssmCalls(_ operation: String, _ input: JSON) -> [ServiceCall] {
        let names = input["Names"]?.array ?? [input["Name"] ?? input["Path"]].compactMap { $0 }
        guard !names.isEmpty else { return [ServiceCall("ssm:\(operation)", "*")] }
        return names.map { name in
            let text = name.string ?? ""
            // `/a/b` is the parameter `a/b` of an ARN.
            let path = text.hasPrefix("/") ? String(text.dropFirst()) : text
            let arn = ARN.isClaimed(by: text) ? text : account.arn("ssm", "parameter/\(path)")
            return ServiceCall("ssm:\(operation)", arn)
        }
    }

    private func secretARN(_ secret: JSON?) async -> String {
        guard let text = secret?.string else { return "*" }
        let described = try? await peers.action("secretsmanager")?.perform(
            "DescribeSecret", ["SecretId": .string(text)])
        return described?["ARN"]?.string ?? named("secretsmanager", "secret:", secret)
    }

    private func keyARN(_ key: JSON?) async -> String {
        guard let text = key?.string else { return "*" }
        let described = try? await peers.action("kms")?.perform("DescribeKey", ["KeyId": .string(text)])
        return described?["KeyMetadata"]?["Arn"]?.string ?? named("kms", text.hasPrefix("alias/") ? "" : "key/", key)
    }

    // MARK: Logs, catalog, queries, events

    private func logsCalls(_ operation: String, _ input: JSON) -> [ServiceCall] {
        let group = input["logGroupName"]?.string ?? input["logGroupIdentifier"]?.string
        if let arn = input["resourceArn"]?.string { return [ServiceCall("logs:\(operation)", arn)] }
        guard let group else {
            let isList = operation.hasPrefix("Describe") && operation.hasSuffix("Groups")
            return [ServiceCall("logs:\(operation)", isList ? account.arn("logs", "log-group::log-stream:") : "*")]
        }
        let arn = ARN.isClaimed(by: group) ? group : account.arn("logs", "log-group:\(group)")
        let stem = arn.hasSuffix(":*") ? String(arn.dropLast(2)) : arn
        return [ServiceCall("logs:\(operation)", "\(stem):log-stream:\(input["logStreamName"]?.string ?? "")")]
    }

    private func glueCalls(_ operation: String, _ input: JSON) -> [ServiceCall] {
        if operation.contains("Catalog") || operation == "GetDatabases" {
            return GlueResources.calls(operation, database: nil, table: nil, account)
        }
        if let arn = input["ResourceArn"]?.string { return [ServiceCall("glue:\(operation)", arn)] }
        let isOnDatabase = operation.hasSuffix("Database")
        let database =
            (input["DatabaseName"] ?? (isOnDatabase ? input["Name"] ?? input["DatabaseInput"]?["Name"] : nil))?.string
        let table =
            (input["TableName"] ?? (isOnDatabase ? nil : input["TableInput"]?["Name"] ?? input["Name"]))?.string
        return GlueResources.calls(operation, database: database, table: table, account)
    }

    private func athenaCalls(_ operation: String, _ input: JSON) async -> [ServiceCall] {
        var group = input["WorkGroup"]?.string
        if group == nil, let id = input["QueryExecutionId"]?.string {
            let query = try? await peers.action("athena")?.perform(
                "GetQueryExecution", ["QueryExecutionId": .string(id)])
            group = query?["QueryExecution"]?["WorkGroup"]?.string
        }
        if operation.contains("Catalog")
            || ["GetDatabase", "ListDatabases", "GetTableMetadata", "ListTableMetadata"].contains(operation)
        {
            let catalog = (input["CatalogName"] ?? input["Name"])?.string ?? "AwsDataCatalog"
            return [ServiceCall("athena:\(operation)", account.arn("athena", "datacatalog/\(catalog)"))]
        }
        if operation.hasPrefix("List") && operation.contains("WorkGroups") || operation == "ListEngineVersions" {
            return [ServiceCall("athena:\(operation)", "*")]
        }
        return [ServiceCall("athena:\(operation)", account.arn("athena", "workgroup/\(group ?? "primary")"))]
    }

    private func eventsCalls(_ operation: String, _ input: JSON) -> [ServiceCall] {
        if operation == "PutEvents" {
            return (input["Entries"]?.array ?? []).map { entry in
                var context: [String: [String]] = [:]
                if let source = entry["Source"]?.string { context["events:source"] = [source] }
                if let kind = entry["DetailType"]?.string { context["events:detail-type"] = [kind] }
                let bus = named("events", "event-bus/", entry["EventBusName"] ?? "default")
                return ServiceCall("events:PutEvents", bus, context)
            }
        }
        if let arn = input["ResourceARN"]?.string { return [ServiceCall("events:\(operation)", arn)] }
        if operation.contains("EventBus") {
            return [ServiceCall("events:\(operation)", named("events", "event-bus/", input["Name"]))]
        }
        let bus = input["EventBusName"]?.string.flatMap { $0.split(separator: "/").last.map(String.init) } ?? "default"
        let rule = input["Rule"] ?? input["Name"]
        return [ServiceCall("events:\(operation)", named("events", bus == "default" ? "rule/" : "rule/\(bus)/", rule))]
    }

    private func scheduleCalls(_ operation: String, _ input: JSON) -> [ServiceCall] {
        let group = input["GroupName"]?.string ?? "default"
        let kind = operation.hasSuffix("ScheduleGroup") ? "schedule-group/" : "schedule/\(group)/"
        return [ServiceCall("scheduler:\(operation)", named("scheduler", kind, input["Name"]))]
    }

    // MARK: Roles

    private func roleCalls(_ operation: String, _ input: JSON, _ service: String) -> [ServiceCall] {
        // Whoever has a key may ask whose it is.
        if operation == "GetCallerIdentity" || operation == "GetSessionToken" { return [] }
        if operation == "AssumeRole", let arn = input["RoleArn"]?.string {
            var call = ServiceCall("sts:AssumeRole", arn)
            if let id = input["ExternalId"]?.string { call.context["sts:ExternalId"] = [id] }
            if let name = input["RoleSessionName"]?.string { call.context["sts:RoleSessionName"] = [name] }
            let name = arn.split(separator: "/").last.map(String.init) ?? ""
            call.trust = (try? peers.roles?.policies(ofRole: name))?.trust
            return [call]
        }
        if let arn = input["PolicyArn"]?.string, input["RoleName"] == nil {
            return [ServiceCall("\(service):\(operation)", arn)]
        }
        guard let role = input["RoleName"]?.string else { return [ServiceCall("\(service):\(operation)", "*")] }
        let arn = (try? peers.roles?.policies(ofRole: role))?.arn
        let resource = arn ?? "arn:aws:iam::\(account.id):role/\(role)"
        let policy = input["PolicyArn"]?.string.map { ["iam:PolicyARN": [$0]] } ?? [:]
        return [ServiceCall("\(service):\(operation)", resource, policy)]
    }
}
