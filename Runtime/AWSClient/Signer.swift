internal import Digest
internal import SignatureV4
internal import Synchronization
internal import Time

/// Signs requests with AWS Signature Version 4, in the `Authorization` header.
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
struct Signer: Sendable {
    let credentials: Credentials
    let region: String
    /// The service's name in the credential scope, such as `dynamodb`.
    let service: String
    /// Keeps keys from one request to the next; without it, each request derives its own.
    var keys: SigningKeys?

    /// Adds `Host`, `X-Amz-Date`, the session token and, for S3, the hash of the body, and then the signature.
    func sign(_ request: inout HTTPRequest, at time: Timestamp) {
        let stamp = time.basicISO8601
        let bodyHash = Digest.sha256(request.body).hexadecimal
        request.headers["host"] = request.origin.authority
        request.headers["x-amz-date"] = stamp
        request.headers["x-amz-security-token"] = credentials.sessionToken
        if service == "s3" { request.headers["x-amz-content-sha256"] = bodyHash }

        let canonical = CanonicalRequest(
            method: request.method.rawValue, path: request.encodedPath, query: request.encodedQuery,
            headers: request.headers.fields.map { ($0.name, $0.value) }, bodyHash: bodyHash, isForS3: service == "s3")
        let scope = CredentialScope(day: String(stamp.prefix(8)), region: region, service: service)
        let secret = credentials.secretAccessKey
        let key = keys?.key(of: secret, for: scope) ?? SigningKey(secret: secret, scope: scope)
        let signature = key.signature(of: scope.stringToSign(canonical, at: stamp))
        request.headers["authorization"] =
            "\(CredentialScope.algorithm) Credential=\(credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(canonical.signedHeaders), Signature=\(signature)"
    }
}

/// The keys that were derived last, one for each service. To derive one takes four of the five hashes of a short request's
/// signature.
final class SigningKeys: Sendable {
    private struct Derived {
        var secret = ""
        var keys: [CredentialScope: SigningKey] = [:]
    }

    private let derived = Mutex(Derived())
    /// A client calls few services, and each day has new keys.
    private static let limit = 32

    init() {}

    func key(of secret: String, for scope: CredentialScope) -> SigningKey {
        derived.withLock { derived in
            if derived.secret != secret || derived.keys.count >= Self.limit { derived = Derived(secret: secret) }
            if let known = derived.keys[scope] { return known }
            let key = SigningKey(secret: secret, scope: scope)
            derived.keys[scope] = key
            return key
        }
    }
}
