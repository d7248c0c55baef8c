/// Why a text is not JSON, and at which byte.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    public let reason: String
    /// Offset from the start of the text, in bytes.
    public let byte: Int

    public var description: String { "not JSON: \(reason) at byte \(byte)" }
}

extension JSON {
    /// Parses one JSON text by the rules of ``JSONPolicy``.
    ///
    /// Of a name that repeats inside an object, the last value counts.
    /// - Throws: ``JSONError`` with the offset of the first byte that is wrong.
    public init(parsing text: [UInt8]) throws(JSONError) {
        var parser = JSONParser(text)
        self = try parser.parseDocument()
    }

    public init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }
}

struct JSONParser {
    private let text: [UInt8]
    private var at = 0
    private var depth = 0

    init(_ text: [UInt8]) { self.text = text }

    mutating func parseDocument() throws(JSONError) -> JSON {
        skipSpace()
        let value = try parseValue()
        skipSpace()
        guard at == text.count else { throw fault("expected the end of the text, not \(shown(text[at]))") }
        return value
    }

    private func fault(_ reason: String) -> JSONError { JSONError(reason: reason, byte: at) }

    private func shown(_ byte: UInt8) -> String {
        (0x20..<0x7F).contains(byte) ? "'\(Character(UnicodeScalar(byte)))'" : "byte 0x\(String(byte, radix: 16))"
    }

    private mutating func skipSpace() {
        while at < text.count, text[at] == 0x20 || text[at] == 0x0A || text[at] == 0x0D || text[at] == 0x09 { at += 1 }
    }

    private mutating func parseValue() throws(JSONError) -> JSON {
        guard at < text.count else { throw fault("expected a value before the end of the text") }
        switch text[at] {
        case UInt8(ascii: "{"): return try parseObject()
        case UInt8(ascii: "["): return try parseArray()
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseLiteral("true", .bool(true))
        case UInt8(ascii: "f"): return try parseLiteral("false", .bool(false))
        case UInt8(ascii: "n"): return try parseLiteral("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        case 0xEF where text.starts(with: [0xEF, 0xBB, 0xBF]) && at == 0:
            throw fault("expected a value, not a byte order mark")
        default: throw fault("expected a value, not \(shown(text[at]))")
        }
    }

    private mutating func parseLiteral(_ literal: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let end = at + literal.utf8CodeUnitCount
        guard end <= text.count, text[at..<end].elementsEqual("\(literal)".utf8) else {
            throw fault("expected a value, not an unknown word")
        }
        at = end
        return value
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        guard depth <= JSONPolicy.depthLimit else { throw fault(JSONPolicy.tooDeep) }
    }

    private mutating func parseObject() throws(JSONError) -> JSON {
        try enter()
        at += 1
        var object = JSONObject()
        skipSpace()
        if at < text.count, text[at] == UInt8(ascii: "}") {
            at += 1
            depth -= 1
            return .object(object)
        }
        while true {
            skipSpace()
            guard at < text.count, text[at] == UInt8(ascii: "\"") else { throw fault("expected a name in quotes") }
            let name = try parseString()
            skipSpace()
            guard at < text.count, text[at] == UInt8(ascii: ":") else { throw fault("expected ':' after the name") }
            at += 1
            skipSpace()
            object[name] = try parseValue()
            if try endOfElement(closing: UInt8(ascii: "}")) { return .object(object) }
        }
    }

    private mutating func parseArray() throws(JSONError) -> JSON {
        try enter()
        at += 1
        var elements: [JSON] = []
        skipSpace()
        if at < text.count, text[at] == UInt8(ascii: "]") {
            at += 1
            depth -= 1
            return .array(elements)
        }
        while true {
            skipSpace()
            elements.append(try parseValue())
            if try endOfElement(closing: UInt8(ascii: "]")) { return .array(elements) }
        }
    }

    private mutating func endOfElement(closing: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        var expected: String { "expected ',' or '\(Character(UnicodeScalar(closing)))'" }
        guard at < text.count else { throw fault("\(expected) before the end of the text") }
        let byte = text[at]
        guard byte == closing || byte == UInt8(ascii: ",") else { throw fault("\(expected), not \(shown(byte))") }
        at += 1
        if byte == closing { depth -= 1 }
        return byte == closing
    }

    private mutating func parseNumber() throws(JSONError) -> JSON {
        let start = at
        if text[at] == UInt8(ascii: "-") { at += 1 }
        let integerStart = at
        try skipDigits()
        if at - integerStart > 1, text[integerStart] == UInt8(ascii: "0") {
            at = integerStart
            throw fault("expected no more digits after a leading 0")
        }
        if at < text.count, text[at] == UInt8(ascii: ".") {
            at += 1
            try skipDigits()
        }
        if at < text.count, text[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < text.count, text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-") { at += 1 }
            try skipDigits()
        }
        return .number(JSONNumber(validated: String(decoding: text[start..<at], as: UTF8.self)))
    }

    private mutating func skipDigits() throws(JSONError) {
        let start = at
        while at < text.count, text[at] >= 0x30, text[at] <= 0x39 { at += 1 }
        guard at > start else { throw fault("expected a digit") }
    }

    private mutating func parseString() throws(JSONError) -> String {
        at += 1
        let start = at
        var isASCII = true
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "\"") {
                // Most strings are ASCII, and need no validation, which is slow to begin.
                let value =
                    isASCII
                    ? String(decoding: text[start..<at], as: UTF8.self) : try decoded(text[start..<at], from: start)
                at += 1
                return value
            }
            if byte == UInt8(ascii: "\\") { return try parseEscapedString(from: start) }
            guard byte >= 0x20 else { throw fault("an unescaped control character") }
            if byte >= 0x80 { isASCII = false }
            at += 1
        }
        throw fault("expected '\"' before the end of the text")
    }

    private func decoded(_ bytes: some Collection<UInt8>, from start: Int) throws(JSONError) -> String {
        guard let value = String(validating: bytes, as: UTF8.self) else {
            throw JSONError(reason: "a string that is not UTF-8", byte: start)
        }
        return value
    }

    private mutating func parseEscapedString(from start: Int) throws(JSONError) -> String {
        var bytes = Array(text[start..<at])
        while at < text.count {
            let byte = text[at]
            switch byte {
            case UInt8(ascii: "\""):
                let value = try decoded(bytes, from: start)
                at += 1
                return value
            case UInt8(ascii: "\\"):
                at += 1
                bytes.append(contentsOf: String(Character(try parseEscape())).utf8)
            case ..<0x20:
                throw fault("an unescaped control character")
            default:
                bytes.append(byte)
                at += 1
            }
        }
        throw fault("expected '\"' before the end of the text")
    }

    private mutating func parseEscape() throws(JSONError) -> UnicodeScalar {
        guard at < text.count else { throw fault("expected '\"' before the end of the text") }
        let byte = text[at]
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UnicodeScalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try parseUnicodeEscape()
        default:
            at -= 1
            throw fault("unknown escape \(shown(byte))")
        }
    }

    private mutating func parseUnicodeEscape() throws(JSONError) -> UnicodeScalar {
        let start = at - 2
        let unit = try parseHexQuad()
        if let scalar = UnicodeScalar(unit) { return scalar }
        if at + 1 < text.count, text[at] == UInt8(ascii: "\\"), text[at + 1] == UInt8(ascii: "u") {
            at += 2
            if let scalar = JSONPolicy.scalar(unit, try parseHexQuad()) { return scalar }
        }
        throw JSONError(reason: JSONPolicy.halfSurrogatePair, byte: start)
    }

    private mutating func parseHexQuad() throws(JSONError) -> UInt16 {
        guard at + 4 <= text.count else { throw fault("expected four hexadecimal digits") }
        var value: UInt16 = 0
        for byte in text[at..<at + 4] {
            let lower = byte | 0x20
            switch (byte, lower) {
            case (0x30...0x39, _): value = value << 4 | UInt16(byte - 0x30)
            case (_, UInt8(ascii: "a")...UInt8(ascii: "f")): value = value << 4 | UInt16(lower - 0x57)
            default: throw fault("expected four hexadecimal digits")
            }
        }
        at += 4
        return value
    }
}
