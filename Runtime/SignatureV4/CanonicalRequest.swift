internal import URLCoding

/// The canonical form of a request, whose hash client and service sign.
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
public struct CanonicalRequest: Sendable {
    public let text: String
    /// The names of the signed headers, in lower case and sorted, joined by semicolons.
    public let signedHeaders: String

    /// - Parameters:
    ///   - path: the path, percent-encoded once.
    ///   - query: the query as ``query(_:)`` writes it.
    ///   - headers: the headers to sign, with names in lower case.
    ///   - bodyHash: the SHA-256 of the body in hexadecimal, or the word that S3 has for it.
    ///   - isForS3: S3 signs the path as sent. Every other service signs it without dot segments and encoded once more.
    public init(
        method: String, path: String, query: String, headers: [(name: String, value: String)], bodyHash: String,
        isForS3: Bool
    ) {
        // Fields of one name are one line, with their values in the order of arrival.
        let fields = headers.enumerated().sorted { ($0.element.name, $0.offset) < ($1.element.name, $1.offset) }
        var text = "\(method)\n"
        text.reserveCapacity(1024)
        text += isForS3 ? path : Self.normalized(path).percentEncoded(keeping: .path)
        text += "\n"
        text += query
        text += "\n"
        var signedHeaders = ""
        var last: String?
        for (_, field) in fields {
            if field.name == last {
                text += ","
            } else {
                if last != nil {
                    text += "\n"
                    signedHeaders += ";"
                }
                signedHeaders += field.name
                text += field.name
                text += ":"
                last = field.name
            }
            text += Self.collapsed(field.value)
        }
        if last != nil { text += "\n" }
        text += "\n"
        text += signedHeaders
        text += "\n"
        text += bodyHash
        self.text = text
        self.signedHeaders = signedHeaders
    }

    /// A query as it is signed: percent-encoded, sorted by encoded name and value.
    /// - Parameter items: decoded names and values, in any order.
    public static func query(_ items: [(name: String, value: String)]) -> String {
        items.map { ($0.name.percentEncoded(), $0.value.percentEncoded()) }
            .sorted { $0 < $1 }
            .map { "\($0)=\($1)" }
            .joined(separator: "&")
    }

    /// Removes spaces around a value and replaces runs of spaces inside by one.
    private static func collapsed(_ value: String) -> String {
        // Most values have none.
        var isAfterSpace = true
        var isCollapsed = true
        for byte in value.utf8 {
            let isSpace = byte == 0x20
            if isSpace && isAfterSpace { isCollapsed = false }
            isAfterSpace = isSpace
        }
        if isCollapsed && (!isAfterSpace || value.isEmpty) { return value }
        return value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }

    /// The path without empty and dot segments.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4>
    private static func normalized(_ path: String) -> String {
        if path == "/" { return path }
        var kept: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = kept.popLast() } else { kept.append(segment) }
        }
        let isFolder = path.hasSuffix("/") && !kept.isEmpty
        return "/" + kept.joined(separator: "/") + (isFolder ? "/" : "")
    }
}
