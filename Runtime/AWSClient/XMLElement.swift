/// An element of the small XML responses of S3 and STS: name, text and children. Attributes, comments and namespaces
/// have no meaning there and are skipped.
struct XMLElement: Sendable, Hashable {
    let name: String
    /// The text directly inside, with entities decoded.
    let text: String
    let children: [XMLElement]

    /// The first child named `name`.
    subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// All children named `name`.
    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// Parses one element, with or without an XML declaration. Nil if `bytes` is not one well-formed element.
    init?(parsing bytes: [UInt8]) {
        var parser = XMLParser(bytes)
        guard let element = parser.parseDocument() else { return nil }
        self = element
    }

    fileprivate init(name: String, text: String, children: [XMLElement]) {
        self.name = name
        self.text = text
        self.children = children
    }
}

private struct XMLParser {
    private static let depthLimit = 32
    private let input: [UInt8]
    private var at = 0

    init(_ input: [UInt8]) { self.input = input }

    mutating func parseDocument() -> XMLElement? {
        guard skipMarkup() else { return nil }
        guard let root = parseElement(depth: 0), skipMarkup(), at == input.count else { return nil }
        return root
    }

    /// Skips white space, declarations and comments between elements.
    private mutating func skipMarkup() -> Bool {
        while at < input.count {
            if isSpace(input[at]) {
                at += 1
            } else if starts(with: "<?") {
                guard skip(past: "?>") else { return false }
            } else if starts(with: "<!--") {
                guard skip(past: "-->") else { return false }
            } else {
                break
            }
        }
        return true
    }

    private mutating func parseElement(depth: Int) -> XMLElement? {
        guard depth < Self.depthLimit, starts(with: "<") else { return nil }
        at += 1
        guard let name = parseName(), let isEmpty = skipAttributes() else { return nil }
        if isEmpty { return XMLElement(name: name, text: "", children: []) }
        var text: [UInt8] = []
        var children: [XMLElement] = []
        while at < input.count {
            if starts(with: "</") {
                at += 2
                guard parseName() == name, skip(past: ">") else { return nil }
                return XMLElement(name: name, text: String(decoding: text, as: UTF8.self), children: children)
            } else if starts(with: "<!--") {
                guard skip(past: "-->") else { return nil }
            } else if starts(with: "<![CDATA[") {
                let start = at + 9
                guard skip(past: "]]>") else { return nil }
                text += input[start..<at - 3]
            } else if input[at] == UInt8(ascii: "<") {
                guard let child = parseElement(depth: depth + 1) else { return nil }
                children.append(child)
            } else if input[at] == UInt8(ascii: "&") {
                guard let character = parseEntity() else { return nil }
                text += Array(String(character).utf8)
            } else {
                text.append(input[at])
                at += 1
            }
        }
        return nil
    }

    private mutating func parseName() -> String? {
        let start = at
        while at < input.count, !isSpace(input[at]), input[at] != UInt8(ascii: ">"), input[at] != UInt8(ascii: "/") {
            at += 1
        }
        let name = String(decoding: input[start..<at], as: UTF8.self)
        // S3 and STS use one default namespace. Another implementation may write a prefix, which is ignored.
        return name.isEmpty ? nil : name.split(separator: ":").last.map(String.init)
    }

    /// Skips to the end of the start tag. Returns whether the element ends there; nil if the tag is not closed.
    private mutating func skipAttributes() -> Bool? {
        var quote: UInt8?
        while at < input.count {
            let byte = input[at]
            at += 1
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return input[at - 2] == UInt8(ascii: "/")
            }
        }
        return nil
    }

    private mutating func parseEntity() -> Character? {
        guard let end = input[at...].firstIndex(of: UInt8(ascii: ";")), end - at <= 10 else { return nil }
        let name = String(decoding: input[at + 1..<end], as: UTF8.self)
        at = end + 1
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard name.hasPrefix("#") else { return nil }
            let number = name.hasPrefix("#x") ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst())
            return number.flatMap(UnicodeScalar.init).map(Character.init)
        }
    }

    private func starts(with prefix: StaticString) -> Bool {
        let count = prefix.utf8CodeUnitCount
        return at + count <= input.count && input[at..<at + count].elementsEqual("\(prefix)".utf8)
    }

    private mutating func skip(past marker: StaticString) -> Bool {
        while at < input.count {
            if starts(with: marker) {
                at += marker.utf8CodeUnitCount
                return true
            }
            at += 1
        }
        return false
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

/// `text` with the characters escaped that XML reserves.
func xmlEscaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        default: escaped.unicodeScalars.append(scalar)
        }
    }
    return escaped
}
