/// Writes a document in UTF-8: elements, their attributes and text, in the order of the calls.
///
/// - SeeAlso: <https://www.w3.org/TR/xml/>
public struct XMLWriter: Sendable {
    /// The document, its declaration first.
    public private(set) var bytes: [UInt8]

    /// - Parameters:
    ///   - root: the name of the document element.
    ///   - namespace: of the whole document.
    public init(
        _ root: String, namespace: String? = nil, _ content: (inout XMLWriter) throws -> Void
    ) rethrows {
        bytes = Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".utf8)
        try element(root, attributes: namespace.map { [("xmlns", $0)] } ?? [], content)
    }

    public mutating func element(
        _ name: String, attributes: [(name: String, value: String)] = [], _ content: (inout XMLWriter) throws -> Void
    ) rethrows {
        bytes.append(UInt8(ascii: "<"))
        bytes.append(contentsOf: name.utf8)
        for (name, value) in attributes {
            bytes.append(UInt8(ascii: " "))
            bytes.append(contentsOf: name.utf8)
            append("=\"")
            escape(value, keepsLines: false)
            append("\"")
        }
        append(">")
        try content(&self)
        append("</")
        bytes.append(contentsOf: name.utf8)
        append(">")
    }

    public mutating func element(_ name: String, _ text: String) { element(name) { $0.characters(text) } }
    public mutating func element(_ name: String, _ value: some BinaryInteger) { element(name, String(value)) }
    public mutating func element(_ name: String, _ value: Bool) { element(name, value ? "true" : "false") }

    /// Writes the element if there is a value.
    public mutating func element(_ name: String, ifPresent text: String?) {
        if let text { element(name, text) }
    }

    /// Text, escaped. A control character becomes a reference: XML 1.0 has none of those, and S3 writes keys so.
    public mutating func characters(_ text: String) { escape(text, keepsLines: true) }

    /// - Parameter keepsLines: whether tabs and line feeds stay; a reader of an attribute would take them for spaces.
    private mutating func escape(_ text: String, keepsLines: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): append("&amp;")
            case UInt8(ascii: "<"): append("&lt;")
            case UInt8(ascii: ">"): append("&gt;")
            case UInt8(ascii: "\""): append("&quot;")
            case 0..<0x20 where !(keepsLines && (byte == 0x0A || byte == 0x09)):
                append("&#x")
                bytes.append(contentsOf: String(byte, radix: 16).utf8)
                append(";")
            default: bytes.append(byte)
            }
        }
    }

    private mutating func append(_ text: StaticString) { text.withUTF8Buffer { bytes.append(contentsOf: $0) } }
}
