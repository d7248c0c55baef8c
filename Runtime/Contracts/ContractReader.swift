internal import YAML

// The keys of ODCS v3.1.0 at each level. What we do not use is accepted unread; what the standard does not know is an
// error, as it is for the standard's own schema.
private let contractKeys = [
    "apiVersion", "kind", "id", "name", "version", "status", "tenant", "domain", "dataProduct", "description", "tags",
    "servers", "schema", "support", "price", "team", "roles", "slaDefaultElement", "slaProperties",
    "authoritativeDefinitions", "customProperties", "contractCreatedTs",
]
private let elementKeys = [
    "id", "name", "physicalType", "description", "businessName", "authoritativeDefinitions", "tags", "customProperties",
    "logicalType", "physicalName", "quality", "relationships",
]
private let tableKeys = elementKeys + ["dataGranularityDescription", "properties"]
let columnKeys =
    elementKeys + [
        "primaryKey", "primaryKeyPosition", "logicalTypeOptions", "required", "unique", "partitioned",
        "partitionKeyPosition", "classification", "encryptedName", "transformSourceObjects", "transformLogic",
        "transformDescription", "examples", "criticalDataElement", "properties", "items",
    ]

extension Contract {
    init(reading contract: ContractKey) throws(ContractError) {
        try contract.expectKeys(contractKeys)
        _ = try contract.required("kind").string(oneOf: ["DataContract"])
        _ = try contract.required("apiVersion").string(oneOf: ["v3.1.0", "v3.0.2", "v3.0.1", "v3.0.0"])
        _ = try contract.required("status").string()
        id = try contract.required("id").string()
        version = try contract.required("version").string()

        let schema = try contract.required("schema")
        let tables = try schema.elements()
        guard tables.count == 1, let table = tables.first else {
            throw schema.fault("expected one table a file, found \(tables.count); give each its own file")
        }
        try table.expectKeys(tableKeys)
        _ = try table.optional("logicalType")?.string(oneOf: ["object"])
        self.table = try Self.tableName(table)
        description = try table.optional("description")?.string()

        let properties = try table.required("properties")
        var reader = ColumnReader()
        for (index, property) in try properties.elements().enumerated() {
            try reader.read(property, position: index + 1)
        }
        guard !reader.columns.isEmpty else { throw properties.fault("a table needs at least one column") }
        columns = reader.columns
        constraints = reader.constraints
        rules = try QualityRule.rules(of: table, among: reader.places) + reader.rules
        partitioning = reader.partitions.sorted { $0.position < $1.position }.map(\.name)
        tolerance = try Tolerance(reading: contract)
        personalData = try contract.customProperty("personalData")?.choice(PersonalDataPolicy.self)
    }

    private static func tableName(_ table: ContractKey) throws(ContractError) -> String {
        let key = try table.required("name")
        let name = try key.string()
        guard isTableName(name) else {
            throw key.fault(
                "'\(name)' cannot name a table: a lowercase letter, then up to 62 lowercase letters, digits or _")
        }
        return name
    }
}

extension Contract.Tolerance {
    fileprivate init(reading contract: ContractKey) throws(ContractError) {
        self.init(
            rows: try contract.customProperty("quarantineRows")?.int(in: 0...Int.max) ?? 0,
            share: try contract.customProperty("quarantineShare")?.number(in: 0...1) ?? 0)
    }
}
