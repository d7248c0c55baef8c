/// What a web page of another origin asks for: a request, or by a preflight the permission to send one.
/// - SeeAlso: <https://fetch.spec.whatwg.org/#http-cors-protocol>
package struct CrossOriginRequest: Sendable {
    /// The page's origin in lowercase, such as `http://localhost:5173`, or `null`.
    package let origin: String
    package let isPreflight: Bool
    /// The method of the request itself.
    package let method: String
    /// The names of header fields, in lowercase, that the page wants to send and a preflight asks for.
    package let headers: [String]

    /// nil if the request names no page of another origin.
    package init?(_ request: HTTPRequest) {
        guard let origin = request.headers["Origin"] ?? Self.referrer(of: request) else { return nil }
        self.origin = origin.lowercased()
        let wanted = request.headers["Access-Control-Request-Method"]
        isPreflight = request.method == "OPTIONS" && wanted != nil
        method = isPreflight ? wanted ?? "" : request.method
        headers =
            request.headers["Access-Control-Request-Headers"]?.lowercased().split(separator: ",").map { name in
                String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            } ?? []
    }

    /// The origin of the page that shows an image or follows a link: a browser sends no `Origin` with these.
    private static func referrer(of request: HTTPRequest) -> String? {
        guard let site = request.headers["Sec-Fetch-Site"], site == "cross-site" || site == "same-site",
            let parts = request.headers["Referer"]?.split(separator: "/", omittingEmptySubsequences: false),
            parts.count > 3
        else { return nil }
        return parts[..<3].joined(separator: "/")
    }
}

/// What a page of another origin may do.
package struct CrossOriginGrant: Sendable {
    /// Whether pages of any origin may do it.
    package var isForAll = false
    package var methods: [String]
    package var headers: [String]
    /// The header fields of a response that the page may read; nil for all.
    package var exposedHeaders: [String]?
    /// Whether the page may send cookies and the like; nil for yes, unless pages of any origin may do it.
    package var allowsCredentials: Bool?
    /// For how many seconds the browser may remember the answer to a preflight.
    package var maximumAge: Int?

    package init(methods: [String], headers: [String]) {
        self.methods = methods
        self.headers = headers
    }

    /// Grants what `page` asks for, and lets it read all of the response.
    init(anyRequestOf page: CrossOriginRequest) {
        self.init(methods: [page.method], headers: page.headers)
    }

    func add(to response: inout HTTPHeaders, for page: CrossOriginRequest) {
        let exposed = exposedHeaders ?? response.fields.map(\.name)
        response["Access-Control-Allow-Origin"] = isForAll ? "*" : page.origin
        if allowsCredentials ?? !isForAll { response["Access-Control-Allow-Credentials"] = "true" }
        response["Access-Control-Allow-Methods"] = methods.joined(separator: ", ")
        if page.isPreflight, !headers.isEmpty {
            response["Access-Control-Allow-Headers"] = headers.joined(separator: ", ")
        }
        if !exposed.isEmpty { response["Access-Control-Expose-Headers"] = exposed.joined(separator: ", ") }
        if let maximumAge { response["Access-Control-Max-Age"] = String(maximumAge) }
        if page.isPreflight { response["Access-Control-Allow-Private-Network"] = "true" }
        response.append("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
    }
}

/// A service that lets web pages use some of what it holds.
package protocol CrossOriginGranting: Sendable {
    /// What `page` may do with what `request` names; nil if nothing.
    func grant(to page: CrossOriginRequest, for request: HTTPRequest) -> CrossOriginGrant?
}
