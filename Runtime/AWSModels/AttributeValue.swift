public import JSON

/// A DynamoDB item: attributes by name.
public typealias Item = [String: AttributeValue]

/// One DynamoDB attribute value. Numbers keep their digits.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html>
public enum AttributeValue: Sendable, Hashable {
    case string(String)
    case number(String)
    case binary([UInt8])
    case bool(Bool)
    case null
    case list([AttributeValue])
    case map(Item)
    case stringSet(Set<String>)
    case numberSet(Set<String>)
    case binarySet(Set<[UInt8]>)

    public static func int(_ value: some BinaryInteger) -> AttributeValue { .number(String(value)) }
}

extension AttributeValue {
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var int: Int? { if case .number(let digits) = self { Int(digits) } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var list: [AttributeValue]? { if case .list(let value) = self { value } else { nil } }
    public var map: Item? { if case .map(let value) = self { value } else { nil } }
}

extension AttributeValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
}

// MARK: Wire form

extension AttributeValue {
    /// The value in DynamoDB's JSON protocol, such as `{"S": "text"}`. Names and sets are sorted, so that equal values
    /// have equal texts.
    public var json: JSON {
        switch self {
        case .string(let value): ["S": .string(value)]
        case .number(let digits): ["N": .string(digits)]
        case .binary(let bytes): ["B": .string(bytes.base64)]
        case .bool(let value): ["BOOL": .bool(value)]
        case .null: ["NULL": true]
        case .list(let values): ["L": .array(values.map(\.json))]
        case .map(let item): ["M": item.json]
        case .stringSet(let values): ["SS": .array(values.sorted().map(JSON.string))]
        case .numberSet(let values): ["NS": .array(values.sorted().map(JSON.string))]
        case .binarySet(let values): ["BS": .array(values.map(\.base64).sorted().map(JSON.string))]
        }
    }

    /// - Throws: ``ModelError`` if `json` is not an object with one known type and a value that fits it.
    public init(_ json: JSON) throws(ModelError) {
        guard let object = json.object, object.count == 1, let (type, value) = object.members.first else {
            throw ModelError("attribute", "expected an object with one type, found \(json)")
        }
        // Its text is made only for a value that is wrong.
        func wrong() -> ModelError { ModelError("attribute", "the value does not fit the type \(type): \(value)") }
        switch type {
        case "S":
            guard let text = value.string else { throw wrong() }
            self = .string(text)
        case "N":
            guard let digits = value.string else { throw wrong() }
            self = .number(digits)
        case "B":
            guard let bytes = value.string.flatMap({ [UInt8](base64: $0) }) else { throw wrong() }
            self = .binary(bytes)
        case "BOOL":
            guard let bool = value.bool else { throw wrong() }
            self = .bool(bool)
        case "NULL":
            self = .null
        case "L":
            guard let elements = value.array else { throw wrong() }
            var values: [AttributeValue] = []
            for element in elements { values.append(try AttributeValue(element)) }
            self = .list(values)
        case "M":
            self = .map(try Item(attributes: value))
        case "SS":
            self = .stringSet(Set(try Self.strings(value, wrong)))
        case "NS":
            self = .numberSet(Set(try Self.strings(value, wrong)))
        case "BS":
            var values: Set<[UInt8]> = []
            for text in try Self.strings(value, wrong) {
                guard let bytes = [UInt8](base64: text) else { throw wrong() }
                values.insert(bytes)
            }
            self = .binarySet(values)
        default:
            throw ModelError("attribute", "the type \(type) is unknown")
        }
    }

    private static func strings(_ json: JSON, _ wrong: () -> ModelError) throws(ModelError) -> [String] {
        guard let elements = json.array else { throw wrong() }
        var strings: [String] = []
        for element in elements {
            guard let text = element.string else { throw wrong() }
            strings.append(text)
        }
        return strings
    }
}

extension [String: AttributeValue] {
    /// The item in DynamoDB's JSON protocol, with its names sorted.
    public var json: JSON { .object(JSONObject(sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) })) }

    /// - Throws: ``ModelError`` that names the attribute.
    public init(attributes json: JSON) throws(ModelError) {
        guard let object = json.object else { throw ModelError("item", "expected an object of attributes") }
        self.init()
        for (name, value) in object {
            do throws(ModelError) {
                self[name] = try AttributeValue(value)
            } catch {
                throw ModelError(name, error.reason)
            }
        }
    }
}
