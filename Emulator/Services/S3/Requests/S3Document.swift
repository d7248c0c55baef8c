internal import XML

extension XMLElement {
    /// Reads a request's document.
    /// - Throws: `MalformedXML`.
    init(request document: [UInt8]) throws(S3Fault) {
        do throws(XMLError) { try self.init(parsing: document) } catch { throw .malformedXML }
    }
}

extension XMLWriter {
    /// An answer's document, in S3's namespace.
    init(s3 root: String, _ content: (inout XMLWriter) throws -> Void) rethrows {
        try self.init(root, namespace: "http://s3.amazonaws.com/doc/2006-03-01/", content)
    }
}
