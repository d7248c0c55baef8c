package import EmulatorCore
internal import JSON

/// EventBridge's resources in templates.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Events.html>
extension EventBridgeService: ResourceProviding {
    package var resourceTypes: [String] {
        ["AWS::Events::EventBus", "AWS::Events::Rule", "AWS::Events::EventBusPolicy"]
    }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        do {
            switch resource.type {
            case "AWS::Events::EventBus": return try await provisionBus(resource)
            case "AWS::Events::Rule": return try await provisionRule(resource)
            // A policy is not evaluated.
            default: return ProvisionedResource(ref: resource.logicalID)
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        switch type {
        case "AWS::Events::EventBus": _ = try await perform("DeleteEventBus", ["Name": .string(ref)])
        case "AWS::Events::Rule":
            let parts = ref.split(separator: "|").map(String.init)
            let bus = parts.count > 1 ? parts[0] : StoredBus.defaultName
            do {
                let found = try store.read { try StoredRule.find(parts.last ?? "", on: bus, in: $0) }
                if let found { try await remove(found) }
            } catch let fault as AWSFault {
                throw fault
            } catch {
                throw .internalFailure(error)
            }
        default: break
        }
    }

    private func provisionBus(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        let name = resource.properties["Name"]?.string ?? resource.logicalID
        do {
            _ = try await createBus(["Name": .string(name), "Tags": resource.properties["Tags"] ?? []])
        } catch let fault as AWSFault where fault.code == "ResourceAlreadyExistsException" {
            // The bus is as declared.
        }
        return ProvisionedResource(ref: name, attributes: ["Arn": arn(ofBus: name), "Name": name])
    }

    private func provisionRule(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        let properties = resource.properties
        let name = properties["Name"]?.string ?? resource.logicalID
        let bus = Self.busName(properties["EventBusName"]?.string)
        try checkBus(bus)
        var document = JSONObject()
        for member in ["ScheduleExpression", "State", "Description", "RoleArn", "Tags"] {
            document[member] = properties[member]
        }
        if let pattern = properties["EventPattern"] {
            _ = try EventPattern(pattern)
            document["EventPattern"] = .string(pattern.text)
        }
        let targets = (properties["Targets"]?.array ?? []).map { RuleTarget($0) }
        for target in targets where !accepts(target.arn) {
            throw AWSFault.notEmulated("The target \(target.arn.isEmpty ? "(none)" : target.arn) of the rule \(name)")
        }
        let rule = StoredRule(bus: bus, name: name, document: document, targets: targets)
        try await save(rule)
        return ProvisionedResource(
            ref: bus == StoredBus.defaultName ? name : "\(bus)|\(name)", attributes: ["Arn": rule.arn(in: account)])
    }
}
