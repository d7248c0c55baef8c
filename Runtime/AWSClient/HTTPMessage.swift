internal import SignatureV4
internal import URLCoding

/// The headers of a request or a response, in order. Names are case-insensitive.
public struct HTTPHeaders: Sendable, Hashable {
    public private(set) var fields: [Field] = []

    public struct Field: Sendable, Hashable {
        /// The name in lower case.
        public let name: String
        public let value: String
    }

    public init() {}

    /// All values of the header, joined by commas. Setting replaces them; setting nil removes them.
    public subscript(name: String) -> String? {
        get {
            let name = name.lowercased()
            var joined: String?
            for field in fields where field.name == name {
                joined = joined.map { "\($0),\(field.value)" } ?? field.value
            }
            return joined
        }
        set {
            let name = name.lowercased()
            fields.removeAll { $0.name == name }
            if let newValue { fields.append(Field(name: name, value: newValue)) }
        }
    }

    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name.lowercased(), value: value))
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral fields: (String, String)...) {
        for (name, value) in fields { add(name, value) }
    }
}

public enum HTTPMethod: String, Sendable {
    case get = "GET"
    case put = "PUT"
    case post = "POST"
    case head = "HEAD"
    case delete = "DELETE"
}

/// One HTTP request, with path and query unencoded.
public struct HTTPRequest: Sendable, Hashable {
    public var method: HTTPMethod
    public var origin: HTTPOrigin
    /// The decoded path, which starts with `/`.
    public var path: String
    /// The decoded names and values, in any order.
    public var query: [QueryItem]
    public var headers: HTTPHeaders
    public var body: [UInt8]
    /// Whether two requests have the same effect as one. Only such a request is retried after bytes of it may have
    /// reached the service.
    public var isRepeatable: Bool

    public struct QueryItem: Sendable, Hashable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String = "") {
            self.name = name
            self.value = value
        }
    }

    public init(
        _ method: HTTPMethod, _ origin: HTTPOrigin, path: String = "/", query: [QueryItem] = [],
        headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [], isRepeatable: Bool = true
    ) {
        self.method = method
        self.origin = origin
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.isRepeatable = isRepeatable
    }

    /// The path with each segment percent-encoded once.
    public var encodedPath: String { path.percentEncoded(keeping: .path) }

    /// The query as it is signed and sent: percent-encoded, sorted by encoded name and value.
    public var encodedQuery: String { CanonicalRequest.query(query.map { ($0.name, $0.value) }) }

    /// The encoded address.
    public var url: String { "\(origin)\(encodedPath)\(query.isEmpty ? "" : "?\(encodedQuery)")" }
}

/// The destination of requests: scheme, host and port.
public struct HTTPOrigin: Sendable, Hashable, CustomStringConvertible {
    public let isSecure: Bool
    /// The host as in an address; an IPv6 literal keeps its brackets.
    public let host: String
    /// The port; nil for the scheme's default.
    public let port: Int?

    public init(isSecure: Bool, host: String, port: Int? = nil) {
        self.isSecure = isSecure
        self.host = host
        self.port = port == (isSecure ? 443 : 80) ? nil : port
    }

    public var description: String { "\(isSecure ? "https" : "http")://\(authority)" }

    /// The value of the `Host` header.
    public var authority: String { port.map { "\(host):\($0)" } ?? host }
}

/// The status and the headers of a response.
public struct HTTPResponseHead: Sendable, Hashable {
    public let status: Int
    public let headers: HTTPHeaders

    public init(status: Int, headers: HTTPHeaders = HTTPHeaders()) {
        self.status = status
        self.headers = headers
    }

    public var isSuccess: Bool { (200..<300).contains(status) }
}

public struct HTTPResponse: Sendable, Hashable {
    public let head: HTTPResponseHead
    public let body: [UInt8]

    public init(head: HTTPResponseHead, body: [UInt8] = []) {
        self.head = head
        self.body = body
    }

    public init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
        self.init(head: HTTPResponseHead(status: status, headers: headers), body: body)
    }
}

extension HTTPRequest {
    /// Creates a call of AWS's query protocol: names and values as a web form.
    init(form: [(String, String)], to origin: HTTPOrigin) {
        let body = form.map { "\($0)=\($1.percentEncoded())" }.joined(separator: "&")
        self.init(
            .post, origin, headers: ["content-type": "application/x-www-form-urlencoded; charset=utf-8"],
            body: Array(body.utf8))
    }
}
