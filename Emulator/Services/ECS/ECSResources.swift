package import EmulatorCore
internal import JSON

extension ECSService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::ECS::Cluster", "AWS::ECS::TaskDefinition"] }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        if resource.type == "AWS::ECS::Cluster" {
            let name = resource.properties["ClusterName"]?.string ?? resource.logicalID
            if try !isCluster(name) {
                do { try await tasks.addCluster(name) } catch { throw .internalFailure(error) }
            }
            return ProvisionedResource(ref: name, attributes: ["Arn": clusterARN(name)])
        }
        var declaration = resource.properties.decapitalized.object ?? [:]
        if declaration["family"] == nil { declaration["family"] = .string(resource.logicalID) }
        let definition: TaskDefinition
        if let existing = try existing(declaration) {
            definition = existing
        } else {
            definition = try await register(declaration)
        }
        // A missing executable is reported now, not when the first large file arrives.
        for container in definition.containers { _ = try code(of: container, definition.family) }
        let arn = arn(of: definition)
        return ProvisionedResource(ref: arn, attributes: ["TaskDefinitionArn": arn])
    }

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        // The revisions of a task definition stay, because running tasks refer to them.
        guard type == "AWS::ECS::Cluster" else { return }
        do { try await tasks.removeCluster(ref) } catch { throw .internalFailure(error) }
    }

    private func isCluster(_ name: String) throws(AWSFault) -> Bool {
        do { return try tasks.clusters().contains(name) } catch { throw .internalFailure(error) }
    }

    /// The newest revision, if it is equal. Checking first saves a commit at every start.
    private func existing(_ declaration: JSONObject) throws(AWSFault) -> TaskDefinition? {
        do {
            let newest = try tasks.definition(declaration["family"]?.string ?? "", revision: nil)
            return newest?.declaration == declaration ? newest : nil
        } catch { throw .internalFailure(error) }
    }
}
