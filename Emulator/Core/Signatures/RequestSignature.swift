internal import SignatureV4
internal import Time
internal import URLCoding

/// The signature of a request with what it says about itself, from the `Authorization` header or the query.
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html>
struct RequestSignature {
    let keyID: String
    let scope: CredentialScope
    /// The names in lower case.
    let signedHeaders: [String]
    let signature: String
    /// The time of the signature as it was signed: `20130524T000000Z`.
    let timeText: String
    let time: Timestamp
    let token: String?
    /// For how many seconds a presigned URL is valid; nil for a header.
    let lifetime: Int64?
    let isPresigned: Bool

    /// - Parameter query: the decoded parameters of the query.
    init(_ request: HTTPRequest, query: [(name: String, value: String)]) throws(SignatureFault) {
        func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }
        let isPresigned = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"].contains { parameter($0) != nil }
        guard let authorization = request.headers["Authorization"] else {
            guard isPresigned else {
                throw parameter("AWSAccessKeyId") != nil && parameter("Signature") != nil ? .unsupported : .missing
            }
            try self.init(presigned: parameter)
            return
        }
        guard !isPresigned else { throw .ambiguous }
        try self.init(authorization, request.headers)
    }

    private init(_ authorization: String, _ headers: HTTPHeaders) throws(SignatureFault) {
        let algorithm = authorization.prefix { $0 != " " }
        guard algorithm == CredentialScope.algorithm else {
            throw algorithm.hasPrefix("AWS") ? .unsupported : .missing
        }
        var parts: [String: String] = [:]
        for part in authorization.dropFirst(algorithm.count).split(separator: ",") {
            let trimmed = part.drop { $0 == " " }
            guard let equals = trimmed.firstIndex(of: "=") else {
                throw .incomplete(
                    "'\(trimmed)' not a valid key=value pair (missing equal-sign) in Authorization header.")
            }
            let value = trimmed[trimmed.index(after: equals)...]
            parts[String(trimmed[..<equals])] = String(value.reversed().drop { $0 == " " }.reversed())
        }
        let date = headers["X-Amz-Date"] ?? headers["Date"]
        var lacks = ["Credential", "Signature", "SignedHeaders"].filter { parts[$0]?.isEmpty != false }.map {
            "Authorization header requires '\($0)' parameter."
        }
        if date == nil {
            lacks.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        }
        guard lacks.isEmpty, let credential = parts["Credential"], let date else {
            throw .incomplete(lacks.joined(separator: " "))
        }
        guard let time = Timestamp(basicISO8601: date) ?? Timestamp(httpDate: date) else {
            throw .incomplete("Date must be in ISO-8601 'basic format'. Got '\(date)'.")
        }
        (keyID, scope) = try Self.split(credential) { .incomplete($0) }
        signedHeaders = Self.names(parts["SignedHeaders"] ?? "")
        signature = parts["Signature"] ?? ""
        timeText = time.basicISO8601
        self.time = time
        token = headers["X-Amz-Security-Token"]
        lifetime = nil
        isPresigned = false
    }

    private init(presigned parameter: (String) -> String?) throws(SignatureFault) {
        guard let algorithm = parameter("X-Amz-Algorithm"), let credential = parameter("X-Amz-Credential"),
            let signature = parameter("X-Amz-Signature"), let date = parameter("X-Amz-Date"),
            let names = parameter("X-Amz-SignedHeaders")
        else {
            throw .incompleteQuery(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
                    + "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
        }
        guard algorithm == CredentialScope.algorithm else { throw .unsupported }
        guard let time = Timestamp(basicISO8601: date) else {
            throw .incompleteQuery("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        }
        (keyID, scope) = try Self.split(credential) { .incompleteQuery($0) }
        signedHeaders = Self.names(names)
        self.signature = signature
        timeText = date
        self.time = time
        token = parameter("X-Amz-Security-Token")
        lifetime = parameter("X-Amz-Expires").flatMap { Int64($0) }
        isPresigned = true
    }

    private static func names(_ text: String) -> [String] { text.lowercased().split(separator: ";").map(String.init) }

    /// Splits a credential `<key>/<day>/<region>/<service>/aws4_request`. A key may contain slashes.
    private static func split(
        _ credential: String, _ fault: (String) -> SignatureFault
    ) throws(SignatureFault) -> (String, CredentialScope) {
        let parts = credential.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 5 else {
            throw fault(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
                    + "got '\(credential)'")
        }
        let scope = parts.suffix(4).map { $0 }
        guard scope[3] == CredentialScope.terminator else {
            throw .scope("Credential should be scoped with a valid terminator: 'aws4_request', not '\(scope[3])'.")
        }
        return (
            parts.dropLast(4).joined(separator: "/"),
            CredentialScope(day: scope[0], region: scope[1], service: scope[2])
        )
    }
}
