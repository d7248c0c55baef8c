internal import Digest
internal import SignatureV4

/// Verifies the signatures of a body's chunks. Each continues the one before, and the first the request's.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>
package struct ChunkSignatures: Sendable {
    private let key: SigningKey
    private let keyID: String
    private let scope: CredentialScope
    private let time: String
    /// Whether the trailers are signed too.
    package let coversTrailers: Bool
    private var previous: String

    init(_ request: RequestSignature, key: SigningKey, coversTrailers: Bool) {
        self.key = key
        keyID = request.keyID
        scope = request.scope
        time = request.timeText
        self.coversTrailers = coversTrailers
        previous = request.signature
    }

    /// - Parameter hash: the SHA-256 of the chunk's data.
    package mutating func verify(_ signature: String, ofChunk hash: [UInt8]) throws(SignatureFault) {
        try verify(signature, of: scope.stringToSign(chunk: hash.hexadecimal, after: previous, at: time))
    }

    /// - Parameter trailers: names in lower case and values, in the order in which they arrived.
    package mutating func verify(
        _ signature: String, ofTrailers trailers: [(name: String, value: String)]
    ) throws(SignatureFault) {
        let lines = trailers.map { "\($0.name):\($0.value)\n" }.joined()
        let hash = Digest.sha256(lines).hexadecimal
        try verify(signature, of: scope.stringToSign(trailers: hash, after: previous, at: time))
    }

    private mutating func verify(_ signature: String, of text: String) throws(SignatureFault) {
        let expected = key.signature(of: text)
        guard Array(expected.utf8).equalsInConstantTime(Array(signature.utf8)) else {
            throw .mismatch(.init(keyID: keyID, signature: signature, stringToSign: text))
        }
        previous = expected
    }
}
