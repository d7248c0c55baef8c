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
private let columnKeys =
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
        var columns: [Column] = []
        var partitions: [(position: Int, name: String)] = []
        var rules = try QualityRule.rules(of: table, column: nil)
        for (index, property) in try properties.elements().enumerated() {
            let column = try Column(reading: property, position: index + 1, earlier: columns)
            if try property.optional("partitioned")?.bool() == true {
                let position = try property.optional("partitionKeyPosition")?.int(in: 1...1000)
                partitions.append((position ?? columns.count + 1, column.name))
            }
            rules += try QualityRule.rules(of: property, column: column.name)
            columns.append(column)
        }
        guard !columns.isEmpty else { throw properties.fault("a table needs at least one column") }
        self.columns = columns
        self.rules = rules
        partitioning = partitions.sorted { $0.position < $1.position }.map(\.name)
        tolerance = try Tolerance(reading: contract)
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

extension Contract.Column {
    fileprivate init(
        reading column: ContractKey, position: Int, earlier: [Contract.Column]
    ) throws(ContractError) {
        try column.expectKeys(columnKeys)
        name = try Self.name(of: column, earlier: earlier)
        let logicalType = try column.required("logicalType").string(oneOf: ColumnType.logicalTypes)
        let physicalType = try column.optional("physicalType")?.string()
        guard let type = ColumnType(logicalType: logicalType, physicalType: physicalType) else {
            let allowed = ColumnType.physicalTypes(of: logicalType).joined(separator: ", ")
            let digits = logicalType == "number" ? " with at most \(ColumnType.maximumPrecision) digits" : ""
            throw try column.required("physicalType").fault(
                "'\(physicalType ?? "")' is not one of \(allowed)\(digits), which go with \(logicalType)")
        }
        self.type = type
        self.logicalType = logicalType
        self.physicalType = physicalType

        let isKey = try column.optional("primaryKey")?.bool() ?? false
        let keyPosition = try column.optional("primaryKeyPosition")?.int(in: -1...1000) ?? -1
        primaryKeyPosition = isKey ? max(keyPosition, 1) : nil
        isRequired = try column.optional("required")?.bool() ?? false || isKey
        isUnique = try column.optional("unique")?.bool() ?? false
        classification = try column.optional("classification")?.string()
        description = try column.optional("description")?.string()

        let masking = try column.customProperty("masking")
        self.masking = try masking?.choice(Contract.Masking.self)
        if let masking, type != .string {
            throw masking.fault("only text columns can be masked, and '\(name)' is \(type)")
        }
        let fieldID = try column.customProperty("fieldId")
        self.fieldID = Int32(try fieldID?.int(in: 1...Int(BronzeColumn.firstSystemFieldID - 1)) ?? position)
        if let other = earlier.first(where: { [own = self.fieldID] in $0.fieldID == own }) {
            throw (fieldID ?? column).fault(
                "field id \(self.fieldID) belongs to '\(other.name)' already; give every column a fieldId, or none")
        }
        options = Self.options(of: column)
    }

    private static func name(of column: ContractKey, earlier: [Contract.Column]) throws(ContractError) -> String {
        let key = try column.required("name")
        let name = try key.string()
        guard name.utf8.count <= 255, name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw key.fault("a column's name has at most 255 bytes and no control characters")
        }
        guard !BronzeColumn.system.contains(where: { $0.name == name.lowercased() }) else {
            throw key.fault("'\(name)' is a column that bronze adds itself; choose another name")
        }
        // Athena and Spark tell columns apart regardless of case.
        guard !earlier.contains(where: { $0.name.lowercased() == name.lowercased() }) else {
            throw key.fault("the column '\(name)' is there twice")
        }
        return name
    }

    private static func options(of column: ContractKey) -> [String: String] {
        guard let mapping = column.optional("logicalTypeOptions")?.node.mapping else { return [:] }
        return Dictionary(mapping.compactMap { entry in entry.value.string.map { (entry.key, $0) } }) { _, last in last
        }
    }
}
