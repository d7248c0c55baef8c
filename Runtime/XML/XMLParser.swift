/// Reads a document from its front to its end. Each function starts at what it is named after.
struct XMLParser {
    /// Deep enough for any document of AWS, shallow enough for a worker thread's stack.
    static let depthLimit = 64

    private let input: [UInt8]
    private var position = 0

    init(_ input: [UInt8]) { self.input = input }

    mutating func parseDocument() throws(XMLError) -> XMLElement {
        _ = skip("\u{FEFF}")
        skipSpace()
        if startsDeclaration { try parseDeclaration() }
        try skipMisc()
        let root = try parseElement(depth: 1)
        try skipMisc()
        guard position == input.count else { throw fault("expected nothing after the document element") }
        return root
    }

    private func fault(_ reason: String) -> XMLError { XMLError(reason: reason, byte: position) }

    // MARK: Around the document element

    /// `<?xml` and white space: `<?xml-stylesheet` is an instruction like any other.
    private var startsDeclaration: Bool {
        starts(with: "<?xml") && position + 5 < input.count && Self.isSpace(input[position + 5])
    }

    private mutating func parseDeclaration() throws(XMLError) {
        _ = skip("<?xml")
        let attributes = try parseAttributes()
        guard attributes.first?.name == "version", skip("?>") else { throw fault("expected a declaration of XML") }
        guard let encoding = attributes.first(where: { $0.name == "encoding" })?.value.uppercased() else { return }
        guard encoding == "UTF-8" || encoding == "US-ASCII" else { throw fault("expected UTF-8, not \(encoding)") }
    }

    private mutating func skipMisc() throws(XMLError) {
        repeat { skipSpace() } while try skipCommentOrInstruction()
    }

    private mutating func skipCommentOrInstruction() throws(XMLError) -> Bool {
        if skip("<!--") {
            try skipPast("--")
            guard skip(">") else { throw fault("expected '>' after the '--' in a comment") }
            return true
        }
        guard skip("<?") else { return false }
        let start = position
        guard try parseName().lowercased() != "xml" else {
            throw XMLError(reason: "expected the declaration of XML at the start only", byte: start)
        }
        try skipPast("?>")
        return true
    }

    // MARK: Elements

    private mutating func parseElement(depth: Int) throws(XMLError) -> XMLElement {
        guard depth <= Self.depthLimit else { throw fault("nested deeper than \(Self.depthLimit)") }
        if starts(with: "<!DOCTYPE") { throw fault("a document type, which is not read") }
        guard skip("<") else { throw fault("expected an element") }
        let name = try parseName()
        var element = XMLElement(name: Self.localName(name), attributes: Self.withoutPrefixes(try parseAttributes()))
        if skip("/>") { return element }
        guard skip(">") else { throw fault("expected '>'") }
        var text: [UInt8] = []
        while !skip("</") {
            guard let next else { throw fault("expected </\(name)>") }
            if next == UInt8(ascii: "&") {
                try parseReference(into: &text)
            } else if next != UInt8(ascii: "<") {
                try parseCharacters(into: &text)
            } else if skip("<![CDATA[") {
                let start = position
                try skipPast("]]>")
                try append(start..<position - 3, to: &text)
            } else if try !skipCommentOrInstruction() {
                element.children.append(try parseElement(depth: depth + 1))
            }
        }
        let end = position
        guard try parseName() == name else { throw XMLError(reason: "expected </\(name)>", byte: end) }
        skipSpace()
        guard skip(">") else { throw fault("expected '>'") }
        element.text = try validated(text)
        return element
    }

    private typealias Attribute = (name: String, value: String)

    private mutating func parseAttributes() throws(XMLError) -> [Attribute] {
        var attributes: [Attribute] = []
        while true {
            let start = position
            skipSpace()
            guard let next, Self.isNameByte(next) else { return attributes }
            guard position > start else { throw fault("expected white space before an attribute") }
            let name = try parseName()
            if attributes.contains(where: { $0.name == name }) { throw fault("the attribute \(name) comes twice") }
            skipSpace()
            guard skip("=") else { throw fault("expected '='") }
            skipSpace()
            attributes.append((name, try parseQuoted()))
        }
    }

    private mutating func parseQuoted() throws(XMLError) -> String {
        guard let quote = next, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            throw fault("expected a value in quotes")
        }
        position += 1
        var text: [UInt8] = []
        while let next, next != quote {
            if next == UInt8(ascii: "&") {
                try parseReference(into: &text)
            } else if next == UInt8(ascii: "<") {
                throw fault("'<' in the value of an attribute")
            } else {
                try parseValue(until: quote, into: &text)
            }
        }
        guard next != nil else { throw fault("expected the end of a value in quotes") }
        position += 1
        return try validated(text)
    }

    /// White space becomes spaces.
    /// - SeeAlso: <https://www.w3.org/TR/xml/#AVNormalize>
    private mutating func parseValue(until quote: UInt8, into text: inout [UInt8]) throws(XMLError) {
        let (start, valueStart) = (position, text.count)
        while let next, next != quote, next != UInt8(ascii: "<"), next != UInt8(ascii: "&") { position += 1 }
        try append(start..<position, to: &text)
        for index in valueStart..<text.count where Self.isSpace(text[index]) { text[index] = 0x20 }
    }

    private static func withoutPrefixes(_ attributes: [Attribute]) -> [String: String] {
        let own = attributes.filter { $0.name != "xmlns" && !$0.name.hasPrefix("xmlns:") }
        return Dictionary(own.map { (localName($0.name), $0.value) }) { first, _ in first }
    }

    // MARK: Characters

    private mutating func parseCharacters(into text: inout [UInt8]) throws(XMLError) {
        let start = position
        while let next, next != UInt8(ascii: "<"), next != UInt8(ascii: "&") {
            if next == UInt8(ascii: "]"), starts(with: "]]>") { throw fault("']]>' outside a CDATA section") }
            position += 1
        }
        try append(start..<position, to: &text)
    }

    /// Line ends become line feeds.
    /// - SeeAlso: <https://www.w3.org/TR/xml/#sec-line-ends>
    private func append(_ range: Range<Int>, to text: inout [UInt8]) throws(XMLError) {
        for index in range {
            let byte = input[index]
            if byte == 0x0D {
                if index + 1 == input.count || input[index + 1] != 0x0A { text.append(0x0A) }
            } else if byte >= 0x20 || Self.isSpace(byte) {
                text.append(byte)
            } else {
                throw XMLError(reason: "a control character", byte: index)
            }
        }
    }

    private mutating func parseReference(into text: inout [UInt8]) throws(XMLError) {
        // The longest name a character: &#x10FFFF; and &#1114111;.
        guard let end = input[position...].prefix(10).firstIndex(of: UInt8(ascii: ";")),
            let scalar = Self.scalar(String(decoding: input[position + 1..<end], as: UTF8.self))
        else { throw fault("expected a reference such as &amp;") }
        text.append(contentsOf: String(scalar).utf8)
        position = end + 1
    }

    private static func scalar(_ name: String) -> Unicode.Scalar? {
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard name.hasPrefix("#") else { return nil }
            let isHexadecimal = name.hasPrefix("#x")
            let digits = name.dropFirst(isHexadecimal ? 2 : 1)
            // A sign is no digit, and the zero byte no character.
            guard digits.first != "+", let number = UInt32(digits, radix: isHexadecimal ? 16 : 10), number > 0
            else { return nil }
            return Unicode.Scalar(number)
        }
    }

    private func validated(_ text: [UInt8]) throws(XMLError) -> String {
        guard let valid = String(validating: text, as: UTF8.self) else { throw fault("expected UTF-8") }
        return valid
    }

    // MARK: Names

    /// A name with its prefix.
    /// - SeeAlso: <https://www.w3.org/TR/xml-names/#NT-QName>
    private mutating func parseName() throws(XMLError) -> String {
        let start = position
        while let next, Self.isNameByte(next) { position += 1 }
        guard position > start, !"-.0123456789".utf8.contains(input[start]), input[position - 1] != UInt8(ascii: ":"),
            let name = String(validating: input[start..<position], as: UTF8.self)
        else { throw XMLError(reason: "expected a name", byte: start) }
        return name
    }

    private static func localName(_ name: String) -> String {
        name.utf8.lastIndex(of: UInt8(ascii: ":")).map { String(name[$0...].dropFirst()) } ?? name
    }

    /// Above ASCII nearly every character may be in a name, and which may not is not checked.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "-"),
            UInt8(ascii: "."), 0x80...:
            true
        default: false
        }
    }

    // MARK: Bytes

    private var next: UInt8? { position < input.count ? input[position] : nil }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private mutating func skipSpace() {
        while let next, Self.isSpace(next) { position += 1 }
    }

    private func starts(with text: StaticString) -> Bool {
        let end = position + text.utf8CodeUnitCount
        return end <= input.count && text.withUTF8Buffer { $0.elementsEqual(input[position..<end]) }
    }

    private mutating func skip(_ text: StaticString) -> Bool {
        guard starts(with: text) else { return false }
        position += text.utf8CodeUnitCount
        return true
    }

    private mutating func skipPast(_ end: StaticString) throws(XMLError) {
        while !skip(end) {
            guard position < input.count else { throw fault("expected '\(end)'") }
            position += 1
        }
    }
}
