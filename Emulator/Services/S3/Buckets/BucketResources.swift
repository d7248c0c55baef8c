package import EmulatorCore
internal import JSON
internal import XML

/// S3's resources in templates.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html>
extension S3 {
    package var resourceTypes: [String] { ["AWS::S3::Bucket", "AWS::S3::BucketPolicy"] }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        do {
            return resource.type == "AWS::S3::BucketPolicy"
                ? try await provisionPolicy(resource) : try await provisionBucket(resource)
        } catch let fault as S3Fault {
            throw AWSFault(fault.code, "\(resource.logicalID): \(fault.message)", status: fault.status)
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        do {
            if type == "AWS::S3::BucketPolicy" {
                try await replace("policy", of: ref, by: nil)
            } else {
                try await deleteBucket(named: ref)
            }
        } catch let fault as S3Fault {
            guard fault.code != "NoSuchBucket" else { return }
            throw AWSFault(fault.code, fault.message, status: fault.status)
        } catch {
            throw .internalFailure(error)
        }
    }

    private func provisionBucket(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        let properties = resource.properties
        let name = properties["BucketName"]?.string ?? "\(resource.logicalID.lowercased())-\(account.id)"
        _ = try await addBucket(name)
        if let status = properties["VersioningConfiguration"]?["Status"]?.string,
            let versioning = Bucket.Versioning(rawValue: status)
        {
            try await setVersioning(versioning, of: name)
        }
        try await setNotificationRules(try Self.rules(properties, of: resource.logicalID), of: name)
        let bus = properties["NotificationConfiguration"]?["EventBridgeConfiguration"]
        let sends =
            bus.map { ($0["EventBridgeEnabled"] ?? true) != false && $0["EventBridgeEnabled"] != "false" } ?? false
        try await sendToBus(sends, of: name)
        try await provisionTags(properties, of: name)
        if let crossOrigin = properties["CorsConfiguration"] {
            try await replace("cors", of: name, by: Self.crossOriginDocument(crossOrigin).bytes)
        }
        // What a later call has set stays where the template says nothing.
        if let encryption = Self.encryptionDocument(properties)?.bytes,
            try store.read({ try $0.configuration("encryption", of: name) }) != encryption
        {
            try await replace("encryption", of: name, by: encryption)
        }
        return ProvisionedResource(
            ref: name,
            attributes: [
                "Arn": "arn:aws:s3:::\(name)", "DomainName": "\(name).s3.amazonaws.com",
                "RegionalDomainName": "\(name).s3.\(account.region).amazonaws.com",
                "DualStackDomainName": "\(name).s3.dualstack.\(account.region).amazonaws.com",
                "WebsiteURL": "http://\(name).s3-website-\(account.region).amazonaws.com",
            ])
    }

    private static func rules(_ properties: JSON, of logicalID: String) throws -> [NotificationRule] {
        guard let configuration = properties["NotificationConfiguration"]?.object else { return [] }
        var rules: [NotificationRule] = []
        let members = [
            "LambdaConfigurations": "Function", "QueueConfigurations": "Queue", "TopicConfigurations": "Topic",
        ]
        for (name, value) in configuration where name != NotificationRule.eventBridge {
            guard let target = members[name] else { throw S3Fault.notEmulated("S3's notification target \(name)") }
            for (position, rule) in (value.array ?? []).enumerated() {
                let filters = rule["Filter"]?["S3Key"]?["Rules"]?.array ?? []
                rules.append(
                    try NotificationRule(
                        id: "\(logicalID)-\(target == "Function" ? "" : target)\(position)",
                        function: rule[target]?.string ?? "",
                        events: [rule["Event"]?.string ?? ""],
                        filters: filters.map { ($0["Name"]?.string ?? "", $0["Value"]?.string ?? "") }))
            }
        }
        return rules
    }

    private func provisionTags(_ properties: JSON, of bucket: String) async throws {
        guard let tags = properties["Tags"]?.array else { return }
        let document = XMLWriter(s3: "Tagging") { text in
            text.element("TagSet") { text in
                for tag in tags {
                    text.element("Tag") { text in
                        text.element("Key", tag["Key"]?.string ?? "")
                        text.element("Value", tag["Value"]?.string ?? "")
                    }
                }
            }
        }
        try await replace("tagging", of: bucket, by: document.bytes)
    }

    private func provisionPolicy(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        guard let bucket = resource.properties["Bucket"]?.string, let policy = resource.properties["PolicyDocument"]
        else { throw S3Fault.invalidArgument("a bucket policy needs Bucket and PolicyDocument") }
        try await replace("policy", of: bucket, by: policy.bytes)
        return ProvisionedResource(ref: bucket)
    }
}
