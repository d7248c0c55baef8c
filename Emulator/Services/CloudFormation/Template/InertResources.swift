internal import EmulatorCore
internal import JSON

/// Values of `Ref` and `Fn::GetAtt` for resources that are not emulated, so that other resources can refer to them.
struct InertResources {
    let account: Account

    /// Whether the type has no effect on a local run: permissions, keys, networks, dashboards of other kinds.
    static func isWithoutEffect(_ type: String) -> Bool {
        let prefixes = [
            "AWS::IAM::", "AWS::EC2::", "AWS::CloudWatch::", "AWS::CDK::", "AWS::GuardDuty::",
            "AWS::Budgets::",
        ]
        let types: Set = [
            "AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::Logs::ResourcePolicy",
            "AWS::Logs::MetricFilter", "AWS::Lambda::LayerVersionPermission",
            "AWS::CloudFormation::WaitConditionHandle",
        ]
        return types.contains(type) || prefixes.contains { type.hasPrefix($0) }
    }

    /// Whether the type says who may do what.
    static func isPermission(_ type: String) -> Bool {
        type.hasPrefix("AWS::IAM::") || ["AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"].contains(type)
    }

    func placeholder(for resource: DeclaredResource, stackName: String) -> ProvisionedResource {
        let parts = resource.type.split(separator: ":").map(String.init)
        let (service, kind) = parts.count >= 3 ? (parts[1].lowercased(), parts[2]) : ("emulator", "Resource")
        let properties = resource.properties
        let name =
            properties[kind + "Name"]?.string ?? properties["Name"]?.string ?? "\(stackName)-\(resource.logicalID)"
        var arn = account.arn(service, name)
        let registry = "\(account.id).dkr.ecr.\(account.region).amazonaws.com"
        var ref = name
        switch resource.type {
        case "AWS::IAM::Role": arn = "arn:aws:iam::\(account.id):role/\(name)"
        case "AWS::IAM::ManagedPolicy":
            arn = "arn:aws:iam::\(account.id):policy/\(properties["ManagedPolicyName"]?.string ?? name)"
            ref = arn
        default: break
        }
        var attributes = [
            "Arn": arn, "Name": name, "Id": name, "GroupId": name, "RepositoryUri": "\(registry)/\(name)",
        ]
        // Of a type like AWS::X::Group these are names that the list above has already.
        attributes["\(kind)Arn"] = arn
        attributes["\(kind)Name"] = name
        attributes["\(kind)Id"] = name
        return ProvisionedResource(ref: ref, attributes: attributes)
    }
}
