package import EmulatorCore
internal import JSON

extension LambdaService: ResourceProviding {
    package var resourceTypes: [String] {
        [
            "AWS::Lambda::Function", "AWS::Lambda::Permission", "AWS::Lambda::EventInvokeConfig",
            "AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::Lambda::EventSourceMapping", "AWS::Lambda::Url",
            "AWS::Lambda::LayerVersion",
        ]
    }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        if resource.type == "AWS::Lambda::Function" { return try await provisionFunction(resource) }
        let properties = resource.properties
        if resource.type == "AWS::Lambda::Url" { return try await provisionURL(properties) }
        if resource.type == "AWS::Lambda::LayerVersion" { return try await provisionLayer(resource) }
        guard let name = properties["FunctionName"]?.string else {
            throw .validation("\(resource.logicalID) (\(resource.type)) has no FunctionName.")
        }
        let function = try registry.function(name)
        let arn = registry.arn(of: function.name)
        switch resource.type {
        case "AWS::Lambda::EventSourceMapping": return try await provisionMapping(properties.object ?? [:])
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

    /// A function has one mapping of a stream, so the declared one is found by both.
    private func provisionMapping(_ declaration: JSONObject) async throws(AWSFault) -> ProvisionedResource {
        do {
            let existing = mappings.find(
                function: declaration["FunctionName"]?.string ?? "", source: declaration["EventSourceArn"]?.string ?? ""
            )
            if let existing {
                if existing.declaration != declaration { _ = try await mappings.replace(existing.id, declaration) }
                return ProvisionedResource(
                    ref: existing.id,
                    attributes: ["Id": existing.id, "EventSourceMappingArn": mappings.arn(of: existing.id)])
            }
            let id = try await mappings.create(declaration)["UUID"]?.string ?? ""
            return ProvisionedResource(
                ref: id, attributes: ["Id": id, "EventSourceMappingArn": mappings.arn(of: id)])
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        if type == "AWS::Lambda::EventSourceMapping" {
            do { _ = try await mappings.remove(ref) } catch let fault as AWSFault {
                guard fault.status == 404 else { throw fault }
            } catch { throw .internalFailure(error) }
            return
        }
        if type == "AWS::Lambda::Url" { return try await removeURL(of: ref) }
        if type == "AWS::Lambda::LayerVersion" { return try await removeLayer(ref) }
        // Permissions, settings, versions and aliases are members of their function.
        guard type == "AWS::Lambda::Function", (try? registry.function(ref)) != nil else { return }
        try await registry.remove(ref)
        await discardWorkers(of: ref)
        await urls.close(ref)
    }

    private func provisionFunction(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        var declaration = resource.properties.object ?? [:]
        if declaration["FunctionName"] == nil { declaration["FunctionName"] = .string(resource.logicalID) }
        var function = try FunctionConfiguration(stamped(try unpacked(declaration, isArchive: false)))
        // A missing executable is reported now, not when the first event arrives.
        _ = try code(of: function)
        try checkLayers(function.declaration["Layers"])
        let existing = try? registry.function(function.name)
        function.declaration["UrlConfig"] = existing?.declaration["UrlConfig"]
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
        for added in ["LastModified", "RevisionId", "Policy", "EventInvokeConfig", "UrlConfig"] { members[added] = nil }
        return members
    }
}
