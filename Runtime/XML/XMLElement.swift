/// An element of an XML document: its name, attributes, text and children. Namespaces are read and dropped, since AWS's
/// documents have one each.
///
/// - SeeAlso: <https://www.w3.org/TR/xml/>
public struct XMLElement: Sendable, Hashable {
    /// Without a prefix.
    public let name: String
    /// By name without a prefix; declarations of namespaces are left out.
    public let attributes: [String: String]
    /// The text directly inside, references resolved.
    public internal(set) var text = ""
    public internal(set) var children: [XMLElement] = []

    init(name: String, attributes: [String: String]) {
        self.name = name
        self.attributes = attributes
    }

    /// The first child called `name`.
    public subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// All children called `name`.
    public func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// Parses one document in UTF-8, strictly. A document type is refused, so the five entities of XML itself are all that
    /// there are; elements nest up to 64 deep.
    ///
    /// White space may come before the declaration: S3 sends it to keep a connection open. A reference may name a control
    /// character, as in XML 1.1: S3 writes keys so.
    /// - Throws: ``XMLError`` with the offset of the first byte that does not belong.
    /// - SeeAlso: <https://www.w3.org/TR/xml/#sec-well-formed>
    public init(parsing document: [UInt8]) throws(XMLError) {
        var parser = XMLParser(document)
        self = try parser.parseDocument()
    }

    public init(parsing document: String) throws(XMLError) { try self.init(parsing: Array(document.utf8)) }
}
