package import EmulatorCore
internal import JSON
internal import Time

/// Work groups, named queries and prepared statements of templates.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-workgroup.html>
extension AthenaService: ResourceProviding {
    package var resourceTypes: [String] {
        ["AWS::Athena::WorkGroup", "AWS::Athena::NamedQuery", "AWS::Athena::PreparedStatement"]
    }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        do {
            switch resource.type {
            case "AWS::Athena::WorkGroup": return try await provisionWorkGroup(resource)
            case "AWS::Athena::NamedQuery": return try await provisionNamedQuery(resource)
            default: return try await provisionPreparedStatement(resource)
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    package func remove(_ type: String, _ physicalID: String) async throws(AWSFault) {
        do {
            try await store.write(freesSpace: true) { transaction in
                switch type {
                case "AWS::Athena::WorkGroup": try StoredWorkGroup.delete(physicalID, in: transaction)
                case "AWS::Athena::NamedQuery":
                    try StoredQueries.delete(.named, physicalID, of: nil, in: transaction)
                default:
                    let parts = physicalID.split(separator: "/", maxSplits: 1).map(String.init)
                    guard parts.count == 2 else { return }
                    try StoredQueries.delete(.prepared, parts[1], of: parts[0], in: transaction)
                }
            }
        } catch {
            throw .internalFailure(error)
        }
    }

    private func provisionWorkGroup(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        let properties = resource.properties
        let name = try properties.required("Name")
        let given = properties.present("WorkGroupConfiguration") ?? [:]
        let configuration = try StoredWorkGroup.checked(given.convertingTexts)
        let description = properties.present("Description")?.string ?? ""
        let state = properties.present("State")
        let tags = try Self.tags(properties.present("Tags"))
        let now = clock.now().milliseconds
        try await store.write { transaction in
            var group =
                try StoredWorkGroup.find(name, in: transaction.snapshot)
                ?? StoredWorkGroup(name, configuration: configuration, description: description, now: now)
            group.document["Configuration"] = .object(configuration)
            group.document["Description"] = .string(description)
            if let state { group.document["State"] = state }
            group.tags = tags
            try group.save(in: transaction)
        }
        return ProvisionedResource(ref: name, attributes: ["CreationTime": "\(now / 1000)"])
    }

    private func provisionNamedQuery(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        let properties = resource.properties
        let group = properties.present("WorkGroup")?.string ?? StoredWorkGroup.primary
        let name = properties.present("Name")?.string ?? resource.logicalID
        // A declaration has no ID of its own; the same one is the same query.
        let id = "\(group)-\(name)"
        var document: JSONObject = [
            "Name": .string(name), "Database": .string(try properties.required("Database")),
            "QueryString": .string(try properties.required("QueryString")), "NamedQueryId": .string(id),
            "WorkGroup": .string(group),
        ]
        document["Description"] = properties.present("Description")
        let saved = document
        try await store.write { try StoredQueries.save(.named, id, of: group, saved, in: $0) }
        return ProvisionedResource(ref: id, attributes: ["NamedQueryId": id])
    }

    private func provisionPreparedStatement(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        let properties = resource.properties
        let (name, group) = (try properties.required("StatementName"), try properties.required("WorkGroup"))
        try await savePreparedStatement(
            name, try properties.required("QueryStatement"), of: group, description: properties.present("Description"))
        return ProvisionedResource(ref: name, physicalID: "\(group)/\(name)")
    }
}

extension JSON {
    /// Numbers and booleans that a template's parameters carried as text.
    fileprivate var convertingTexts: JSON {
        guard case .object(let members) = self else { return self }
        return .object(
            JSONObject(
                members.map { name, value in
                    switch (name, value) {
                    case ("BytesScannedCutoffPerQuery", _): (name, value.looseInt.map { .int($0) } ?? value)
                    case (_, .string("true")): (name, .bool(true))
                    case (_, .string("false")): (name, .bool(false))
                    case (_, .object): (name, value.convertingTexts)
                    default: (name, value)
                    }
                }))
    }
}
