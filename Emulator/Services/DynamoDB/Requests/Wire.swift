internal import EmulatorCore
internal import JSON

// The JSON protocol first converts a request to the operation's shape, and refuses a request that does not fit.
// Everywhere null counts as absent.

/// A structure of a request, whose members are read by name and type.
struct WireStructure: Sendable {
    let members: JSONObject

    /// A request's whole document.
    init(request: JSON) throws(DynamoDBFault) {
        guard case .object(let members) = request else {
            throw .serialization("Unexpected value type in payload")
        }
        self.members = members
    }

    private init(_ members: JSONObject) { self.members = members }

    private func member(_ name: String) -> JSON? {
        guard let value = members[name], !value.isNull else { return nil }
        return value
    }

    func string(_ name: String) throws(DynamoDBFault) -> String? {
        try member(name).map { value throws(DynamoDBFault) in try Wire.string(value) }
    }

    func boolean(_ name: String) throws(DynamoDBFault) -> Bool? {
        try member(name).map { value throws(DynamoDBFault) in try Wire.boolean(value) }
    }

    func integer(_ name: String, type: String = "Integer") throws(DynamoDBFault) -> Int? {
        try member(name).map { value throws(DynamoDBFault) in try Wire.integer(value, type: type) }
    }

    /// - Parameter type: the shape's name in errors.
    func structure(_ name: String, type: String) throws(DynamoDBFault) -> WireStructure? {
        guard let value = member(name) else { return nil }
        guard case .object(let members) = value else {
            throw Wire.isArray(value)
                ? .serialization("Unrecognized collection type class com.amazonaws.dynamodb.v20120810.\(type)")
                : .serialization("Unexpected field type")
        }
        return WireStructure(members)
    }

    func list(_ name: String) throws(DynamoDBFault) -> [JSON]? {
        try member(name).map { value throws(DynamoDBFault) in try Wire.list(value) }
    }

    func strings(_ name: String) throws(DynamoDBFault) -> [String]? {
        try member(name).map { value throws(DynamoDBFault) in try Wire.list(value, of: Wire.string) }
    }

    func structures(_ name: String, type: String) throws(DynamoDBFault) -> [WireStructure]? {
        guard let elements = try list(name) else { return nil }
        var structures: [WireStructure] = []
        for element in elements { structures.append(try WireStructure(element: element, type: type)) }
        return structures
    }

    /// - Parameter type: the type of the values in errors.
    func map(_ name: String, type: String) throws(DynamoDBFault) -> JSONObject? {
        try member(name).map { value throws(DynamoDBFault) in try Wire.map(value, type: type) }
    }

    func structureMap(_ name: String, type: String) throws(DynamoDBFault) -> [(name: String, value: WireStructure)]? {
        guard let members = try map(name, type: type) else { return nil }
        var structures: [(name: String, value: WireStructure)] = []
        for (name, value) in members.members where !value.isNull {
            structures.append((name, try WireStructure(element: value, type: type)))
        }
        return structures
    }

    func stringMap(_ name: String) throws(DynamoDBFault) -> [(name: String, value: String)]? {
        guard let members = try map(name, type: "java.lang.String") else { return nil }
        var strings: [(name: String, value: String)] = []
        for (name, value) in members.members { strings.append((name, try Wire.string(value))) }
        return strings
    }

    func attributes(_ name: String) throws(DynamoDBFault) -> UncheckedItem? {
        guard let members = try map(name, type: "AttributeValue") else { return nil }
        return try UncheckedItem(members)
    }

    func attributeValue(_ name: String) throws(DynamoDBFault) -> UncheckedValue? {
        guard let value = member(name) else { return nil }
        guard case .object(let members) = value else {
            throw Wire.isArray(value)
                ? .serialization("Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue")
                : .serialization("Unexpected field type")
        }
        return try UncheckedValue(members)
    }

    func attributeValues(_ name: String) throws(DynamoDBFault) -> [UncheckedValue]? {
        guard let elements = try list(name) else { return nil }
        var values: [UncheckedValue] = []
        for element in elements { values.append(try UncheckedValue(element: element)) }
        return values
    }

    /// A structure inside a list or a map.
    init(element: JSON, type: String) throws(DynamoDBFault) {
        guard case .object(let members) = element else {
            throw Wire.isArray(element)
                ? .serialization("Unrecognized collection type class com.amazonaws.dynamodb.v20120810.\(type)")
                : .serialization("Unexpected value type in payload")
        }
        self.members = members
    }
}

enum Wire {
    static func isArray(_ value: JSON) -> Bool { value.array != nil }

    static func string(_ value: JSON) throws(DynamoDBFault) -> String {
        if case .string(let string) = value { return string }
        throw mismatch(value, "String")
    }

    static func boolean(_ value: JSON) throws(DynamoDBFault) -> Bool {
        if case .bool(let bool) = value { return bool }
        if case .string(let text) = value {
            switch text.lowercased() {
            case "true": return true
            case "false": return false
            default: throw .serialization("Unexpected token received from parser")
            }
        }
        throw mismatch(value, "Boolean")
    }

    /// The integer part of a number.
    static func integer(_ value: JSON, type: String) throws(DynamoDBFault) -> Int {
        guard case .number(let number) = value else { throw mismatch(value, type) }
        if let int = number.int { return int }
        guard let double = number.double, let int = Int(exactly: double.rounded(.down)) else {
            throw .serialization("NUMBER_VALUE cannot be converted to \(type)")
        }
        return int
    }

    static func list(_ value: JSON) throws(DynamoDBFault) -> [JSON] {
        switch value {
        case .array(let elements): return elements
        case .object: throw .serialization("Start of structure or map found where not expected")
        default: throw .serialization("Unexpected field type")
        }
    }

    static func list<Element>(
        _ value: JSON, of element: (JSON) throws(DynamoDBFault) -> Element
    ) throws(DynamoDBFault) -> [Element] {
        var elements: [Element] = []
        for value in try list(value) { elements.append(try element(value)) }
        return elements
    }

    static func map(_ value: JSON, type: String) throws(DynamoDBFault) -> JSONObject {
        switch value {
        case .object(let members): return members
        case .array:
            let name = type.contains(".") ? type : "com.amazonaws.dynamodb.v20120810.\(type)"
            throw .serialization("Unrecognized collection type java.util.Map<java.lang.String, \(name)>")
        default: throw .serialization("Unexpected field type")
        }
    }

    static func blob(_ value: JSON) throws(DynamoDBFault) -> [UInt8] {
        switch value {
        case .string(let text):
            let length = text.utf8.count
            guard length.isMultiple(of: 4) else {
                throw .serialization("Base64 encoded length is expected a multiple of 4 bytes but found: \(length)")
            }
            guard let bytes = [UInt8](base64: text), bytes.base64 == text else {
                throw .serialization("Invalid last non-pad Base64 character dectected")
            }
            return bytes
        case .array: throw .serialization("Unrecognized collection type class java.nio.ByteBuffer")
        case .object: throw .serialization("Start of structure or map found where not expected")
        default: throw .serialization("only base-64-encoded strings are convertible to bytes")
        }
    }

    private static func mismatch(_ value: JSON, _ type: String) -> DynamoDBFault {
        switch value {
        case .bool(let bool): .serialization("\(bool ? "TRUE" : "FALSE")_VALUE cannot be converted to \(type)")
        case .number(let number):
            .serialization("\(number.isInteger ? "NUMBER" : "DECIMAL")_VALUE cannot be converted to \(type)")
        case .string: .serialization("STRING_VALUE cannot be converted to \(type)")
        case .array: .serialization("Unrecognized collection type class java.lang.\(type)")
        case .object, .null: .serialization("Start of structure or map found where not expected")
        }
    }
}
