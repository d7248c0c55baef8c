/// One JSON value. Numbers keep their digits, objects the order of their members.
///
/// A number never passes through a binary double, so a 64-bit id or a decimal keeps every digit.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc8259>
public enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

extension JSON {
    public static func int(_ value: some BinaryInteger) -> JSON { .number(JSONNumber(value)) }

    /// The member `name`, or nil when this is not an object or has no such member.
    public subscript(name: String) -> JSON? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    /// The element at `index`, or nil when this is not an array or is shorter.
    public subscript(index: Int) -> JSON? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }

    public var isNull: Bool { self == .null }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var number: JSONNumber? { if case .number(let value) = self { value } else { nil } }
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

    /// The value as an integer, if it is a number without fraction and exponent that fits.
    public var int: Int? { number?.int }
    /// The value as the nearest double, if it is a number; beyond the range of doubles, an infinity.
    public var double: Double? { number?.double }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        var object = JSONObject()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
}

/// The digits of a JSON number, as written.
public struct JSONNumber: Sendable, Hashable {
    public let text: String

    /// - Parameter text: follows the JSON number grammar; the parser has checked it.
    init(validated text: String) { self.text = text }

    public init(_ value: some BinaryInteger) { text = String(value) }

    /// The shortest text that reads back as `value`; nil for NaN and the infinities, which JSON does not have.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = "\(value)"
    }

    /// Nil unless `text` follows the JSON number grammar.
    public init?(_ text: String) {
        var parser = JSONParser(Array(text.utf8))
        guard case .number(let number)? = try? parser.parseDocument(), number.text == text else { return nil }
        self = number
    }

    public var int: Int? { Int(text) }
    public var double: Double? { Double(text) }
    /// Whether the text has neither fraction nor exponent.
    public var isInteger: Bool { text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || ($0 >= 0x30 && $0 <= 0x39) } }
}
