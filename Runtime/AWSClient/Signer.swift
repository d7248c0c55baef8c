internal import Digest
internal import SignatureV4
internal import Time

/// Signs requests with AWS Signature Version 4, in the `Authorization` header.
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
struct Signer: Sendable {
    let credentials: Credentials
    let region: String
    /// The service's name in the credential scope, such as `dynamodb`.
    let service: String

    /// Adds `Host`, `X-Amz-Date`, the session token and, for S3, the hash of the body, and then the signature.
    func sign(_ request: inout HTTPRequest, at time: Timestamp) {
        let bodyHash = Digest.sha256(request.body).hexadecimal
        request.headers["host"] = request.origin.authority
        request.headers["x-amz-date"] = time.basicISO8601
        request.headers["x-amz-security-token"] = credentials.sessionToken
        if service == "s3" { request.headers["x-amz-content-sha256"] = bodyHash }

        let canonical = CanonicalRequest(
            method: request.method.rawValue, path: request.encodedPath, query: request.encodedQuery,
            headers: request.headers.fields.map { ($0.name, $0.value) }, bodyHash: bodyHash, isForS3: service == "s3")
        let scope = CredentialScope(at: time, region: region, service: service)
        let signature = SigningKey(secret: credentials.secretAccessKey, scope: scope)
            .signature(of: scope.stringToSign(canonical, at: time.basicISO8601))
        request.headers["authorization"] =
            "\(CredentialScope.algorithm) Credential=\(credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(canonical.signedHeaders), Signature=\(signature)"
    }
}
