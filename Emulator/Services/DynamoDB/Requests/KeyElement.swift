internal import EmulatorCore
internal import JSON

/// One element of a `KeySchema`.
struct KeyElement: Sendable {
    enum Role: String, CaseIterable { case hash = "HASH", range = "RANGE" }

    let name: String
    let role: Role

    var document: JSON { ["AttributeName": .string(name), "KeyType": .string(role.rawValue)] }

    /// - Parameter limit: the most elements that the schema may have.
    static func read(
        _ request: WireStructure, path: String, upTo limit: Int = 2, _ constraints: inout Constraints
    ) throws(DynamoDBFault) -> [KeyElement] {
        let structures = try request.structures("KeySchema", type: "KeySchemaElement")
        constraints.notNull(path, isPresent: structures != nil)
        guard let structures else { return [] }
        let shown = try structures.map { structure throws(DynamoDBFault) in
            "KeySchemaElement(attributeName=\(try structure.string("AttributeName") ?? "null"), "
                + "keyType=\(try structure.string("KeyType") ?? "null"))"
        }
        constraints.length(path, structures.count, shown: "[\(shown.joined(separator: ", "))]", 1...limit)
        var elements: [KeyElement] = []
        for (position, structure) in structures.enumerated() {
            let place = "\(path).\(position + 1).member"
            let name = try structure.string("AttributeName")
            constraints.notNull("\(place).attributeName", isPresent: name != nil)
            constraints.keyName("\(place).attributeName", name)
            let type = try structure.string("KeyType")
            constraints.notNull("\(place).keyType", isPresent: type != nil)
            let role = constraints.oneOf("\(place).keyType", type, Role.self)
            elements.append(KeyElement(name: name ?? "", role: role ?? .hash))
        }
        return elements
    }

    /// Refuses a schema unless it is a hash key and at most one range key, all of them defined.
    static func check(_ schema: [KeyElement], _ definitions: [AttributeDefinition]) throws(DynamoDBFault) {
        let names = schema.map(\.name)
        let defined = definitions.map(\.name)
        if names.count == 2 {
            let isRepeated = names[0] == names[1] && defined.count == 1
            if !names.allSatisfy(defined.contains) || isRepeated {
                throw .validation("Invalid KeySchema: Some index key attribute have no definition")
            }
        } else if !names.allSatisfy(defined.contains) {
            throw undefined(names, defined)
        }
        try checkRoles(schema)
    }

    static func undefined(_ names: [String], _ defined: [String]) -> DynamoDBFault {
        .invalidParameter(
            "Some index key attributes are not defined in AttributeDefinitions. Keys: "
                + "[\(names.joined(separator: ", "))], AttributeDefinitions: [\(defined.joined(separator: ", "))]")
    }

    /// The most attributes of one role in the key of a global index.
    static let mostOfRole = 4

    /// Refuses the key of a global index unless it is up to four hash attributes, then up to four range attributes.
    /// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html>
    static func checkIndexRoles(_ schema: [KeyElement]) throws(DynamoDBFault) {
        let isRepeated = schema.count == 2 && schema[0].name == schema[1].name
        guard schema.count > 2 || schema.last?.role == .hash, !isRepeated else { return try checkRoles(schema) }
        if schema.first?.role != .hash {
            throw .validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
        }
        let hashes = schema.prefix { $0.role == .hash }
        let ranges = schema.dropFirst(hashes.count)
        if ranges.contains(where: { $0.role == .hash }) {
            throw .validation("Invalid KeySchema: HASH key attributes must be listed before RANGE key attributes")
        }
        for (role, count) in [("HASH", hashes.count), ("RANGE", ranges.count)] where count > mostOfRole {
            throw .invalidParameter(
                "KeySchema of a GlobalSecondaryIndex can have at most \(mostOfRole) \(role) key attributes")
        }
        if Set(schema.map(\.name)).count != schema.count {
            throw .validation("Invalid KeySchema: KeySchema has duplicate attribute names")
        }
    }

    static func checkRoles(_ schema: [KeyElement]) throws(DynamoDBFault) {
        if schema.count == 2, schema[0].name == schema[1].name {
            throw .validation("Both the Hash Key and the Range Key element in the KeySchema have the same name")
        }
        if schema[0].role != .hash {
            throw .validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
        }
        if schema.count == 2, schema[1].role != .range {
            throw .validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
        }
    }
}

/// One element of `AttributeDefinitions`.
struct AttributeDefinition: Sendable {
    enum ScalarType: String, CaseIterable { case binary = "B", number = "N", string = "S" }

    let name: String
    let type: ScalarType

    var document: JSON { ["AttributeName": .string(name), "AttributeType": .string(type.rawValue)] }

    init(name: String, type: ScalarType) {
        self.name = name
        self.type = type
    }

    /// - Parameter stored: the stored ``document``.
    init?(stored: JSON) {
        guard let name = stored["AttributeName"]?.string,
            let type = ScalarType(rawValue: stored["AttributeType"]?.string ?? "")
        else { return nil }
        self.init(name: name, type: type)
    }

    static func read(
        _ request: WireStructure, _ constraints: inout Constraints
    ) throws(DynamoDBFault) -> [AttributeDefinition]? {
        guard let structures = try request.structures("AttributeDefinitions", type: "AttributeDefinition") else {
            return nil
        }
        var definitions: [AttributeDefinition] = []
        for (position, structure) in structures.enumerated() {
            let place = "attributeDefinitions.\(position + 1).member"
            let name = try structure.string("AttributeName")
            constraints.notNull("\(place).attributeName", isPresent: name != nil)
            constraints.keyName("\(place).attributeName", name)
            let text = try structure.string("AttributeType")
            constraints.notNull("\(place).attributeType", isPresent: text != nil)
            let type = constraints.oneOf("\(place).attributeType", text, ScalarType.self)
            definitions.append(AttributeDefinition(name: name ?? "", type: type ?? .string))
        }
        return definitions
    }
}
