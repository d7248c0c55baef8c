internal import YAML

/// The position of a property in a table: a column, or a field inside one.
struct NestedPlace {
    /// The path, as in ``FieldPlace/path``.
    let path: String
    let isInList: Bool
    /// The nesting depth, 1 for a column.
    let depth: Int
    /// The classification of what is around, for a property that has none of its own.
    private(set) var classification: String?
    /// Whether something around says `masking: none`.
    private(set) var isExempt = false

    /// - Parameters:
    ///   - depth: The nesting depth, more than 1 in a flattened object.
    ///   - classification: That of the flattened object around.
    ///   - isExempt: Whether the flattened object around says `masking: none`.
    init(column name: String, depth: Int, classification: String?, isExempt: Bool) {
        self.init(path: name, isInList: false, depth: depth)
        self.classification = classification
        self.isExempt = isExempt
    }

    private init(path: String, isInList: Bool, depth: Int) {
        self.path = path
        self.isInList = isInList
        self.depth = depth
    }

    func field(_ name: String) -> NestedPlace { inner("\(path).\(name)", isInList: isInList) }

    /// The position of the list's elements.
    var element: NestedPlace { inner(path + "[]", isInList: true) }

    /// What is around the values of `property`, which is at this place.
    func surrounding(_ property: ContractKey) -> NestedPlace {
        var place = self
        place.classification = property.text("classification") ?? classification
        let masking = property.noting { () throws(ContractError) in try property.customProperty("masking") }
        if masking?.node.string == MaskingDeclaration.none { place.isExempt = true }
        return place
    }

    /// The same place where nothing is masked by default.
    var exempt: NestedPlace {
        var place = self
        place.isExempt = true
        return place
    }

    private func inner(_ path: String, isInList: Bool) -> NestedPlace {
        var place = NestedPlace(path: path, isInList: isInList, depth: depth + 1)
        (place.classification, place.isExempt) = (classification, isExempt)
        return place
    }
}

/// Reads the types of properties, including the fields inside objects and arrays, and assigns field ids.
struct NestedFieldReader {
    /// The rules of the fields read so far, in the contract's order.
    private(set) var rules: [QualityRule] = []
    /// The paths of the properties that say nothing of masking, and are masked because of their classification.
    private(set) var maskedByDefault: Set<String> = []
    private var owners: [Int32: String] = [:]
    /// The next id for fields inside objects and arrays. They are numbered in the contract's order, far above any
    /// column's position.
    private var nextFieldID = Self.firstNestedFieldID
    private static let firstNestedFieldID: Int32 = 200_001
    /// Iceberg reserves those above.
    /// - SeeAlso: <https://iceberg.apache.org/spec/#reserved-field-ids>
    private static let highestFieldID = 2_147_483_446

    // MARK: Types

    /// Reads the type of a property and its rules.
    ///
    /// - Parameter place: The property's position.
    /// - Returns: The type; nil after a fault, which is noted.
    mutating func type(of property: ContractKey, at place: NestedPlace) -> ColumnType? {
        let logicalType = property.noting { () throws(ContractError) in
            try property.logicalType()
        }
        guard let logicalType else { return nil }
        let ruleCount = rules.count
        let type = property.noting { () throws(ContractError) in
            try unruledType(of: property, logicalType: logicalType, at: place)
        }
        let own = property.noting { () throws(ContractError) in
            try QualityRule.rules(of: property, about: type, logicalType: logicalType, at: place)
        }
        // The contract's order has them before the rules of the fields inside.
        rules.insert(contentsOf: own ?? [], at: ruleCount)
        return type
    }

    private mutating func unruledType(
        of property: ContractKey, logicalType: String, at place: NestedPlace
    ) throws(ContractError) -> ColumnType? {
        guard ["object", "array", "map"].contains(logicalType) else {
            return try singleType(of: property, logicalType: logicalType)
        }
        guard place.depth <= ColumnType.maximumDepth else { throw property.isTooDeep }
        let physicalType = property.optional("physicalType")
        let allowed = ColumnType.physicalTypes(of: logicalType)
        // `array<string>` says what 'items' says.
        let written = try physicalType?.string().lowercased()
        let name = written.map { $0.hasSuffix(">") ? String($0.prefix { $0 != "<" }) : $0 }
        if let physicalType, let name, !allowed.contains(name) {
            // A database's own type; only its name is known.
            let isDescribed = property.optional("properties") != nil || property.optional("items") != nil
            guard isDescribed || ColumnType.isKnown(name) else {
                physicalType.faults.warn(
                    physicalType.fault(
                        "'\(name)' is not one of \(allowed.joined(separator: ", ")), so its values are kept as text"))
                return .string
            }
            throw physicalType.fault(
                "'\(name)' is not one of \(allowed.joined(separator: ", ")), which go with \(logicalType)")
        }
        if logicalType == "map" {
            property.faults.warn(property.fault("a map is kept as JSON text; what 'map' says of it is not checked"))
            return .json(.object)
        }
        guard name == "json" || name == "jsonb" || property.lacksFields(logicalType) else {
            let place = place.surrounding(property)
            return logicalType == "object"
                ? try structure(of: property, at: place) : try list(of: property, at: place)
        }
        try checkFieldsOfText(property, logicalType: logicalType, at: place)
        return .json(logicalType == "object" ? .object : .array)
    }

    private mutating func structure(
        of property: ContractKey, at place: NestedPlace
    ) throws(ContractError) -> ColumnType {
        var fields: [BronzeColumn] = []
        var names: Set<String> = []
        for key in try property.fields() {
            key.noting { () throws(ContractError) in
                let name = key.noting { () throws(ContractError) in try key.fieldName() } ?? "?"
                guard names.insert(name.lowercased()).inserted || key.optional("name") == nil else {
                    throw try key.required("name").fault("the field '\(name)' is defined twice")
                }
                if let field = try field(key, name: name, at: place.field(name)) { fields.append(field) }
            }
        }
        return .structure(fields)
    }

    private mutating func list(of property: ContractKey, at place: NestedPlace) throws(ContractError) -> ColumnType? {
        guard let items = property.optional("items") else {
            throw property.fault("an array needs 'items', or the physicalType json to be kept as text")
        }
        return try field(items, name: "element", at: place.element).map { .list(element: $0) }
    }

    /// - Returns: The field; nil after a fault of its type, which is noted.
    private mutating func field(
        _ key: ContractKey, name: String, at place: NestedPlace
    ) throws(ContractError) -> BronzeColumn? {
        try key.expectKeys(columnKeys)
        for word in ["primaryKey", "unique", "partitioned"] {
            if let key = key.optional(word), key.node.bool != false {
                key.faults.note(
                    key.fault(
                        "'\(word)' applies to columns, not to fields inside objects and arrays; flatten the object"))
            }
        }
        guard try !key.isFlattened() else {
            throw key.fault("'\(name)' is in an object that is not flattened, so it cannot be flattened itself")
        }
        let id = key.noting { () throws(ContractError) in
            let id = try fieldID(of: key)
            return try claim(id, given: try key.customProperty("fieldId"), for: name, at: key)
        }
        guard let type = type(of: key, at: place) else { return nil }
        let masking = masking(of: key, type, at: place)
        return BronzeColumn(
            name: name, type: type, isRequired: key.flag("required"), fieldID: id ?? 0,
            masking: masking?.masking, classification: key.classification, maskingReason: masking?.reason,
            constraints: key.noting { () throws(ContractError) in try ValueConstraints.of(key, type) },
            truncatesFraction: key.noting { () throws(ContractError) in try key.truncatesFraction(of: type) } ?? false,
            format: key.noting { () throws(ContractError) in try key.valueFormat(of: type) } ?? nil)
    }

    /// What the property at `place` says of masking, or what its classification, or that around it, makes of its silence.
    mutating func masking(
        of property: ContractKey, _ type: ColumnType, at place: NestedPlace
    ) -> MaskingDeclaration? {
        let declared = property.noting { () throws(ContractError) in try property.maskingDeclaration(of: type) }
        guard let declared, declared.isEmpty, !place.isExempt,
            let classification = property.classification ?? place.classification,
            let way = property.defaultMasking(of: classification, place.path, type)
        else { return declared }
        maskedByDefault.insert(property.path)
        return MaskingDeclaration(masking: way)
    }

    /// Checks the declared fields of JSON text. They may have no constraints, rules or masking, since the text is not
    /// parsed.
    private func checkFieldsOfText(
        _ property: ContractKey, logicalType: String, at place: NestedPlace
    ) throws(ContractError) {
        guard property.optional("properties") != nil || property.optional("items") != nil else { return }
        var reader = NestedFieldReader()
        // The text is masked as a whole.
        let type =
            logicalType == "object"
            ? try reader.structure(of: property, at: place.exempt)
            : try reader.list(of: property, at: place.exempt)
        guard let type else { return }
        let column = BronzeColumn(name: place.path, type: type, isRequired: false, fieldID: 0)
        let checked =
            column.places.first { $0.field.constraints != nil }?.path ?? reader.rules.lazy.compactMap(\.column).first
        if let checked {
            throw property.fault(
                "the values of '\(checked)' cannot be checked in a column that is kept as JSON text; keep the column "
                    + "as a struct or list, or flatten it")
        }
        if let place = column.maskedPlaces.first {
            throw property.fault(
                "a masked field (\(place)) would be readable in a column that is kept as JSON text; "
                    + "mask the column, keep it as a struct or list, or flatten it")
        }
    }

    private func singleType(of property: ContractKey, logicalType: String) throws(ContractError) -> ColumnType {
        let physicalType = try property.optional("physicalType")?.string()
        guard let type = ColumnType(logicalType: logicalType, physicalType: physicalType) else {
            let allowed = ColumnType.physicalTypes(of: logicalType).joined(separator: ", ")
            let digits = logicalType == "number" ? " with at most \(ColumnType.maximumPrecision) digits" : ""
            throw try property.required("physicalType").fault(
                "'\(physicalType ?? "")' is not one of \(allowed)\(digits), which go with \(logicalType)")
        }
        if logicalType == "number", let physicalType, DatabaseType(physicalType.lowercased()).isDecimalOfAnySize {
            property.faults.warn(
                try property.required("physicalType").fault(
                    "'\(physicalType)' does not say how many digits it has, so its values are kept as \(type); write "
                        + "decimal(p,s)"))
        }
        guard let options = property.optional("logicalTypeOptions") else { return type }
        if let timezone = options.optional("timezone"), let adjusted = type.adjusted(toUTC: try timezone.bool()) {
            guard physicalType == nil || physicalType == logicalType || adjusted == type else {
                throw timezone.fault("the physicalType '\(physicalType ?? "")' contradicts it; remove one of them")
            }
            return adjusted
        }
        guard logicalType == "integer" || logicalType == "number", let format = options.optional("format") else {
            return type
        }
        let name = try format.string()
        guard let named = ColumnType(logicalType: logicalType, format: name) else {
            throw format.fault("the format '\(name)' is not supported; use i8 to i64, u8 to u64, f32 or f64")
        }
        if physicalType != nil, named != type {
            format.faults.warn(
                format.fault("'\(name)' is \(named) and has no effect: the physicalType makes the column \(type)"))
            return type
        }
        return named
    }

    // MARK: Ids

    /// The next id for a field that is not a column of the table; nil if the field sets its own.
    mutating func fieldID(of key: ContractKey) throws(ContractError) -> Int32? {
        guard try key.customProperty("fieldId") == nil else { return nil }
        defer { nextFieldID += 1 }
        return nextFieldID
    }

    /// Reserves an id, which must be unique.
    /// - Parameter given: The custom property `fieldId`, which takes precedence over `fieldID`.
    mutating func claim(
        _ fieldID: Int32?, given: ContractKey?, for name: String, at key: ContractKey
    ) throws(ContractError) -> Int32 {
        let id = Int32(try given?.int(in: 1...Self.highestFieldID) ?? Int(fieldID ?? 0))
        if let given, (BronzeColumn.firstSystemFieldID..<Self.firstNestedFieldID).contains(id) {
            throw given.fault(
                "the field ids \(BronzeColumn.firstSystemFieldID) to \(Self.firstNestedFieldID - 1) belong to the columns that "
                    + "bronze adds")
        }
        if let owner = owners.updateValue(name, forKey: id) {
            throw (given ?? key).fault(
                "the field id \(id) already belongs to '\(owner)'; set a fieldId for every column, or for none")
        }
        return id
    }
}

extension ContractKey {
    /// Whether an object or array says nothing of what is in it. Then it is kept as JSON text, and a warning says so.
    fileprivate func lacksFields(_ logicalType: String) -> Bool {
        let key = logicalType == "object" ? "properties" : "items"
        guard optional(key) == nil else { return false }
        faults.warn(
            fault(
                "it has no '\(key)', so its values are kept as JSON text; say so with the physicalType json, or describe them"
            ))
        return true
    }
}
