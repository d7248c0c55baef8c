internal import Digest
internal import Time
internal import URLCoding

/// Signs requests with AWS Signature Version 4, in the `Authorization` header.
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
struct Signer: Sendable {
    let credentials: Credentials
    let region: String
    /// The service's name in the credential scope, such as `dynamodb`.
    let service: String

    private static let algorithm = "AWS4-HMAC-SHA256"

    /// Adds `Host`, `X-Amz-Date`, the session token and, for S3, the hash of the body, and then the signature.
    func sign(_ request: inout HTTPRequest, at time: Timestamp) {
        let bodyHash = Digest.sha256(request.body).hexadecimal
        request.headers["host"] = request.origin.authority
        request.headers["x-amz-date"] = time.basicISO8601
        request.headers["x-amz-security-token"] = credentials.sessionToken
        if service == "s3" { request.headers["x-amz-content-sha256"] = bodyHash }

        // S3 signs the path as sent. Every other service signs the sent path encoded once more.
        let canonical = canonicalRequest(request, bodyHash: bodyHash, encodesPathTwice: service != "s3")
        request.headers["authorization"] =
            "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope(at: time)), "
            + "SignedHeaders=\(canonical.signedHeaders), Signature=\(signature(of: canonical.text, at: time))"
    }

    private func scope(at time: Timestamp) -> String {
        "\(time.basicISO8601.prefix(8))/\(region)/\(service)/aws4_request"
    }

    func signature(of canonicalRequest: String, at time: Timestamp) -> String {
        let stringToSign = """
            \(Self.algorithm)
            \(time.basicISO8601)
            \(scope(at: time))
            \(Digest.sha256(canonicalRequest).hexadecimal)
            """
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [String(time.basicISO8601.prefix(8)), region, service, "aws4_request", stringToSign] {
            key = Digest.hmacSHA256(Array(part.utf8), key: key)
        }
        return key.hexadecimal
    }

    /// The canonical form of the request, which client and service hash.
    func canonicalRequest(
        _ request: HTTPRequest, bodyHash: String, encodesPathTwice: Bool
    ) -> (text: String, signedHeaders: String) {
        let path = request.encodedPath
        var values: [String: [String]] = [:]
        for field in request.headers.fields { values[field.name, default: []].append(Self.collapsed(field.value)) }
        let names = values.keys.sorted()
        let headers = names.map { "\($0):\(values[$0, default: []].joined(separator: ","))\n" }.joined()
        let signedHeaders = names.joined(separator: ";")
        let text = """
            \(request.method.rawValue)
            \(encodesPathTwice ? path.percentEncoded(keeping: .path) : path)
            \(request.encodedQuery)
            \(headers)
            \(signedHeaders)
            \(bodyHash)
            """
        return (text, signedHeaders)
    }

    /// Removes spaces around a value and replaces runs of spaces inside by one.
    private static func collapsed(_ value: String) -> String {
        value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
}
