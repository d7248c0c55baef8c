internal import EmulatorCore
internal import Time

/// The time for which a presigned URL is valid. Its signature is not its concern.
///
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
struct PresignedURL: Sendable {
    private let signedAt: Timestamp
    private let expiresAt: Timestamp
    /// `X-Amz-Expires` as sent; nil in a URL of signature version 2.
    private let lifetime: String?

    private static let longestLifetime: Int64 = 7 * 86_400

    /// - Returns: nil if the request is not a presigned URL.
    /// - Throws: `AuthorizationQueryParametersError`.
    init?(_ query: S3Query) throws(S3Fault) {
        if query.contains("Signature"), let expires = query["Expires"] {
            guard let seconds = Int64(expires), (0...Int64(Int32.max) * 2).contains(seconds) else {
                throw S3Fault("AccessDenied", "Invalid date (should be seconds since epoch): \(expires)", 403)
            }
            signedAt = Timestamp(milliseconds: 0)
            expiresAt = Timestamp(milliseconds: seconds * 1000)
            lifetime = nil
            return
        }
        guard query.contains("X-Amz-Algorithm") || query.contains("X-Amz-Signature") else { return nil }
        guard let date = query["X-Amz-Date"], let lifetime = query["X-Amz-Expires"] else {
            throw Self.fault(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
                    + "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
        }
        guard let signedAt = Timestamp(basicISO8601: date) else {
            throw Self.fault("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        }
        guard let seconds = Int64(lifetime) else { throw Self.fault("X-Amz-Expires should be a number") }
        guard seconds >= 0 else { throw Self.fault("X-Amz-Expires must be non-negative") }
        guard seconds <= Self.longestLifetime else {
            throw Self.fault(
                "X-Amz-Expires must be less than a week (in seconds); "
                    + "that is, the given X-Amz-Expires must be less than \(Self.longestLifetime) seconds")
        }
        self.signedAt = signedAt
        expiresAt = Timestamp(milliseconds: signedAt.milliseconds + seconds * 1000)
        self.lifetime = lifetime
    }

    /// - Throws: `AccessDenied` if the URL is not valid at this time.
    func check(now: Timestamp) throws(S3Fault) {
        let serverTime = ("ServerTime", now.rfc3339)
        guard signedAt.milliseconds <= now.milliseconds + SignatureFault.allowedSkew else {
            throw S3Fault("AccessDenied", "Request is not valid yet", 403, details: [serverTime])
        }
        guard now < expiresAt else {
            let details = lifetime.map { [("X-Amz-Expires", $0)] } ?? []
            throw S3Fault(
                "AccessDenied", "Request has expired", 403,
                details: details + [("Expires", expiresAt.rfc3339), serverTime])
        }
    }

    private static func fault(_ message: String) -> S3Fault {
        S3Fault("AuthorizationQueryParametersError", message, 400)
    }
}
