internal import YAML

/// Reads the properties of a table as columns. Most become one column; a flattened object becomes one for each of its
/// fields.
struct ColumnReader {
    private(set) var columns: [Contract.Column] = []
    private(set) var partitions: [(position: Int, name: String)] = []
    private(set) var constraints: [String: ValueConstraints] = [:]
    private var nested = NestedFieldReader()
    /// In lower case, because Athena and Spark ignore the case of column names.
    private var names: Set<String> = []

    var rules: [QualityRule] { nested.rules }

    /// The paths of the properties that say nothing of masking, and are masked because of their classification.
    var maskedByDefault: Set<String> { nested.maskedByDefault }

    /// All columns and the fields inside them.
    var places: [FieldPlace] {
        columns.flatMap {
            BronzeColumn(name: $0.name, type: $0.type, isRequired: $0.isRequired, fieldID: $0.fieldID).places
        }
    }

    /// - Parameter position: The property's position in the table, from 1.
    mutating func read(_ property: ContractKey, position: Int) throws(ContractError) {
        try read(property, path: [], fieldID: Int32(position), around: Surroundings())
    }

    /// What a flattened object says for the columns inside it.
    private struct Surroundings {
        var isRequired = true
        var classification: String?
        var maskingReason: String?
    }

    private mutating func read(
        _ property: ContractKey, path parent: [String], fieldID: Int32?, around: Surroundings
    ) throws(ContractError) {
        try property.expectKeys(columnKeys)
        let meaning = try property.optional("semanticType")?.string(oneOf: ["column", "dimension", "measure"])
        // Dimensions and measures are computed from columns: no file has them.
        guard meaning ?? "column" == "column" else { return }
        // A property without a name may have other faults, so reading continues.
        let path = parent + [property.noting { () throws(ContractError) in try property.fieldName() } ?? "?"]
        guard try !property.isFlattened() else {
            return try flatten(property, path: path, around: around)
        }
        guard let column = try column(property, path: path, fieldID: fieldID, around: around) else { return }
        if column.isRequired, !around.isRequired {
            property.faults.note(
                property.fault(
                    "'\(column.name)' cannot be required while the flattened object around it is not; require the "
                        + "object, or keep it as a struct"))
        }
        if property.flag("partitioned") {
            let position = property.noting { () throws(ContractError) in
                try property.optional("partitionKeyPosition")?.int(in: 1...1000)
            }
            partitions.append((position ?? columns.count + 1, column.name))
        }
        constraints[column.name] = property.noting { () throws(ContractError) in
            try ValueConstraints.of(property, column.type)
        }
        columns.append(column)
        names.insert(column.name.lowercased())
    }

    /// Adds a column for each field of an object. The object itself has no other properties.
    private mutating func flatten(
        _ object: ContractKey, path: [String], around: Surroundings
    ) throws(ContractError) {
        guard path.count < ColumnType.maximumDepth else { throw object.isTooDeep }
        for key in ["primaryKey", "unique", "partitioned", "quality", "physicalType"] {
            if let key = object.optional(key), key.node.bool != false {
                key.faults.note(key.fault("a flattened object is not a column; set this key on its fields"))
            }
        }
        for name in ["fieldId", "validValues", "excessFraction", "numberFormat"] {
            guard let property = try object.customProperty(name) else { continue }
            property.faults.note(property.fault("a flattened object is not a column; set '\(name)' on its fields"))
        }
        let masking = object.noting { () throws(ContractError) in try object.maskingDeclaration(of: nil) }
        let isRequired = object.flag("required")
        let inside = Surroundings(
            isRequired: isRequired && around.isRequired,
            classification: object.text("classification") ?? around.classification,
            maskingReason: masking?.reason ?? around.maskingReason)
        let before = columns.count
        for property in try object.fields() {
            property.noting { () throws(ContractError) in
                let id = try nested.fieldID(of: property)
                try read(property, path: path, fieldID: id, around: inside)
            }
        }
        if isRequired, !columns[before...].contains(where: \.isRequired) {
            throw object.fault("a required flattened object needs a required field; require one of its fields")
        }
    }

    private mutating func column(
        _ property: ContractKey, path: [String], fieldID: Int32?, around: Surroundings
    ) throws(ContractError) -> Contract.Column? {
        let name = path.joined(separator: "_")
        property.noting { () throws(ContractError) in try checkName(name, of: property) }
        let (isKey, isUnique) = (property.flag("primaryKey"), property.flag("unique"))
        let isRequired = property.flag("required") || isKey
        let (logicalType, physicalType) = (property.text("logicalType"), property.text("physicalType"))
        let place = NestedPlace(
            column: name, depth: path.count, classification: around.classification,
            isExempt: around.maskingReason != nil)
        guard let type = nested.type(of: property, at: place), let logicalType else { return nil }
        if isKey || isUnique, type.isNested {
            throw property.fault(
                "'\(name)' is \(type), whose values cannot be compared, so it cannot be a key or unique")
        }
        let keyPosition = try property.optional("primaryKeyPosition")?.int(in: -1...1000) ?? -1
        let classification = property.classification ?? around.classification
        let masking = nested.masking(of: property, type, at: place)
        let givenID = try property.customProperty("fieldId")
        let truncatesFraction = property.noting { () throws(ContractError) in
            try property.truncatesFraction(of: type)
        }
        let format = property.noting { () throws(ContractError) in try property.valueFormat(of: type) }
        return Contract.Column(
            name: name, path: path, type: type, logicalType: logicalType, physicalType: physicalType,
            isRequired: isRequired, isUnique: isUnique,
            primaryKeyPosition: isKey ? max(keyPosition, 1) : nil,
            classification: classification, masking: masking?.masking,
            maskingReason: masking?.reason ?? (masking?.masking == nil ? around.maskingReason : nil),
            description: property.text("description"),
            fieldID: try nested.claim(fieldID, given: givenID, for: name, at: property), hasOwnFieldID: givenID != nil,
            options: property.options,
            truncatesFraction: truncatesFraction ?? false, format: format ?? nil)
    }

    private func checkName(_ name: String, of property: ContractKey) throws(ContractError) {
        guard let key = property.optional("name") else { return }
        guard name.utf8.count <= 255 else {
            throw key.fault("the column name '\(name)' is longer than 255 bytes; shorten it")
        }
        guard !BronzeColumn.systemNames.contains(name.lowercased()) else {
            throw key.fault("'\(name)' is a column that bronze adds itself; choose another name")
        }
        guard !names.contains(name.lowercased()) else {
            throw key.fault("the column '\(name)' is defined twice")
        }
    }
}

extension ContractKey {
    /// The name of a property, which is a key of a JSON object.
    func fieldName() throws(ContractError) -> String {
        let key = try required("name")
        let name = try key.string()
        guard name.utf8.count <= 255, name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw key.fault("invalid name; expected at most 255 bytes and no control characters")
        }
        return name
    }

    /// Whether the custom property `layout` requests columns instead of a struct.
    func isFlattened() throws(ContractError) -> Bool {
        guard let layout = try customProperty("layout") else { return false }
        _ = try layout.string(oneOf: ["flatten"])
        guard optional("logicalType")?.node.string == "object" else { throw layout.fault("only objects are flattened") }
        return true
    }

    /// The properties of an object, at least one.
    func fields() throws(ContractError) -> [ContractKey] {
        guard let properties = optional("properties") else {
            throw fault("an object needs 'properties', or the physicalType json to be kept as text")
        }
        let fields = try properties.elements()
        guard !fields.isEmpty else { throw properties.fault("an object needs at least one property") }
        return fields
    }

    var options: [String: String] {
        guard let mapping = optional("logicalTypeOptions")?.node.mapping else { return [:] }
        return Dictionary(mapping.compactMap { entry in entry.value.string.map { (entry.key, $0) } }) { _, last in last
        }
    }

    var isTooDeep: ContractError {
        fault("nested deeper than \(ColumnType.maximumDepth) levels; keep the inner levels as JSON text")
    }
}
