/// Refuses requests that a browser sends for a web page from elsewhere.
///
/// The emulator checks no signatures unless asked to, so without this any page in the user's browser could create a
/// function and run it. Browsers name the page in `Origin` and `Sec-Fetch-Site`, which scripts cannot set; other clients
/// send neither. A `Host` that is not this machine's means that a page let its own name resolve to 127.0.0.1 (DNS
/// rebinding).
/// - SeeAlso: <https://www.w3.org/TR/fetch-metadata/>
package struct BrowserGuard: Sendable {
    /// What a service lets a page do with what a request names; nil if nothing.
    package typealias Grants = @Sendable (CrossOriginRequest, HTTPRequest) -> CrossOriginGrant?

    private enum Sender {
        /// A client outside a browser.
        case client
        /// The user in a browser, or a page that the emulator served.
        case ownPage
        case page(CrossOriginRequest, CrossOriginGrant)
        /// Refused for this reason.
        case stranger(String)
    }

    private let origins: Set<String>
    private let hosts: [String]
    private let grants: Grants

    /// - Parameters:
    ///   - origins: pages that may send any request, such as `http://localhost:5173`.
    ///   - hosts: names of this machine beside the loopback ones. Names below them are admitted too.
    ///   - grants: what services let other pages do.
    package init(origins: [String] = [], hosts: [String] = [], grants: @escaping Grants = { _, _ in nil }) {
        self.origins = Set(origins.map { $0.lowercased() })
        self.hosts = hosts.map { $0.lowercased() }
        self.grants = grants
    }

    /// Passes a request on, unless a page from elsewhere sent it.
    package func respond(to request: HTTPRequest, by responder: Responder) async -> HTTPResponse {
        switch sender(of: request) {
        case .client: return await responder(request)
        case .ownPage:
            var response = await responder(request)
            // An object that is a page must not act as a page of the emulator.
            if response.headers["Content-Security-Policy"] == nil {
                response.headers["Content-Security-Policy"] = "sandbox allow-scripts"
            }
            return response
        case .page(let page, let grant):
            var response = page.isPreflight ? HTTPResponse(status: 200) : await responder(request)
            grant.add(to: &response.headers, for: page)
            return response
        case .stranger(let reason): return Self.refusal(reason)
        }
    }

    private func sender(of request: HTTPRequest) -> Sender {
        let host = request.headers["Host"]?.lowercased()
        // A client may be directed here under the name of an AWS endpoint. A page cannot have such a name, unless the
        // network's name server is the attacker's: a browser is refused.
        if let host, !isOwn(host), request.headers["Origin"] != nil || !Self.isOfAWS(host) {
            return .stranger(
                "The host \(host) is not a name of this machine. If it is, start the emulator with --allow-host.")
        }
        let site = request.headers["Sec-Fetch-Site"]
        guard let page = CrossOriginRequest(request), page.origin != host.map({ "http://\($0)" }) else {
            switch site {
            case nil where request.headers["Origin"] == nil: return .client
            case nil, "same-origin", "none": return .ownPage
            case .some:
                return .stranger("A web page from elsewhere sent this request, and its browser does not say which.")
            }
        }
        if origins.contains(page.origin) { return .page(page, CrossOriginGrant(anyRequestOf: page)) }
        if let grant = grants(page, request) { return .page(page, grant) }
        guard page.origin != "null" else {
            return .stranger("A web page without an origin, such as a file or a sandboxed frame, sent this request.")
        }
        return .stranger(
            "A web page of \(page.origin) sent this request. "
                + "If you trust the page, start the emulator with --allow-origin \(page.origin).")
    }

    private static func isOfAWS(_ host: String) -> Bool { host.prefix { $0 != ":" }.hasSuffix(".amazonaws.com") }

    private func isOwn(_ host: String) -> Bool {
        // As functions and the command call it, without a look at its parts.
        if host.utf8.starts(with: "127.0.0.1:".utf8) { return true }
        let name =
            host.hasPrefix("[") ? String(host.prefix { $0 != "]" }.dropFirst()) : String(host.prefix { $0 != ":" })
        if name == "::1" || name == "localhost" || name.hasSuffix(".localhost") { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        if parts.count == 4, parts[0] == 127, !parts.contains(nil) { return true }
        return hosts.contains { name == $0 || name.hasSuffix("." + $0) }
    }

    private static func refusal(_ reason: String) -> HTTPResponse {
        HTTPResponse(
            status: 403, headers: HTTPHeaders([("Content-Type", "text/plain"), ("X-Content-Type-Options", "nosniff")]),
            body: .bytes(Array((reason + "\n").utf8)))
    }
}

/// Opens listeners whose requests pass a ``BrowserGuard`` first.
package struct GuardedListening: Listening {
    private let base: any Listening
    private let browserGuard: BrowserGuard

    package init(_ base: any Listening, by browserGuard: BrowserGuard) {
        self.base = base
        self.browserGuard = browserGuard
    }

    /// The same, with other grants.
    package func granting(_ grants: @escaping BrowserGuard.Grants) -> GuardedListening {
        GuardedListening(base, by: BrowserGuard(grants: grants))
    }

    package func listen(port: Int, respond: @escaping Responder) async throws -> any Listener {
        try await base.listen(port: port) { [browserGuard] in await browserGuard.respond(to: $0, by: respond) }
    }
}
