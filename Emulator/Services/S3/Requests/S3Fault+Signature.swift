internal import EmulatorCore
internal import Time

extension S3Fault {
    /// S3's error for a signature that is refused.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>
    init(_ fault: SignatureFault) {
        switch fault {
        case .missing: self.init("AccessDenied", "Access Denied", 403)
        case .unsupported:
            self.init(
                "InvalidRequest",
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.", 400)
        case .incomplete(let text), .scope(let text):
            self.init(
                "AuthorizationHeaderMalformed", "The authorization header is malformed; \(text)", 400)
        case .region(let region, let expected, isPresigned: false):
            self.init(
                "AuthorizationHeaderMalformed",
                "The authorization header is malformed; the region '\(region)' is wrong; expecting '\(expected)'", 400,
                details: [("Region", expected)])
        case .region(let region, let expected, isPresigned: true):
            self.init(
                "AuthorizationQueryParametersError",
                "Error parsing the X-Amz-Credential parameter; the region '\(region)' is wrong; expecting '\(expected)'",
                400, details: [("Region", expected)])
        case .incompleteQuery(let text): self.init("AuthorizationQueryParametersError", text, 400)
        case .ambiguous:
            self.init(
                "InvalidArgument",
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
                    + "parameter or the Authorization header should be specified", 400)
        case .unknownKey(let id):
            self.init(
                "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403,
                details: [("AWSAccessKeyId", id)])
        case .wrongToken:
            self.init("InvalidToken", "The provided token is malformed or otherwise invalid.", 400)
        case .expiredToken: self.init("ExpiredToken", "The provided token has expired.", 400)
        case .unsignedHeaders(let names):
            self.init(
                "AccessDenied", "There were headers present in the request which were not signed", 403,
                details: [("HeadersNotSigned", names.joined(separator: ", "))])
        case .bodyHash(nil):
            self.init("InvalidRequest", "Missing required header for this request: x-amz-content-sha256", 400)
        case .bodyHash(let hash?):
            self = .argument(
                "x-amz-content-sha256", hash,
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                    + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER "
                    + "or a valid sha256 value.")
        case .skewed(let time, let now):
            self.init(
                "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.",
                403,
                details: [
                    ("RequestTime", time.basicISO8601), ("ServerTime", now.rfc3339),
                    ("MaxAllowedSkewMilliseconds", String(SignatureFault.allowedSkew)),
                ])
        case .expired(let time, let now):
            self.init(
                "AccessDenied", "Request has expired", 403,
                details: [("Expires", time.rfc3339), ("ServerTime", now.rfc3339)])
        case .mismatch(let mismatch):
            self.init(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                    + "Check your key and signing method.", 403,
                details: [
                    ("AWSAccessKeyId", mismatch.keyID), ("StringToSign", mismatch.stringToSign),
                    ("SignatureProvided", mismatch.signature),
                ] + (mismatch.canonicalRequest.map { [("CanonicalRequest", $0)] } ?? []))
        case .unreadable(let fault), .denied(let fault): self.init(fault.code, fault.message, fault.status)
        }
    }
}
