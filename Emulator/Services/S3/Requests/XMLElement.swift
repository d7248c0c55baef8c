internal import EmulatorCore

/// An element of a request's XML document: its children and text; attributes and namespaces are dropped.
struct XMLElement: Sendable {
    var name: String
    var text = ""
    var children: [XMLElement] = []
    /// `xsi:type`, the one attribute that S3's schema uses.
    var type: String?

    subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// Reads a document.
    /// - Throws: `MalformedXML`.
    init(parsing bytes: [UInt8]) throws(S3Fault) {
        var parser = XMLParser(bytes)
        self = try parser.document()
    }

    fileprivate init(name: String) { self.name = name }
}

/// Enough of XML 1.0 for what S3's clients send; no document types, so no entities but the five of XML itself.
private struct XMLParser {
    private let bytes: [UInt8]
    private var position = 0
    private static let deepest = 64

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(S3Fault) -> XMLElement {
        try skipMisc()
        let root = try element(depth: 0)
        try skipMisc()
        guard position == bytes.count else { throw .malformedXML }
        return root
    }

    private mutating func element(depth: Int) throws(S3Fault) -> XMLElement {
        guard depth < Self.deepest, skip("<") else { throw .malformedXML }
        let qualifiedName = try name()
        var element = XMLElement(name: Self.localName(qualifiedName))
        while true {
            skipSpace()
            if skip("/>") { return element }
            if skip(">") { break }
            let attribute = try name()
            guard skip("=") else { throw .malformedXML }
            let value = try quoted()
            if Self.localName(attribute) == "type" { element.type = value }
        }
        while true {
            if skip("</") {
                guard try name() == qualifiedName else { throw .malformedXML }
                skipSpace()
                guard skip(">") else { throw .malformedXML }
                return element
            }
            if skip("<!--") {
                try skipPast("-->")
            } else if skip("<![CDATA[") {
                let start = position
                try skipPast("]]>")
                element.text += String(decoding: bytes[start..<position - 3], as: UTF8.self)
            } else if next == UInt8(ascii: "<") {
                element.children.append(try self.element(depth: depth + 1))
            } else {
                element.text += try characters(until: UInt8(ascii: "<"))
            }
        }
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count else { return false }
        let matches = text.withUTF8Buffer { expected in expected.elementsEqual(bytes[position..<position + count]) }
        if matches { position += count }
        return matches
    }

    private mutating func skipPast(_ end: StaticString) throws(S3Fault) {
        while !skip(end) {
            guard position < bytes.count else { throw .malformedXML }
            position += 1
        }
    }

    private mutating func skipSpace() {
        while let next, [0x20, 0x09, 0x0A, 0x0D].contains(next) { position += 1 }
    }

    /// Skips what may stand around the document element.
    private mutating func skipMisc() throws(S3Fault) {
        _ = skip("\u{FEFF}")
        while true {
            skipSpace()
            if skip("<?") {
                try skipPast("?>")
            } else if skip("<!--") {
                try skipPast("-->")
            } else {
                return
            }
        }
    }

    private mutating func name() throws(S3Fault) -> String {
        let start = position
        while let next, !" \t\r\n=/><\"'&".utf8.contains(next) { position += 1 }
        guard position > start else { throw .malformedXML }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func quoted() throws(S3Fault) -> String {
        guard let quote = next, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw .malformedXML }
        position += 1
        let value = try characters(until: quote)
        position += 1
        return value
    }

    /// Text up to `end`, its references resolved.
    private mutating func characters(until end: UInt8) throws(S3Fault) -> String {
        var text: [UInt8] = []
        while let byte = next, byte != end {
            position += 1
            if byte == UInt8(ascii: "&") { text += try reference() } else { text.append(byte) }
        }
        guard next == end, let valid = String(validating: text, as: UTF8.self) else { throw .malformedXML }
        return valid
    }

    private mutating func reference() throws(S3Fault) -> [UInt8] {
        let start = position
        while let byte = next, byte != UInt8(ascii: ";") { position += 1 }
        guard next != nil else { throw .malformedXML }
        let name = String(decoding: bytes[start..<position], as: UTF8.self)
        position += 1
        switch name {
        case "amp": return [UInt8(ascii: "&")]
        case "lt": return [UInt8(ascii: "<")]
        case "gt": return [UInt8(ascii: ">")]
        case "quot": return [UInt8(ascii: "\"")]
        case "apos": return [UInt8(ascii: "'")]
        default:
            let number = name.hasPrefix("#x") ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst(1))
            guard name.hasPrefix("#"), let number, let scalar = Unicode.Scalar(number) else { throw .malformedXML }
            return Array(String(scalar).utf8)
        }
    }

    private static func localName(_ qualified: String) -> String {
        qualified.lastIndex(of: ":").map { String(qualified[$0...].dropFirst()) } ?? qualified
    }
}
