internal import JSON

/// JSON's values as fields: strings without quotes and escapes, numbers and `true` and `false` as they are written.
///
/// A string is a number, date or boolean if all of it is one. In a text column a number becomes its digits. An object or
/// array is not a single value.
struct JSONSpelling: FieldSpelling, ~Copyable {
    static var valuesAreJSON: Bool { true }

    private var rewritten = RewrittenText()

    mutating func decode(
        _ raw: FieldText, isCareful: Bool, isText: Bool
    ) throws(FieldFault) -> FieldText? {
        guard let first = raw.first else { return nil }
        switch first {
        case UInt8(ascii: "\""):
            let inside = FieldText(rebasing: raw[1..<raw.count - 1])
            return isCareful ? try unescape(inside) : inside
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            throw FieldFault(.nestedValue, "is nested; expected a single value")
        default:
            guard raw.isJSONNumber || raw.isJSONWord else {
                throw FieldFault(.notJSON, "is not a JSON value")
            }
            return raw
        }
    }

    /// A string holds JSON as a CSV field does: rows of databases that have a JSON type are often exported so.
    mutating func decodeJSON(_ raw: FieldText, isCareful: Bool) throws(FieldFault) -> FieldText? {
        raw.isNestedJSON ? raw : try decode(raw, isCareful: isCareful, isText: false)
    }

    /// The text that a string's inside stands for; it is valid until the next is decoded.
    mutating func unescape(_ inside: FieldText) throws(FieldFault) -> FieldText {
        rewritten.begin(capacity: inside.count)
        var index = 0
        while index < inside.count {
            guard inside[index] == UInt8(ascii: "\\") else {
                rewritten.append(inside[index])
                index += 1
                continue
            }
            guard index + 1 < inside.count else { throw Self.badEscape }
            let escape = inside[index + 1]
            index += 2
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): rewritten.append(escape)
            case UInt8(ascii: "b"): rewritten.append(0x08)
            case UInt8(ascii: "f"): rewritten.append(0x0C)
            case UInt8(ascii: "n"): rewritten.append(0x0A)
            case UInt8(ascii: "r"): rewritten.append(0x0D)
            case UInt8(ascii: "t"): rewritten.append(0x09)
            case UInt8(ascii: "u"):
                let scalar = try Self.scalar(in: inside, at: &index)
                // No escape is shorter than the UTF-8 it stands for, so the capacity holds.
                for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { rewritten.append(byte) }
            default: throw Self.badEscape
            }
        }
        return rewritten.text
    }

    private static var badEscape: FieldFault { FieldFault(.notJSON, "has an escape that JSON does not know") }

    /// The scalar of the four digits at `index`, with those of a second escape where they are half of a pair.
    private static func scalar(in text: FieldText, at index: inout Int) throws(FieldFault) -> Unicode.Scalar {
        let first = try unit(in: text, at: &index)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard index + 1 < text.count, text[index] == UInt8(ascii: "\\"), text[index + 1] == UInt8(ascii: "u") else {
            throw halfSurrogatePair
        }
        index += 2
        guard let scalar = JSONPolicy.scalar(first, try unit(in: text, at: &index)) else { throw halfSurrogatePair }
        return scalar
    }

    private static var halfSurrogatePair: FieldFault {
        FieldFault(.invalidUTF8, "escapes \(JSONPolicy.halfSurrogatePair)")
    }

    private static func unit(in text: FieldText, at index: inout Int) throws(FieldFault) -> UInt16 {
        guard index + 4 <= text.count else { throw badEscape }
        var unit: UInt16 = 0
        for byte in text[index..<index + 4] {
            guard let digit = byte.hexadecimalDigit else { throw badEscape }
            unit = unit << 4 | UInt16(digit)
        }
        index += 4
        return unit
    }
}

extension FieldText {
    /// Whether this JSON value is an object or an array.
    var isNestedJSON: Bool { first == UInt8(ascii: "{") || first == UInt8(ascii: "[") }

    /// Whether this is one of the words that JSON knows: null, true and false.
    var isJSONWord: Bool { isJSONNull || elementsEqual("true".utf8) || elementsEqual("false".utf8) }

    var isJSONNull: Bool { count == 4 && elementsEqual("null".utf8) }

    /// Whether this is a number as RFC 8259 writes it: no plus, no leading zeros, digits on both sides of a point.
    var isJSONNumber: Bool {
        var index = first == UInt8(ascii: "-") ? 1 : 0
        let whole = digits(at: &index)
        guard whole.count == 1 || (whole.count > 1 && self[whole.lowerBound] != UInt8(ascii: "0")) else { return false }
        if index < count, self[index] == UInt8(ascii: ".") {
            index += 1
            if digits(at: &index).isEmpty { return false }
        }
        if index < count, self[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < count, self[index] == UInt8(ascii: "+") || self[index] == UInt8(ascii: "-") { index += 1 }
            if digits(at: &index).isEmpty { return false }
        }
        return index == count
    }

    private func digits(at index: inout Int) -> Range<Int> {
        let start = index
        while index < count, self[index].isDigit { index += 1 }
        return start..<index
    }
}
