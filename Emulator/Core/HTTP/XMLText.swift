/// An XML document under construction: elements and text, no attributes but those of the root.
package struct XMLText: Sendable {
    package private(set) var bytes: [UInt8]

    /// - Parameter root: the document element, in S3's namespace.
    package init(_ root: String, _ content: (inout XMLText) -> Void) {
        bytes = Array(#"<?xml version="1.0" encoding="UTF-8"?>"#.utf8)
        bytes += Array("\n<\(root) xmlns=\"\(Self.namespace)\">".utf8)
        content(&self)
        bytes += Array("</\(root)>".utf8)
    }

    /// A document without a namespace, as S3's errors are.
    package init(plainRoot root: String, _ content: (inout XMLText) throws -> Void) rethrows {
        bytes = Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<\(root)>".utf8)
        try content(&self)
        bytes += Array("</\(root)>".utf8)
    }

    package static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

    package mutating func element(_ name: String, _ content: (inout XMLText) throws -> Void) rethrows {
        bytes += Array("<\(name)>".utf8)
        try content(&self)
        bytes += Array("</\(name)>".utf8)
    }

    package mutating func element(_ name: String, _ text: String) {
        bytes += Array("<\(name)>".utf8)
        append(text)
        bytes += Array("</\(name)>".utf8)
    }

    package mutating func element(_ name: String, _ value: some BinaryInteger) { element(name, String(value)) }
    package mutating func element(_ name: String, _ value: Bool) { element(name, value ? "true" : "false") }
    /// Writes the element if there is a value.
    package mutating func element(_ name: String, ifPresent text: String?) { if let text { element(name, text) } }

    package mutating func characters(_ text: String) { append(text) }

    /// XML that is written already.
    package mutating func verbatim(_ xml: [UInt8]) { bytes += xml }

    private mutating func append(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += Array("&amp;".utf8)
            case UInt8(ascii: "<"): bytes += Array("&lt;".utf8)
            case UInt8(ascii: ">"): bytes += Array("&gt;".utf8)
            case UInt8(ascii: "\""): bytes += Array("&quot;".utf8)
            // Control characters are not XML; S3 writes them as character references all the same.
            case 0..<0x20 where byte != 0x0A && byte != 0x09: bytes += Array("&#x\(String(byte, radix: 16));".utf8)
            default: bytes.append(byte)
            }
        }
    }
}
