internal import Digest
internal import SignatureV4
package import Time
internal import URLCoding

/// Verifies the signatures of requests, Signature Version 4, as AWS's services do.
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>
package struct SignatureVerifier: Sendable {
    private let keys: [String: AccessKey]
    /// Knows the keys of assumed roles.
    private let sessions: SessionKeys?
    private let clock: ClockAndChance
    /// The region for which requests must be signed.
    private let region: String
    /// The largest body in bytes that any service but S3 takes: a function's archive, in Base64.
    private static let largestBody = 70 << 20

    package init(_ keys: [AccessKey], region: String, clock: ClockAndChance, sessions: SessionKeys? = nil) {
        self.sessions = sessions
        self.region = region
        self.keys = Dictionary(keys.map { ($0.id, $0) }) { $1 }
        self.clock = clock
    }

    /// Verifies a request before its service sees it. S3 verifies the body while it arrives, against the signed hash.
    /// - Parameter service: the name for which the request must be signed, such as `dynamodb`.
    /// - Returns: the request for the service.
    package func verified(_ request: HTTPRequest, for service: String) async throws(SignatureFault) -> HTTPRequest {
        let query = Self.parameters(request.query)
        let signature = try RequestSignature(request, query: query)
        try checkScope(of: signature, service)
        let key = try key(of: signature)
        try checkTime(of: signature, service)
        try Self.checkHeaders(request.headers, signature)

        var request = request
        let bodyHash = service == "s3" ? try Self.signedHash(&request, signature, query) : try await Self.hash(&request)
        let canonical = CanonicalRequest(
            method: request.method, path: service == "s3" ? Self.reencoded(request.path) : request.path,
            query: CanonicalRequest.query(query.filter { !signature.isPresigned || $0.name != "X-Amz-Signature" }),
            headers: request.headers.fields.map { ($0.name.lowercased(), $0.value) }.filter { field in
                signature.signedHeaders.contains(field.0)
            }, bodyHash: bodyHash, isForS3: service == "s3")
        let text = signature.scope.stringToSign(canonical, at: signature.timeText)
        let signingKey = SigningKey(secret: key.secret, scope: signature.scope)
        guard Array(signingKey.signature(of: text).utf8).equalsInConstantTime(Array(signature.signature.utf8)) else {
            throw .mismatch(
                .init(
                    keyID: key.id, signature: signature.signature, stringToSign: text,
                    canonicalRequest: canonical.text))
        }
        if bodyHash.hasPrefix("STREAMING-AWS4-HMAC-SHA256-PAYLOAD") {
            request.chunkSignatures = ChunkSignatures(
                signature, key: signingKey, coversTrailers: bodyHash.hasSuffix("-TRAILER"))
        }
        return request
    }

    private func key(of signature: RequestSignature) throws(SignatureFault) -> AccessKey {
        if let key = keys[signature.keyID] {
            guard signature.token == key.token else { throw .wrongToken }
            return key
        }
        guard let token = signature.token, let found = sessions?.session(ofToken: token),
            found.key.id == signature.keyID
        else { throw .unknownKey(signature.keyID) }
        guard found.session.expiresAt > clock.now().milliseconds else { throw .expiredToken }
        return found.key
    }

    private func checkScope(of signature: RequestSignature, _ service: String) throws(SignatureFault) {
        guard signature.scope.service == service else {
            throw .scope("Credential should be scoped to correct service: '\(service)'. ")
        }
        guard signature.scope.region == region || Self.isGlobal(service, in: signature.scope.region) else {
            throw .region(signature.scope.region, expected: region, isPresigned: signature.isPresigned)
        }
        let day = signature.timeText.prefix(8)
        guard signature.scope.day == day else {
            throw .scope(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                    + "'\(signature.scope.day)' != '\(day)', from '\(signature.timeText)'.")
        }
    }

    /// Whether the service has one endpoint for all regions, whose requests are signed for this one.
    /// - SeeAlso: <https://docs.aws.amazon.com/general/latest/gr/rande.html#global-endpoints>
    private static func isGlobal(_ service: String, in region: String) -> Bool {
        ["iam", "sts"].contains(service) && region == "us-east-1"
    }

    /// S3 itself checks the time of presigned URLs, also where nothing else is verified.
    private func checkTime(of signature: RequestSignature, _ service: String) throws(SignatureFault) {
        if signature.isPresigned, service == "s3" { return }
        let now = clock.now()
        let age = now.milliseconds(since: signature.time)
        guard age >= -SignatureFault.allowedSkew else { throw .skewed(signature.time, now: now) }
        guard signature.isPresigned else {
            guard age <= SignatureFault.allowedSkew else { throw .skewed(signature.time, now: now) }
            return
        }
        let lifetime = min(max(signature.lifetime ?? 900, 0), 7 * 86_400) * 1000
        guard age < lifetime else {
            throw .expired(signature.time.advanced(byMilliseconds: lifetime), now: now)
        }
    }

    /// Checks that what a service decides by is signed: the host and AWS's own headers.
    private static func checkHeaders(_ headers: HTTPHeaders, _ signature: RequestSignature) throws(SignatureFault) {
        let present = headers.fields.map { $0.name.lowercased() }
        let required = Set(present.filter { $0.hasPrefix("x-amz-") } + ["host"])
        let unsigned = required.subtracting(signature.signedHeaders).sorted()
        guard unsigned.isEmpty else { throw .unsignedHeaders(unsigned) }
    }

    /// The hash that the body of a request to S3 must have, or the word for how it is verified.
    private static func signedHash(
        _ request: inout HTTPRequest, _ signature: RequestSignature, _ query: [(name: String, value: String)]
    ) throws(SignatureFault) -> String {
        let inQuery = query.first { $0.name == "X-Amz-Content-Sha256" }?.value
        let named = request.headers["x-amz-content-sha256"] ?? (signature.isPresigned ? inQuery : nil)
        guard let hash = named ?? (signature.isPresigned ? "UNSIGNED-PAYLOAD" : nil) else { throw .bodyHash(nil) }
        let words = [
            "UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        ]
        let isHash = hash.utf8.count == 64 && hash.utf8.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
        guard isHash || words.contains(hash) else { throw .bodyHash(hash) }
        // Where the body is read, it is compared with this header.
        request.headers["x-amz-content-sha256"] = hash
        return hash
    }

    /// The hash of the whole body, which is read for it.
    private static func hash(_ request: inout HTTPRequest) async throws(SignatureFault) -> String {
        do {
            let bytes = try await request.body.collect(upTo: largestBody)
            request.body = RequestBody(bytes)
            return Digest.sha256(bytes).hexadecimal
        } catch {
            throw .unreadable(error as? AWSFault ?? .internalFailure(error))
        }
    }

    /// The path with each byte encoded as signers do, however the client wrote it.
    private static func reencoded(_ path: String) -> String {
        String(percentDecoding: path)?.percentEncoded(keeping: .path) ?? path
    }

    private static func parameters(_ query: String) -> [(name: String, value: String)] {
        query.split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { half in
                String(percentDecoding: String(half)) ?? String(half)
            }
            return (halves[0], halves.count > 1 ? halves[1] : "")
        }
    }
}
