internal import EmulatorCore

/// Which requests the console answers: those to this machine, from its own pages or from no page.
///
/// The emulator's listener checks the same for all of its paths; the console must not depend on who serves it.
/// - SeeAlso: <https://www.w3.org/TR/fetch-metadata/>, <https://www.w3.org/TR/CSP3/>
enum ConsoleGuard {
    static let headers: [(String, String)] = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ]

    static func check(_ request: HTTPRequest) throws(ConsoleFault) {
        guard let host = request.headers["Host"]?.lowercased(), isLoopback(host) else {
            throw .refused("the console answers to a name of this machine only, such as 127.0.0.1 or localhost")
        }
        if let origin = request.headers["Origin"]?.lowercased(), origin != "http://\(host)" {
            throw .refused("a web page of \(origin) sent this request")
        }
        if let site = request.headers["Sec-Fetch-Site"], site != "same-origin", site != "none" {
            throw .refused("a web page from elsewhere sent this request; copy its address into the browser")
        }
    }

    /// A page from elsewhere cannot read the token, so what it makes a browser send has none.
    static func checkToken(_ request: HTTPRequest, _ token: String) throws(ConsoleFault) {
        guard let given = request.headers["X-Cupel-Token"], isSame(given, token) else {
            throw .refused("the header X-Cupel-Token is missing or wrong; /console/api/session has the token")
        }
    }

    /// Takes the same time wherever the two differ.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    static func isLoopback(_ host: String) -> Bool {
        let name =
            host.hasPrefix("[") ? String(host.prefix { $0 != "]" }.dropFirst()) : String(host.prefix { $0 != ":" })
        if name == "::1" || name == "localhost" || name.hasSuffix(".localhost") { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts[0] == 127 && !parts.contains(nil)
    }
}
