/// Why a text is not JSON, and at which byte.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    public let reason: String
    /// Offset from the start of the text, in bytes.
    public let byte: Int

    public var description: String { "not JSON: \(reason) at byte \(byte)" }
}

extension JSON {
    /// Parses one JSON text, strictly.
    ///
    /// A name that repeats inside an object keeps its last value. A lone surrogate escape becomes U+FFFD.
    /// - Throws: ``JSONError`` with the offset of the first byte that does not belong.
    public init(parsing text: [UInt8]) throws(JSONError) {
        var parser = JSONParser(text)
        self = try parser.parseDocument()
    }

    public init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }
}

struct JSONParser {
    /// Deep enough for any document of ours, shallow enough for a worker thread's stack.
    static let depthLimit = 400

    private let text: [UInt8]
    private var at = 0
    private var depth = 0

    init(_ text: [UInt8]) { self.text = text }

    mutating func parseDocument() throws(JSONError) -> JSON {
        skipSpace()
        let value = try parseValue()
        skipSpace()
        guard at == text.count else { throw fault("unexpected \(shown(text[at])) after the value") }
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
        guard at < text.count else { throw fault("the text ends where a value is due") }
        switch text[at] {
        case UInt8(ascii: "{"): return try parseObject()
        case UInt8(ascii: "["): return try parseArray()
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseLiteral("true", .bool(true))
        case UInt8(ascii: "f"): return try parseLiteral("false", .bool(false))
        case UInt8(ascii: "n"): return try parseLiteral("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        default: throw fault("unexpected \(shown(text[at])) where a value is due")
        }
    }

    private mutating func parseLiteral(_ literal: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let end = at + literal.utf8CodeUnitCount
        guard end <= text.count, text[at..<end].elementsEqual("\(literal)".utf8) else {
            throw fault("unknown literal")
        }
        at = end
        return value
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        guard depth <= Self.depthLimit else { throw fault("nested deeper than \(Self.depthLimit)") }
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
            guard at < text.count, text[at] == UInt8(ascii: "\"") else { throw fault("a member's name is due") }
            let name = try parseString()
            skipSpace()
            guard at < text.count, text[at] == UInt8(ascii: ":") else { throw fault("':' is due") }
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
        guard at < text.count else { throw fault("the text ends before '\(Character(UnicodeScalar(closing)))'") }
        let byte = text[at]
        guard byte == closing || byte == UInt8(ascii: ",") else { throw fault("unexpected \(shown(byte))") }
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
            throw fault("a number starts with 0")
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
        guard at > start else { throw fault("a digit is due") }
    }

    private mutating func parseString() throws(JSONError) -> String {
        at += 1
        let start = at
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "\"") {
                let value = try decoded(text[start..<at], from: start)
                at += 1
                return value
            }
            if byte == UInt8(ascii: "\\") { return try parseEscapedString(from: start) }
            guard byte >= 0x20 else { throw fault("a control character inside a string") }
            at += 1
        }
        throw fault("the text ends inside a string")
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
                throw fault("a control character inside a string")
            default:
                bytes.append(byte)
                at += 1
            }
        }
        throw fault("the text ends inside a string")
    }

    private mutating func parseEscape() throws(JSONError) -> UnicodeScalar {
        guard at < text.count else { throw fault("the text ends inside a string") }
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
        let unit = try parseHexQuad()
        guard unit & 0xFC00 == 0xD800 else { return UnicodeScalar(unit) ?? "\u{FFFD}" }
        let afterHigh = at
        if at + 1 < text.count, text[at] == UInt8(ascii: "\\"), text[at + 1] == UInt8(ascii: "u") {
            at += 2
            let low = try parseHexQuad()
            if low & 0xFC00 == 0xDC00, let scalar = UnicodeScalar(0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF) {
                return scalar
            }
        }
        at = afterHigh
        return "\u{FFFD}"
    }

    private mutating func parseHexQuad() throws(JSONError) -> UInt32 {
        guard at + 4 <= text.count else { throw fault("four hexadecimal digits are due") }
        var value: UInt32 = 0
        for byte in text[at..<at + 4] {
            let lower = byte | 0x20
            switch (byte, lower) {
            case (0x30...0x39, _): value = value << 4 | UInt32(byte - 0x30)
            case (_, UInt8(ascii: "a")...UInt8(ascii: "f")): value = value << 4 | UInt32(lower - 0x57)
            default: throw fault("four hexadecimal digits are due")
            }
        }
        at += 4
        return value
    }
}
