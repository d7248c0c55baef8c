internal import YAML

// The keys of ODCS at each level, up to v3.2.0. Unused keys are accepted without being read. Keys that the standard does not
// know are errors, as in the standard's own schema.
private let contractKeys = [
    "apiVersion", "kind", "id", "name", "version", "status", "tenant", "domain", "dataProduct", "description", "tags",
    "servers", "schema", "support", "price", "team", "roles", "slaDefaultElement", "slaProperties",
    "authoritativeDefinitions", "customProperties", "contractCreatedTs", "context",
]
private let elementKeys = [
    "id", "name", "physicalType", "description", "businessName", "authoritativeDefinitions", "tags", "customProperties",
    "logicalType", "physicalName", "quality", "relationships", "deprecated", "synonyms",
    // No key of the standard, but of its examples.
    "tag",
]
private let tableKeys = elementKeys + ["dataGranularityDescription", "properties", "context"]
let columnKeys =
    elementKeys + [
        "primaryKey", "primaryKeyPosition", "logicalTypeOptions", "required", "unique", "partitioned",
        "partitionKeyPosition", "classification", "encryptedName", "transformSourceObjects", "transformLogic",
        "transformDescription", "examples", "criticalDataElement", "properties", "items", "semanticType", "enum", "map",
    ]

extension Contract {
    /// - Parameter wanted: the table, of a contract with several; nil for the only one.
    /// - Throws: The first fault.
    init(reading contract: ContractKey, table wanted: String? = nil) throws(ContractError) {
        let (contracts, faults, _, _) = Self.read(contract)
        guard faults.isEmpty else { throw faults[0] }
        if let wanted {
            guard let found = contracts.first(where: { $0.table == wanted }) else {
                throw .unknownTable(wanted, known: contracts.map(\.table))
            }
            self = found
            return
        }
        guard let first = contracts.first else { throw contract.fault("the contract has no table under 'schema'") }
        guard contracts.count == 1 else {
            throw contract.fault(
                "the contract has \(contracts.count) tables (\(contracts.map(\.table).joined(separator: ", "))); name one"
            )
        }
        self = first
    }

    /// The contract of each table, or all faults. A contract may have no table, since the standard allows it.
    ///
    /// Those of `faults` that are `undecided` leave the contracts readable, and nothing may be converted by them.
    static func read(
        _ contract: ContractKey
    ) -> (
        contracts: [Contract], faults: [ContractError], undecided: [ContractError], warnings: [ContractWarning]
    ) {
        var read: [Contract] =
            contract.noting { () throws(ContractError) -> [Contract]? in
                try contract.expectKeys(contractKeys)
                var contracts: [Contract] = []
                for table in try contract.optional("schema")?.elements() ?? [] {
                    table.noting { () throws(ContractError) in
                        guard try !table.isWithoutColumns() else { return }
                        contracts.append(try Contract(noting: contract, table))
                    }
                }
                return contracts
            } ?? []
        if read.isEmpty { Self.read(fundamentalsOf: contract) }
        contract.checkCustomProperties()
        var tables: Set<String> = []
        for table in read.map(\.table) where !tables.insert(table).inserted {
            contract.faults.note(contract.fault("the table '\(table)' is there twice under 'schema'; keep one"))
        }
        let (faults, warnings) = (contract.faults, contract.faults.warnings)
        for index in read.indices { read[index].warnings = warnings }
        return (faults.mistakeCount == 0 ? read : [], faults.all, faults.undecided, warnings)
    }

    private static func read(fundamentalsOf contract: ContractKey) {
        _ = contract.text("kind", oneOf: ["DataContract"])
        _ = contract.text("apiVersion", oneOf: ["v3.2.0", "v3.1.0", "v3.0.2", "v3.0.1", "v3.0.0"])
        for key in ["status", "id", "version"] { _ = contract.text(key, oneOf: nil) }
    }

    /// Reads as much of a table's contract as possible and notes its faults. The result is valid only without faults.
    private init(noting contract: ContractKey, _ table: ContractKey) throws(ContractError) {
        Self.read(fundamentalsOf: contract)
        id = contract.text("id", oneOf: nil) ?? ""
        version = contract.text("version", oneOf: nil) ?? ""
        tolerance = Tolerance(noting: contract)
        personalData = contract.noting { () throws(ContractError) in
            try contract.customProperty("personalData")?.choice(PersonalDataPolicy.self)
        }
        encodings =
            contract.noting { () throws(ContractError) in
                try contract.customProperty("encodings")?.choice(Encodings.self)
            } ?? .compatible
        dialect = CSVDialect(noting: contract)
        sourceSchemas =
            contract.noting { () throws(ContractError) in
                try contract.customProperty("sourceSchema")?.schemaNames()
            } ?? []

        try table.expectKeys(tableKeys)
        _ = table.noting { () throws(ContractError) in try table.optional("logicalType")?.string(oneOf: ["object"]) }
        self.table = table.noting { () throws(ContractError) in try Self.tableName(table) } ?? ""
        description = table.text("description")

        let properties = try table.required("properties")
        let before = contract.faults.mistakeCount
        var reader = ColumnReader()
        for (index, property) in try properties.elements().enumerated() {
            property.noting { () throws(ContractError) in try reader.read(property, position: index + 1) }
            property.checkMasking(except: reader.maskedByDefault)
        }
        guard try !properties.elements().isEmpty else { throw properties.fault("a table needs at least one column") }
        columns = reader.columns
        constraints = reader.constraints
        let isComplete = contract.faults.mistakeCount == before
        rules = try QualityRule.rules(of: table, among: isComplete ? reader.places : nil) + reader.rules
        partitioning = reader.partitions.sorted { $0.position < $1.position }.map(\.name)
        silverLayout = SilverLayout(noting: contract, columns, partitioned: partitioning)
        modelLayout = ModelLayout(noting: contract, columns)
    }

    private static func tableName(_ table: ContractKey) throws(ContractError) -> String {
        let key = try table.required("name")
        let name = try key.string()
        if isTableName(name) { return name }
        if let physicalName = try table.optional("physicalName")?.string(), isTableName(physicalName) {
            return physicalName
        }
        // Databases show names in either case, and object stores, Glue and Athena know one.
        if isTableName(name.lowercased()) { return name.lowercased() }
        throw key.fault(
            "'\(name)' is not a table name; expected a letter, then up to 62 letters, "
                + "digits or _; a 'physicalName' of this form stands in for it"
        )
    }
}

extension ContractKey {
    /// Whether this is not a table but, say, a topic without columns.
    fileprivate func isWithoutColumns() throws(ContractError) -> Bool {
        guard node.mapping != nil, optional("properties") == nil,
            let type = try optional("physicalType")?.string().lowercased(), !["table", "view"].contains(type)
        else { return false }
        faults.warn(fault("this \(type) has no 'properties', so no file is read as its rows"))
        return true
    }

    /// The text of a required key; nil after a fault, which is noted.
    fileprivate func text(_ key: String, oneOf allowed: [String]?) -> String? {
        noting { () throws(ContractError) in
            let value = try required(key)
            return if let allowed { try value.string(oneOf: allowed) } else { try value.string() }
        }
    }

    /// One name of a schema, or a list of them.
    fileprivate func schemaNames() throws(ContractError) -> [String] {
        let keys = node.sequence == nil ? [self] : try elements()
        guard !keys.isEmpty else { throw fault("expected the name of a schema, or a list of them") }
        var names: [String] = []
        for key in keys {
            let name = try key.string()
            guard Self.isSchemaName(name) else {
                throw key.fault(
                    "'\(name)' is not the name of a schema; expected a letter or _, then up to 62 letters, digits, _ or $"
                )
            }
            guard !names.contains(name) else { throw key.fault("'\(name)' is listed twice; keep one") }
            names.append(name)
        }
        return names
    }

    /// Safe in JSON, in YAML and in a table mapping of DMS, without escapes.
    private static func isSchemaName(_ name: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_") }
        guard let first = name.utf8.first, isLetter(first), name.utf8.count <= 63 else { return false }
        return name.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "$") }
    }
}

extension Contract.Tolerance {
    fileprivate init(noting contract: ContractKey) {
        let rows = contract.noting { () throws(ContractError) in
            try contract.customProperty("quarantineRows")?.int(in: 0...Int.max)
        }
        let share = contract.noting { () throws(ContractError) in
            try contract.customProperty("quarantineShare")?.number(in: 0...1)
        }
        self.init(rows: rows ?? 0, share: share ?? 0)
    }
}
