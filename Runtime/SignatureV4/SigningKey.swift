internal import Digest

/// The key of a day, a region and a service, which is derived from a secret access key.
public struct SigningKey: Sendable, CustomStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    public init(secret: String, scope: CredentialScope) {
        var key = Array("AWS4\(secret)".utf8)
        for part in [scope.day, scope.region, scope.service, CredentialScope.terminator] {
            key = Digest.hmacSHA256(Array(part.utf8), key: key)
        }
        bytes = key
    }

    /// The signature of a string to sign, in hexadecimal.
    public func signature(of text: String) -> String { Digest.hmacSHA256(Array(text.utf8), key: bytes).hexadecimal }

    public var description: String { "a signing key" }
    /// Keeps the key out of `dump` and of failure messages.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
