package import Time

/// Why a request is refused before its service sees it.
package enum SignatureFault: Error, Sendable {
    /// The request carries no signature of a version that AWS knows.
    case missing
    /// The request is signed with another version or algorithm.
    case unsupported
    /// The `Authorization` header lacks a part.
    case incomplete(String)
    /// The parameters of a presigned URL are not complete.
    case incompleteQuery(String)
    /// Both a header and the query sign the request.
    case ambiguous
    /// The scope is for another service or day.
    case scope(String)
    /// The scope is for another region than that of the service.
    case region(String, expected: String, isPresigned: Bool)
    case unknownKey(String)
    /// The session token is missing, or not that of the key.
    case wrongToken
    /// The session of the token has ended.
    case expiredToken
    /// These headers had to be signed.
    case unsignedHeaders([String])
    /// S3's `x-amz-content-sha256` is missing or unknown.
    case bodyHash(String?)
    /// The request was signed too long ago, or for a time too far ahead.
    case skewed(Timestamp, now: Timestamp)
    /// A presigned URL has expired.
    case expired(Timestamp, now: Timestamp)
    case mismatch(Mismatch)
    /// The body that was to be verified could not be read.
    case unreadable(AWSFault)
    /// No policy allows the request, or one denies it: the error, with the code of the service.
    case denied(AWSFault)

    /// A signature that is wrong, with what it ought to have signed.
    package struct Mismatch: Sendable, Hashable {
        package var keyID: String
        package var signature: String
        package var stringToSign: String
        /// nil for a chunk of a body.
        package var canonicalRequest: String?
    }

    /// By how many milliseconds the clocks of client and service may differ.
    package static let allowedSkew: Int64 = 15 * 60_000
}

extension SignatureFault {
    /// The error of a service with a JSON protocol.
    /// - Parameter status: 403 for REST, otherwise 400.
    /// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html>,
    ///   <https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html>
    package func jsonFault(status: Int) -> AWSFault {
        switch self {
        case .missing: AWSFault("MissingAuthenticationTokenException", message, status: status)
        case .incomplete, .incompleteQuery, .ambiguous, .unsupported, .bodyHash:
            AWSFault("IncompleteSignatureException", message, status: status)
        case .unknownKey, .wrongToken: AWSFault("UnrecognizedClientException", message, status: status)
        case .expiredToken: AWSFault("ExpiredTokenException", message, status: status)
        case .scope, .region, .unsignedHeaders, .skewed, .expired, .mismatch:
            AWSFault("InvalidSignatureException", message, status: status)
        case .unreadable(let fault), .denied(let fault): fault
        }
    }

    /// The error of a service with the query protocol.
    /// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>
    package var queryFault: AWSFault {
        switch self {
        case .missing: AWSFault("MissingAuthenticationToken", message, status: 403)
        case .incomplete, .incompleteQuery, .ambiguous, .unsupported, .bodyHash:
            AWSFault("IncompleteSignature", message, status: 400)
        case .unknownKey, .wrongToken: AWSFault("InvalidClientTokenId", message, status: 403)
        case .expiredToken: AWSFault("ExpiredToken", message, status: 403)
        case .scope, .region, .unsignedHeaders, .skewed, .expired, .mismatch:
            AWSFault("SignatureDoesNotMatch", message, status: 403)
        case .unreadable(let fault), .denied(let fault): fault
        }
    }

    /// The message of every service but S3.
    private var message: String {
        switch self {
        case .missing: return "Request is missing Authentication Token"
        case .unsupported: return "The request is signed by another algorithm than AWS4-HMAC-SHA256."
        case .incomplete(let text), .incompleteQuery(let text), .scope(let text): return text
        case .region(let region, _, _): return "Credential should be scoped to a valid region, not '\(region)'. "
        case .ambiguous:
            return "The request is signed by its Authorization header and by its query; expected one of them."
        case .unknownKey, .wrongToken: return "The security token included in the request is invalid."
        case .expiredToken: return "The security token included in the request is expired"
        case .bodyHash(let hash): return "The body's hash \(hash ?? "") is not SHA-256 in hexadecimal."
        case .unsignedHeaders(let names):
            return names.map { "'\($0)' must be a 'SignedHeader' in the AWS Authorization." }.joined(separator: " ")
        case .skewed(let time, let now):
            let limit = now.advanced(byMilliseconds: time < now ? -Self.allowedSkew : Self.allowedSkew).basicISO8601
            return time < now
                ? "Signature expired: \(time.basicISO8601) is now earlier than \(limit) (\(now.basicISO8601) - 15 min.)"
                : "Signature not yet current: \(time.basicISO8601) is still later than \(limit) "
                    + "(\(now.basicISO8601) + 15 min.)"
        case .expired(let time, let now):
            return "Signature expired: \(time.basicISO8601) is now earlier than \(now.basicISO8601)"
        case .mismatch(let mismatch):
            return """
                The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                Access Key and signing method. Consult the service documentation for details.

                The Canonical String for this request should have been
                '\(mismatch.canonicalRequest ?? "")'

                The String-to-Sign should have been
                '\(mismatch.stringToSign)'

                """
        case .unreadable(let fault), .denied(let fault): return fault.message
        }
    }
}
