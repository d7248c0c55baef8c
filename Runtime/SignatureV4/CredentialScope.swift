internal import Digest
public import Time

/// What a signature is valid for: a day, a region and a service.
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
public struct CredentialScope: Sendable, Hashable, CustomStringConvertible {
    public static let algorithm = "AWS4-HMAC-SHA256"
    /// The last part of every scope.
    public static let terminator = "aws4_request"

    /// The day, as in `20130524`.
    public let day: String
    public let region: String
    /// The service's name in the scope, such as `dynamodb`.
    public let service: String

    public init(day: String, region: String, service: String) {
        self.day = day
        self.region = region
        self.service = service
    }

    public init(at time: Timestamp, region: String, service: String) {
        self.init(day: String(time.basicISO8601.prefix(8)), region: region, service: service)
    }

    public var description: String { "\(day)/\(region)/\(service)/\(Self.terminator)" }

    /// The text that the signature of a request signs.
    /// - Parameter time: in the form `20130524T000000Z`.
    public func stringToSign(_ request: CanonicalRequest, at time: String) -> String {
        """
        \(Self.algorithm)
        \(time)
        \(self)
        \(Digest.sha256(request.text).hexadecimal)
        """
    }

    /// The text that the signature of a chunk of a body signs.
    /// - Parameters:
    ///   - previous: the signature of the chunk before, or of the request.
    ///   - hash: the SHA-256 of the chunk's data, in hexadecimal.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>
    public func stringToSign(chunk hash: String, after previous: String, at time: String) -> String {
        """
        \(Self.algorithm)-PAYLOAD
        \(time)
        \(self)
        \(previous)
        \(Digest.sha256([]).hexadecimal)
        \(hash)
        """
    }

    /// The text that the signature of the trailers after the last chunk signs.
    /// - Parameter hash: the SHA-256 of the lines `name:value`, in hexadecimal.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>
    public func stringToSign(trailers hash: String, after previous: String, at time: String) -> String {
        """
        \(Self.algorithm)-TRAILER
        \(time)
        \(self)
        \(previous)
        \(hash)
        """
    }
}
