import Testing
import YAML

/// The rules that every policy statement of the templates obeys.
@Suite struct PolicyTests {
    /// Why a statement may allow more than a name or a prefix, by its resource and its first action.
    static let exceptions: [String: String] = [
        "pipeline.yaml/Key kms:*": "the account's own policies decide; in a key policy, `*` is the key",
        "pipeline.yaml/Key kms:Encrypt": "in a key policy, `*` is the key",
        "pipeline.yaml/Key kms:GenerateDataKey": "in a key policy, `*` is the key",
        "pipeline.yaml/Key kms:Decrypt": "in a key policy, `*` is the key",
        "pipeline.yaml/Traces xray:PutTraceSegments": "X-Ray's actions take no resource",
        "pipeline.yaml/MachineLogs logs:CreateLogDelivery": "the log delivery actions take no resource",
        "pipeline.yaml/BronzeWriterExecutionRole ecr:GetAuthorizationToken": "the action takes no resource",
        "pipeline.yaml/PersonalDataDetection comprehend:DetectPiiEntities": "the action takes no resource",
        "capture.yaml/ChangeCaptureStart ecr:GetAuthorizationToken": "the action takes no resource",
        "stream.yaml/FirehoseTransformRole xray:PutTraceSegments": "X-Ray's actions take no resource",
        "network.yaml/FlowLogRole logs:DescribeLogGroups": "the action takes no narrower resource",
        "pipeline.yaml/AccessLogsPolicy s3:PutObject": "the whole bucket is for access logs",
        "pipeline.yaml/IngestionRole ecs:StopTask":
            "a task's ID is not known before it runs; only tasks of the cluster",
        "network.yaml/S3Endpoint s3:GetObject": "limits which buckets can be reached; the roles name prefixes",
        "catalog.yaml/GovernedReaderPolicy lakeformation:GetDataAccess":
            "the action takes no resource; the grants decide",
        "silver.yaml/SilverMergeExecutionRole ecr:GetAuthorizationToken": "the action takes no resource",
        "silver.yaml/SilverRole ecs:StopTask": "a task's ID is not known before it runs; only tasks of the cluster",
        "network.yaml/DynamoDBEndpoint dynamodb:Query": "the table's indexes; the roles name theirs",
        "silver.yaml/SparkRole logs:DescribeLogGroups": "the action takes no narrower resource",
        "silver.yaml/SilverMergeData glue:GetCatalog": "all tables of the silver database",
        "gold.yaml/GoldBuildData glue:GetCatalog": "all tables of the silver and the gold database",
        "gold.yaml/GoldBuildExecutionRole ecr:GetAuthorizationToken": "the action takes no resource",
        "gold.yaml/GoldRole ecs:StopTask": "a task's ID is not known before it runs; only tasks of the cluster",
        "gold.yaml/SparkRole logs:DescribeLogGroups": "the action takes no narrower resource",
        "maintenance.yaml/LakeMaintenanceRole glue:GetCatalog": "all tables of the silver and the gold database",
        "optimizers.yaml/OptimizerRole s3:GetObject": "the prefix of one table",
        "optimizers.yaml/OptimizerRole logs:CreateLogGroup": "the streams of three log groups",
        "catalog.yaml/GoldReaderPolicy glue:GetDatabase": "all tables of the gold database",
        "audit.yaml/TrailBucketPolicy s3:PutObject": "CloudTrail's own prefix in its own bucket",
    ]

    struct Statement {
        let owner: InfraTemplates.Resource
        let node: YAMLNode
        let isTrust: Bool

        var actions: [String] { (node["Action"]?.elements ?? []).compactMap(\.string) }
        var isAllowed: Bool { node["Effect"]?.string == "Allow" }
        var key: String { "\(owner.path) \(actions.first ?? "")" }
        /// The texts of `Resource`, also those inside `Fn::Sub` and other functions.
        var resources: [String] { (node["Resource"]?.elements ?? []).compactMap(\.string) }

        var services: [YAMLNode] { node["Principal"]?["Service"]?.elements ?? [] }
        /// `StringEquals aws:SourceAccount` and so on.
        var conditionKeys: [String] {
            (node["Condition"]?.mapping?.entries ?? []).flatMap { $0.value.mapping?.keys ?? [] }
        }
    }

    private let statements: [Statement]

    init() throws {
        var statements: [Statement] = []
        for resource in try InfraTemplates.resources() {
            for node in resource.properties?.tree ?? [] {
                for entry in node.mapping?.entries ?? [] {
                    let documents = ["PolicyDocument", "KeyPolicy", "AssumeRolePolicyDocument", "ResourcePolicy"]
                    guard documents.contains(entry.key) else { continue }
                    for statement in entry.value["Statement"]?.elements ?? [] {
                        statements.append(
                            Statement(
                                owner: resource, node: statement, isTrust: entry.key == "AssumeRolePolicyDocument"))
                    }
                }
            }
        }
        self.statements = statements
    }

    @Test("every statement allows or denies named actions")
    func statementForm() {
        #expect(statements.count > 40)
        for statement in statements {
            #expect(["Allow", "Deny"].contains(statement.node["Effect"]?.string ?? ""), "\(statement.key)")
            #expect(!statement.actions.isEmpty, "\(statement.key)")
            for inverse in ["NotAction", "NotResource", "NotPrincipal"] {
                #expect(
                    statement.node[inverse] == nil,
                    "\(statement.key): \(inverse) also covers everything that it does not name")
            }
        }
    }

    @Test("a statement that allows more than a name or prefix is a listed exception")
    func wideStatements() {
        var unused = Set(Self.exceptions.keys)
        for statement in statements where statement.isAllowed && !statement.isTrust {
            let isWide =
                statement.actions.contains { $0.contains("*") }
                || statement.resources.contains(where: Self.spansMore)
            guard isWide else { continue }
            #expect(Self.exceptions[statement.key] != nil, "\(statement.key): \(statement.resources)")
            unused.remove(statement.key)
        }
        #expect(unused.isEmpty, "these exceptions are no longer needed: \(unused.sorted())")
    }

    /// Whether a resource covers more than one name or one prefix of a bucket: `*` alone, or `*` after a bare name.
    private static func spansMore(_ resource: String) -> Bool {
        guard resource.contains("*") else { return false }
        // `…}/raw/*` is a prefix; `…/*` right after a bucket or a table is all of it.
        return resource.firstMatch(of: #/\}(/[a-z-]+)+/\*$/#) == nil
    }

    @Test("a role is assumed only by a service on behalf of this account, or by its people")
    func trustPolicies() {
        let trusts = statements.filter(\.isTrust)
        #expect(trusts.count > 8)
        for trust in trusts {
            #expect(trust.node["Principal"]?.mapping?.keys.allSatisfy { ["Service", "AWS"].contains($0) } == true)
            // Lambda names no source: the right to pass the role decides.
            if trust.services.compactMap(\.string) == ["lambda.amazonaws.com"] { continue }
            if let account = trust.node["Principal"]?["AWS"]?.string {
                // People of this account, if its own policies allow them.
                #expect(account == "arn:${AWS::Partition}:iam::${AWS::AccountId}:root", "\(trust.key)")
                continue
            }
            let keys = trust.conditionKeys
            #expect(keys.contains("aws:SourceAccount") || keys.contains("sts:ExternalId"), "\(trust.key)")
        }
    }

    @Test("a service that a resource policy allows is limited to its source")
    func resourcePolicies() {
        for statement in statements where statement.isAllowed && !statement.isTrust && !statement.services.isEmpty {
            let sources = ["aws:SourceArn", "aws:SourceAccount", "kms:EncryptionContext:aws:logs:arn"]
            #expect(statement.conditionKeys.contains { sources.contains($0) }, "\(statement.key)")
        }
    }

    @Test("a permission on a function names its source")
    func functionPermissions() throws {
        for permission in try InfraTemplates.resources(ofType: "AWS::Lambda::Permission") {
            #expect(permission.properties?["SourceArn"] != nil, "\(permission.path)")
            #expect(permission.properties?["SourceAccount"] != nil, "\(permission.path)")
        }
    }

    @Test("only a VPC endpoint allows every principal")
    func anyPrincipal() {
        for statement in statements where statement.isAllowed {
            let principal = statement.node["Principal"]
            let isAnyone = principal?.string == "*" || principal?["AWS"]?.string == "*"
            #expect(!isAnyone || statement.owner.type == "AWS::EC2::VPCEndpoint", "\(statement.key)")
        }
    }

    @Test("the key is used only through named services")
    func keyUses() {
        let uses = statements.filter { $0.isAllowed && $0.owner.type != "AWS::KMS::Key" }
            .filter { $0.actions.contains { $0.hasPrefix("kms:") } }
        #expect(uses.count > 4)
        for use in uses { #expect(use.conditionKeys.contains("kms:ViaService"), "\(use.key)") }
    }

    @Test("a role can be passed to one service only")
    func passRole() {
        for statement in statements where statement.actions.contains("iam:PassRole") {
            #expect(statement.conditionKeys.contains("iam:PassedToService"), "\(statement.key)")
        }
    }

    @Test("no two functions share a role")
    func functionRoles() throws {
        let roles = try InfraTemplates.resources(ofType: "AWS::Lambda::Function").map {
            $0.properties?["Role"]?.string ?? $0.path
        }
        #expect(Set(roles).count == roles.count)
    }

    @Test("every bucket is private, versioned, and encrypted, expires old versions, and requires TLS")
    func buckets() throws {
        let buckets = try InfraTemplates.resources(ofType: "AWS::S3::Bucket")
        #expect(buckets.count >= 4)
        for bucket in buckets {
            let properties = try #require(bucket.properties)
            for setting in ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"] {
                #expect(properties["PublicAccessBlockConfiguration"]?[setting]?.string == "true", "\(bucket.path)")
            }
            #expect(properties["VersioningConfiguration"]?["Status"]?.string == "Enabled", "\(bucket.path)")
            #expect(properties["BucketEncryption"] != nil, "\(bucket.path)")
            let rules = properties["LifecycleConfiguration"]?["Rules"]?.sequence ?? []
            #expect(rules.contains { $0["NoncurrentVersionExpiration"] != nil }, "\(bucket.path)")
            #expect(rules.contains { $0["AbortIncompleteMultipartUpload"] != nil }, "\(bucket.path)")
            let denials = statements.filter { statement in
                statement.node["Effect"]?.string == "Deny" && statement.node["Sid"]?.string == "TLSOnly"
                    && statement.owner.properties?["Bucket"]?.string == bucket.name
                    && statement.node["Condition"]?["Bool"]?["aws:SecureTransport"]?.string == "false"
                    && statement.resources == ["\(bucket.name).Arn", "${\(bucket.name).Arn}/*"]
            }
            #expect(denials.count == 1, "\(bucket.path)")
        }
    }

    @Test("data outlive their stack, and logs expire")
    func retention() throws {
        for resource in try InfraTemplates.resources() {
            if ["AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key"].contains(resource.type) {
                // What was made when a stack's first creation failed would be in the way of the next.
                #expect(resource.node["DeletionPolicy"]?.string == "RetainExceptOnCreate", "\(resource.path)")
                #expect(resource.node["UpdateReplacePolicy"]?.string == "Retain", "\(resource.path)")
            }
            if resource.type == "AWS::Logs::LogGroup" {
                #expect(resource.properties?["RetentionInDays"] != nil, "\(resource.path)")
                #expect(resource.properties?["KmsKeyId"] != nil, "\(resource.path)")
            }
        }
    }
}
