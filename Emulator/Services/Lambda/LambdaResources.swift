package import EmulatorCore
internal import JSON

extension LambdaService: ResourceProviding {
    package var resourceTypes: [String] {
        [
            "AWS::Lambda::Function", "AWS::Lambda::Permission", "AWS::Lambda::EventInvokeConfig",
            "AWS::Lambda::Version", "AWS::Lambda::Alias",
        ]
    }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        if resource.type == "AWS::Lambda::Function" { return try await provisionFunction(resource) }
        let properties = resource.properties
        guard let name = properties["FunctionName"]?.string else {
            throw .validation("\(resource.logicalID) (\(resource.type)) has no FunctionName.")
        }
        let function = try registry.function(name)
        let arn = registry.arn(of: function.name)
        switch resource.type {
        case "AWS::Lambda::Permission":
            var permission = properties.object ?? [:]
            permission["StatementId"] = .string(resource.logicalID)
            _ = try await grant(function.name, .object(permission))
            return ProvisionedResource(ref: resource.logicalID)
        case "AWS::Lambda::EventInvokeConfig":
            try await configureEvents(of: function.name, properties)
            return ProvisionedResource(ref: resource.logicalID)
        case "AWS::Lambda::Alias":
            let alias = "\(arn):\(properties["Name"]?.string ?? "")"
            return ProvisionedResource(ref: alias, attributes: ["AliasArn": alias])
        default:
            return ProvisionedResource(
                ref: arn + ":1", attributes: ["Version": "1", "FunctionArn": arn + ":1"])
        }
    }

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        // Permissions, settings, versions and aliases are members of their function.
        guard type == "AWS::Lambda::Function", (try? registry.function(ref)) != nil else { return }
        try await registry.remove(ref)
        await discardWorkers(of: ref)
    }

    private func provisionFunction(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        var declaration = resource.properties.object ?? [:]
        if declaration["FunctionName"] == nil { declaration["FunctionName"] = .string(resource.logicalID) }
        let function = try FunctionConfiguration(stamped(try unpacked(declaration, isArchive: false)))
        // A missing executable is reported now, not when the first event arrives.
        _ = try code(of: function)
        let existing = try? registry.function(function.name)
        if existing?.asDeclared != function.asDeclared {
            try await registry.save(function)
            await discardWorkers(of: function.name)
        }
        return ProvisionedResource(
            ref: function.name, attributes: ["Arn": registry.arn(of: function.name)])
    }
}

extension FunctionConfiguration {
    /// The declaration without the members that the emulator and other resources added.
    fileprivate var asDeclared: JSONObject {
        var members = declaration
        for added in ["LastModified", "RevisionId", "Policy", "EventInvokeConfig"] { members[added] = nil }
        return members
    }
}
