package import EmulatorCore
internal import JSON
internal import Time

/// Databases and tables of templates.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-glue-table.html>
extension GlueService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::Glue::Database", "AWS::Glue::Table"] }

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        do {
            if let catalog = resource.properties.present("CatalogId")?.string, catalog != account.id {
                throw AWSFault.notFound("Catalog \(catalog) not found.")
            }
            return resource.type == "AWS::Glue::Database"
                ? try await provisionDatabase(resource) : try await provisionTable(resource)
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    package func remove(_ type: String, _ physicalID: String) async throws(AWSFault) {
        do {
            try await store.write(freesSpace: true) { transaction in
                if type == "AWS::Glue::Database" {
                    try StoredDatabase.find(physicalID, in: transaction.snapshot)?.remove(in: transaction)
                } else if let name = TableName(physicalID: physicalID) {
                    try StoredTable.find(name, in: transaction.snapshot)?.remove(in: transaction)
                }
            }
        } catch {
            throw .internalFailure(error)
        }
    }

    private func provisionDatabase(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        var declared = try CatalogInput.checked(Self.texts(try resource.properties.requiredObject("DatabaseInput")))
        let given = declared["Name"] ?? resource.properties.present("DatabaseName")
        declared["Name"] = .string((given?.string ?? resource.logicalID).lowercased())
        let database = StoredDatabase(
            try CatalogInput.named(.object(declared), "database"), createdAt: clock.now().milliseconds)
        try await store.write { transaction in
            guard var existing = try StoredDatabase.find(database.name, in: transaction.snapshot) else {
                return try database.save(in: transaction)
            }
            guard existing.input != database.input else { return }
            existing.input = database.input
            try existing.save(in: transaction)
        }
        return ProvisionedResource(ref: database.name)
    }

    private func provisionTable(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        if resource.properties.present("OpenTableFormatInput") != nil {
            throw AWSFault.notEmulated("A table with OpenTableFormatInput")
        }
        let database = try resource.properties.required("DatabaseName")
        var declared = try CatalogInput.checked(Self.texts(try resource.properties.requiredObject("TableInput")))
        let given = declared["Name"] ?? resource.properties.present("Name")
        declared["Name"] = .string((given?.string ?? resource.logicalID).lowercased())
        let input = try CatalogInput.named(.object(declared), "table")
        let now = clock.now().milliseconds
        let name = TableName(database, input["Name"]?.string ?? "")
        try await store.write { transaction in
            _ = try Self.database(database, in: transaction.snapshot)
            guard let existing = try StoredTable.find(name, in: transaction.snapshot) else {
                return try StoredTable(name, input, now: now).insert(in: transaction)
            }
            // An Iceberg table's metadata moves with each commit; the declaration does not know where it is.
            guard existing.input != input, existing.metadataLocation == nil else { return }
            try existing.replace(by: input, at: now, keepingVersion: true, in: transaction)
        }
        return ProvisionedResource(ref: name.table, physicalID: name.physicalID)
    }

    /// The parameters as texts: CloudFormation writes numbers and booleans as such.
    private static func texts(_ value: JSON) -> JSON {
        guard case .object(let members) = value else {
            if case .array(let elements) = value { return .array(elements.map(texts)) }
            return value
        }
        return .object(
            JSONObject(
                members.map { name, value in
                    guard name == "Parameters", case .object(let parameters) = value else {
                        return (name, texts(value))
                    }
                    return (
                        name,
                        .object(JSONObject(parameters.map { ($0.name, .string($0.value.string ?? $0.value.text)) }))
                    )
                }))
    }
}

extension TableName {
    /// `Ref` of a table is its name alone, which several databases may have.
    fileprivate var physicalID: String { "\(database)/\(table)" }

    fileprivate init?(physicalID: String) {
        let parts = physicalID.split(separator: "/").map(String.init)
        guard parts.count == 2 else { return nil }
        self.init(parts[0], parts[1])
    }
}
