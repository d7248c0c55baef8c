package import EmulatorCore
internal import JSON
internal import Time

extension EMRServerlessService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::EMRServerless::Application"] }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        var settings = Self.settings(resource.properties)
        if settings["name"] == nil { settings["name"] = .string(resource.logicalID) }
        try Application.check(settings)
        do {
            let name = settings["name"]?.string
            let known = try jobs.applications().first { $0.name == name && $0.state != .terminated }
            guard var application = known else { return Self.provisioned(try await create(settings)) }
            if application.settings != settings {
                application.settings = settings
                application.updatedAt = clock.now().milliseconds
                try await jobs.save(application)
            }
            return Self.provisioned(application)
        } catch {
            throw error as? AWSFault ?? .internalFailure(error)
        }
    }

    private static func provisioned(_ application: Application) -> ProvisionedResource {
        ProvisionedResource(
            ref: application.id, attributes: ["ApplicationId": application.id, "Arn": application.arn])
    }

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        do {
            guard var application = try jobs.applications().first(where: { $0.id == ref }) else { return }
            application.state = .terminated
            try await jobs.save(application)
        } catch { throw .internalFailure(error) }
    }

    /// A template's properties as members of CreateApplication.
    private static func settings(_ properties: JSON) -> JSONObject {
        var settings = properties.decapitalized.object ?? [:]
        // Lists of keys and values are maps for the API.
        if let tags = properties["Tags"]?.array {
            settings["tags"] = .object(
                JSONObject(tags.compactMap { tag in tag["Key"]?.string.map { ($0, tag["Value"] ?? "") } }))
        }
        for name in ["initialCapacity", "workerTypeSpecifications"] {
            guard let list = settings[name]?.array else { continue }
            settings[name] = .object(
                JSONObject(list.compactMap { part in part["key"]?.string.map { ($0, part["value"] ?? [:]) } }))
        }
        return settings
    }
}

extension JSON {
    /// With small first letters in the names of members, as the API has them.
    fileprivate var decapitalized: JSON {
        switch self {
        case .array(let elements): .array(elements.map(\.decapitalized))
        case .object(let members):
            .object(
                JSONObject(
                    members.map {
                        ($0.name.prefix(1).lowercased() + $0.name.dropFirst(), $0.value.decapitalized)
                    }))
        default: self
        }
    }
}
