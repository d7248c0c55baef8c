extension JSON {
    /// The value as compact UTF-8 JSON text.
    public var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.write(self)
        return writer.bytes
    }

    /// The value as compact JSON text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The value on several lines, indented by two spaces for each level.
    public var indentedText: String {
        var writer = JSONWriter()
        writer.writeIndented(self, level: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension JSON: CustomStringConvertible {
    public var description: String { text }
}

/// Appends JSON text to a buffer, for callers that write a known shape without building a ``JSON``.
public struct JSONWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func write(_ value: JSON) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .number(let number): bytes.append(contentsOf: number.text.utf8)
        case .string(let string): write(string)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (position, element) in elements.enumerated() {
                if position > 0 { bytes.append(UInt8(ascii: ",")) }
                write(element)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            for (position, member) in object.members.enumerated() {
                if position > 0 { bytes.append(UInt8(ascii: ",")) }
                write(member.name)
                bytes.append(UInt8(ascii: ":"))
                write(member.value)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Writes `string` in quotes, with the escapes that JSON requires and no others.
    public mutating func write(_ string: String) {
        var string = string
        bytes.append(UInt8(ascii: "\""))
        string.withUTF8 { utf8 in
            // What is between two escapes is appended at once.
            var start = 0
            for position in 0..<utf8.count where Self.needsEscape(utf8[position]) {
                bytes.append(contentsOf: utf8[start..<position])
                writeEscaped(utf8[position])
                start = position + 1
            }
            bytes.append(contentsOf: utf8[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    @inline(__always) private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func writeEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        case 0x08: append("\\b")
        case 0x0C: append("\\f")
        case ..<0x20:
            append("\\u00")
            bytes.append(Self.hexDigits[Int(byte >> 4)])
            bytes.append(Self.hexDigits[Int(byte & 15)])
        default: bytes.append(byte)
        }
    }

    mutating func writeIndented(_ value: JSON, level: Int) {
        let elements: [(name: String?, value: JSON)]
        let brackets: (open: String, close: String)
        switch value {
        case .array(let array) where !array.isEmpty:
            elements = array.map { (nil, $0) }
            brackets = ("[", "]")
        case .object(let object) where !object.isEmpty:
            elements = object.members.map { ($0.name, $0.value) }
            brackets = ("{", "}")
        default:
            write(value)
            return
        }
        append(brackets.open)
        for (position, element) in elements.enumerated() {
            append(position > 0 ? ",\n" : "\n")
            indent(level + 1)
            if let name = element.name {
                write(name)
                append(": ")
            }
            writeIndented(element.value, level: level + 1)
        }
        append("\n")
        indent(level)
        append(brackets.close)
    }

    private mutating func indent(_ level: Int) {
        bytes.append(contentsOf: repeatElement(0x20, count: 2 * level))
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private static let hexDigits = Array("0123456789abcdef".utf8)
}
