internal import EmulatorCore
internal import JSON

extension AttributeValue {
    /// The value in its wire form: `{"S": "text"}`.
    var document: JSON { [kind.rawValue: content] }

    private var content: JSON {
        switch self {
        case .string(let text): .string(text)
        case .number(let number): .string(number.text)
        case .binary(let bytes): .string(bytes.base64)
        case .bool(let value): .bool(value)
        case .null: true
        case .stringSet(let members): .array(members.map { .string($0) })
        case .numberSet(let members): .array(members.map { .string($0.text) })
        case .binarySet(let members): .array(members.map { .string($0.base64) })
        case .list(let elements): .array(elements.map(\.document))
        case .map(let item): item.document
        }
    }
}

extension Item {
    /// The item in its wire form: attribute values by name.
    var document: JSON {
        var members = JSONObject()
        for attribute in attributes { members[attribute.name] = attribute.value.document }
        return .object(members)
    }
}
