package import EmulatorCore
internal import JSON

extension SNSService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::SNS::Topic", "AWS::SNS::Subscription", Self.policyType] }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        do {
            if resource.type == Self.policyType { return try await provisionPolicy(resource) }
            return resource.type == "AWS::SNS::Topic"
                ? try await provisionTopic(resource) : try await provisionSubscription(resource.properties)
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        if type == Self.policyType { return try await removePolicy(ref) }
        _ =
            try await type == "AWS::SNS::Topic"
            ? perform("DeleteTopic", ["TopicArn": .string(ref)])
            : perform("Unsubscribe", ["SubscriptionArn": .string(ref)])
    }

    private func provisionTopic(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        let properties = resource.properties
        let isFIFO = properties["FifoTopic"] == true || properties["FifoTopic"] == "true"
        let name = properties["TopicName"]?.string ?? resource.logicalID + (isFIFO ? ".fifo" : "")
        let attributes = Self.attributes(
            properties,
            [
                "DisplayName", "KmsMasterKeyId", "TracingConfig", "SignatureVersion", "DeliveryPolicy", "FifoTopic",
                "ContentBasedDeduplication", "FifoThroughputScope",
            ])
        let existing = try store.read { try StoredTopic.find(name, in: $0) }
        if var topic = existing {
            // A policy comes from another resource, AWS::SNS::TopicPolicy.
            let policy = topic.attributes["Policy"]
            topic.attributes["Policy"] = nil
            if topic.attributes != attributes {
                topic.attributes = attributes
                topic.attributes["Policy"] = policy
                let changed = topic
                try await store.write { try changed.save(in: $0) }
            }
        } else {
            _ = try await createTopic([
                "Name": .string(name), "Attributes": .object(attributes), "Tags": properties["Tags"] ?? [],
            ])
        }
        let arn = arn(of: name)
        for subscription in properties["Subscription"]?.array ?? [] {
            var subscription = subscription.object ?? [:]
            subscription["TopicArn"] = .string(arn)
            _ = try await provisionSubscription(.object(subscription))
        }
        return ProvisionedResource(ref: arn, attributes: ["TopicArn": arn, "TopicName": name])
    }

    private func provisionSubscription(_ properties: JSON) async throws -> ProvisionedResource {
        let attributes = Self.attributes(
            properties, ["RawMessageDelivery", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy", "DeliveryPolicy"])
        let topic = try topicName(properties["TopicArn"]?.string)
        let existing = try store.read { try StoredSubscription.all(ofTopic: topic, in: $0) }.first {
            $0.proto == properties["Protocol"]?.string && $0.endpoint == properties["Endpoint"]?.string
        }
        if var subscription = existing {
            if subscription.attributes != attributes {
                try StoredSubscription.check(attributes)
                subscription.attributes = attributes
                let changed = subscription
                try await store.write { try changed.update(in: $0) }
            }
            return ProvisionedResource(ref: arn(of: subscription))
        }
        var input = properties.object ?? [:]
        input["Attributes"] = .object(attributes)
        input["ReturnSubscriptionArn"] = "true"
        return ProvisionedResource(ref: try await subscribe(.object(input))["SubscriptionArn"]?.string ?? "")
    }

    /// Properties as the API's attributes, which are texts.
    private static func attributes(_ properties: JSON, _ names: [String]) -> JSONObject {
        JSONObject(
            names.compactMap { name in
                properties[name].map { (name, .string($0.string ?? $0.text)) }
            })
    }
}
