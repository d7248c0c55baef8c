package import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// Roles and policies in templates.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html>
extension IAMService: ResourceProviding {
    package var resourceTypes: [String] {
        ["AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"]
    }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        do {
            return switch resource.type {
            case "AWS::IAM::Role": try provisionRole(resource)
            case "AWS::IAM::ManagedPolicy": try provisionManagedPolicy(resource)
            default: try provisionPolicy(resource)
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    /// A stack has dozens of roles and policies, which are written at once.
    package func keepProvisioned() async throws(AWSFault) {
        guard let gathered = gathered.take() else { return }
        do {
            try await store.write { transaction in
                for role in gathered.roles.values { try role.save(in: transaction) }
                for policy in gathered.policies.values { try policy.save(in: transaction) }
            }
        } catch { throw .internalFailure(error) }
    }

    package func remove(_ type: String, _ physicalID: String) async throws(AWSFault) {
        do {
            try await store.write { transaction in
                for var role in try StoredRole.all(in: transaction.snapshot) {
                    if type == "AWS::IAM::Role" {
                        if role.name == physicalID { try role.delete(in: transaction) }
                    } else if role.dropPolicies(of: physicalID) {
                        try role.save(in: transaction)
                    }
                }
                if type == "AWS::IAM::ManagedPolicy" { try StoredPolicy.delete(physicalID, in: transaction) }
            }
        } catch { throw .internalFailure(error) }
    }

    private func provisionRole(_ resource: DeclaredResource) throws -> ProvisionedResource {
        let properties = resource.properties
        let name = properties["RoleName"]?.string ?? "\(resource.stack)-\(resource.logicalID)"
        let trust = properties["AssumeRolePolicyDocument"] ?? [:]
        var role =
            try gathered.role(name, store)
            ?? StoredRole(name: name, document: "", createdAt: clock.now().milliseconds)
        role.document = trust.string ?? trust.text
        for member in ["Path", "Description", "MaxSessionDuration", "PermissionsBoundary"] {
            role.detail[member] = properties[member].map { .string($0.string ?? $0.text) }
        }
        role.detail["Tags"] = .object(
            JSONObject((properties["Tags"]?.array ?? []).map { ($0["Key"]?.string ?? "", $0["Value"] ?? "") }))
        // What a policy of the template, or a call, has put into the role stays.
        _ = role.dropPolicies(of: StoredRole.itself)
        for policy in properties["Policies"]?.array ?? [] {
            guard let policyName = policy["PolicyName"]?.string, let document = policy["PolicyDocument"] else {
                throw AWSFault(
                    "ValidationError", "\(resource.logicalID): a policy needs PolicyName and PolicyDocument.")
            }
            role.put(document, named: policyName, of: StoredRole.itself)
        }
        for arn in properties["ManagedPolicyArns"]?.array ?? [] {
            if let arn = arn.string { role.attach(arn, of: StoredRole.itself) }
        }
        gathered.keep(role)
        return ProvisionedResource(
            ref: name, attributes: ["Arn": role.arn(account), "RoleId": "AROA\(name.uppercased())"])
    }

    /// A policy in roles. Those of users and groups have no effect: the emulator has neither.
    private func provisionPolicy(_ resource: DeclaredResource) throws -> ProvisionedResource {
        let properties = resource.properties
        guard let name = properties["PolicyName"]?.string, let document = properties["PolicyDocument"] else {
            throw AWSFault("ValidationError", "\(resource.logicalID): a policy needs PolicyName and PolicyDocument.")
        }
        let id = "\(resource.stack)-\(resource.logicalID)"
        try gathered.dropPolicies(of: id, store)
        let roles = properties["Roles"]?.array ?? properties["RoleName"].map { [$0] } ?? []
        for roleName in roles.compactMap(\.string) {
            var role = try existing(roleName, for: resource)
            role.put(document, named: name, of: id)
            gathered.keep(role)
        }
        return ProvisionedResource(ref: name, attributes: ["Id": id], physicalID: id)
    }

    private func provisionManagedPolicy(_ resource: DeclaredResource) throws -> ProvisionedResource {
        let properties = resource.properties
        guard let document = properties["PolicyDocument"] else {
            throw AWSFault("ValidationError", "\(resource.logicalID): Property PolicyDocument is required.")
        }
        let name = properties["ManagedPolicyName"]?.string ?? "\(resource.stack)-\(resource.logicalID)"
        let arn = "arn:aws:iam::\(account.id):policy\(properties["Path"]?.string ?? "/")\(name)"
        gathered.keep(
            StoredPolicy(
                arn: arn, name: name, document: document.string ?? document.text,
                description: properties["Description"]?.string, createdAt: clock.now().milliseconds))
        try gathered.dropPolicies(of: arn, store)
        for roleName in (properties["Roles"]?.array ?? []).compactMap(\.string) {
            var role = try existing(roleName, for: resource)
            role.attach(arn, of: arn)
            gathered.keep(role)
        }
        return ProvisionedResource(
            ref: arn,
            attributes: [
                "PolicyArn": arn, "PolicyId": "ANPA\(name.uppercased())", "DefaultVersionId": "v1",
                "AttachmentCount": "0", "PermissionsBoundaryUsageCount": "0", "IsAttachable": "true",
            ])
    }

    private func existing(_ name: String, for resource: DeclaredResource) throws -> StoredRole {
        guard let role = try gathered.role(name, store) else {
            // A template may count on a role that an account has already.
            throw AWSFault.notEmulated("The policy \(resource.logicalID) for the role \(name), which does not exist,")
        }
        return role
    }
}

/// Roles and policies of a deployment that are not written yet.
final class GatheredResources: Sendable {
    struct Contents: Sendable {
        var roles: [String: StoredRole] = [:]
        var policies: [String: StoredPolicy] = [:]
    }

    private let contents = Mutex<Contents?>(nil)

    func take() -> Contents? {
        contents.withLock { contents in
            defer { contents = nil }
            return contents
        }
    }

    /// The role as this deployment leaves it so far.
    func role(_ name: String, _ store: Store) throws -> StoredRole? {
        if let role = contents.withLock({ $0?.roles[name] }) { return role }
        return try store.read { try StoredRole.find(name, in: $0) }
    }

    func keep(_ role: StoredRole) {
        contents.withLock { contents in
            contents = contents ?? Contents()
            contents?.roles[role.name] = role
        }
    }

    func keep(_ policy: StoredPolicy) {
        contents.withLock { contents in
            contents = contents ?? Contents()
            contents?.policies[policy.arn] = policy
        }
    }

    /// Takes from all roles what a resource of a template has put there before.
    func dropPolicies(of owner: String, _ store: Store) throws {
        for stored in try store.read({ try StoredRole.all(in: $0) }) {
            guard var role = try role(stored.name, store) else { continue }
            if role.dropPolicies(of: owner) { keep(role) }
        }
    }
}

extension StoredRole {
    /// The owner of what the role's own declaration has put into it.
    static let itself = "role"

    func arn(_ account: Account) -> String {
        "arn:aws:iam::\(account.id):role\(detail["Path"]?.string ?? "/")\(name)"
    }

    /// Puts a policy into the role, for a resource of a template.
    mutating func put(_ document: JSON, named policy: String, of owner: String) {
        set(policy, .string(document.string ?? document.text), in: "Policies")
        set(policy, .string(owner), in: "PolicyOwners")
    }

    mutating func attach(_ arn: String, of owner: String) {
        set(arn, .string(arn.split(separator: "/").last.map(String.init) ?? arn), in: "Attached")
        set(arn, .string(owner), in: "AttachmentOwners")
    }

    /// Removes the policies that a resource of a template has put into the role, and attached to it.
    /// - Returns: whether there were any.
    mutating func dropPolicies(of owner: String) -> Bool {
        var hasChanged = false
        for (list, owners) in [("Policies", "PolicyOwners"), ("Attached", "AttachmentOwners")] {
            for (name, value) in members(of: owners) where value.string == owner {
                set(name, nil, in: list)
                set(name, nil, in: owners)
                hasChanged = true
            }
        }
        return hasChanged
    }

    private mutating func set(_ name: String, _ value: JSON?, in list: String) {
        var all = members(of: list)
        all[name] = value
        detail[list] = .object(all)
    }
}

extension IAMService: RolePolicyKeeping {
    package func policies(ofRole name: String) throws(AWSFault) -> RolePolicies? {
        do {
            return try store.read { snapshot in
                guard let role = try StoredRole.find(name, in: snapshot) else { return nil }
                var documents = role.members(of: "Policies").compactMap(\.value.string)
                for arn in role.members(of: "Attached").names {
                    documents.append(try Self.document(ofPolicy: arn, in: snapshot))
                }
                let boundary = try role.detail["PermissionsBoundary"]?.string.map {
                    try Self.document(ofPolicy: $0, in: snapshot)
                }
                return RolePolicies(
                    arn: role.arn(account), documents: documents, boundary: boundary, trust: role.document)
            }
        } catch { throw .internalFailure(error) }
    }

    /// AWS's own policies are not here: but for one they allow nothing.
    private static func document(ofPolicy arn: String, in snapshot: borrowing Snapshot) throws -> String {
        try StoredPolicy.find(arn, in: snapshot)?.document ?? ManagedPolicies.document(of: arn)
    }
}

/// The policies of AWS's own that functions usually have.
/// - SeeAlso: <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html>
enum ManagedPolicies {
    private static let logs: [JSON] = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]

    private static let actions: [String: [JSON]] = [
        "AdministratorAccess": ["*"],
        "AWSLambdaBasicExecutionRole": logs,
        "AWSLambdaSQSQueueExecutionRole":
            logs + ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        "AWSLambdaKinesisExecutionRole": logs + [
            "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
            "kinesis:ListShards", "kinesis:ListStreams", "kinesis:SubscribeToShard",
        ],
        "AWSLambdaDynamoDBExecutionRole": logs + [
            "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams",
        ],
        "AWSXRayDaemonWriteAccess": [
            "xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets",
            "xray:GetSamplingStatisticSummaries",
        ],
        "AmazonS3ReadOnlyAccess": [
            "s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*",
        ],
        "AmazonS3FullAccess": ["s3:*", "s3-object-lambda:*"],
        "AmazonSQSFullAccess": ["sqs:*"], "AmazonSNSFullAccess": ["sns:*"], "AmazonDynamoDBFullAccess": ["dynamodb:*"],
        "AmazonKinesisFullAccess": ["kinesis:*"], "CloudWatchLogsFullAccess": ["logs:*", "cloudwatch:GenerateQuery"],
        "AWSStepFunctionsFullAccess": ["states:*"], "AWSLambda_FullAccess": ["lambda:*"],
    ]

    /// One that is not known allows nothing.
    static func document(of arn: String) -> String {
        let name = arn.split(separator: "/").last.map(String.init) ?? ""
        let allowed = actions[name].map { JSON.array($0) } ?? ["none:None"]
        let statement: JSON = ["Effect": "Allow", "Action": allowed, "Resource": "*"]
        return JSON.object(["Version": "2012-10-17", "Statement": [statement]]).text
    }
}
