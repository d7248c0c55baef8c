internal import CCrypto

/// The hash functions that AWS's protocols and the control record need. OpenSSL's libcrypto computes them.
public enum HashFunction: Sendable {
    case sha1
    case sha256
    case sha384
    case sha512
    case md5

    var algorithm: OpaquePointer? {
        switch self {
        case .sha1: Self.sha1Algorithm
        case .sha256: Self.sha256Algorithm
        case .sha384: Self.sha384Algorithm
        case .sha512: Self.sha512Algorithm
        case .md5: Self.md5Algorithm
        }
    }

    // Fetched once: OpenSSL 3 looks for the implementation of `EVP_md5()` and its like with each use, which takes longer than
    // hashing a short text. Unsafe, because the pointers are not known to be constant; nothing changes or frees what they
    // point to.
    private nonisolated(unsafe) static let sha1Algorithm = EVP_MD_fetch(nil, "SHA1", nil)
    private nonisolated(unsafe) static let sha256Algorithm = EVP_MD_fetch(nil, "SHA256", nil)
    private nonisolated(unsafe) static let sha384Algorithm = EVP_MD_fetch(nil, "SHA384", nil)
    private nonisolated(unsafe) static let sha512Algorithm = EVP_MD_fetch(nil, "SHA512", nil)
    private nonisolated(unsafe) static let md5Algorithm = EVP_MD_fetch(nil, "MD5", nil)
}

/// A hash of bytes that arrive in pieces.
public struct Digest: ~Copyable {
    private let context: OpaquePointer

    public init(_ function: HashFunction) {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, function.algorithm, nil) == 1 else {
            preconditionFailure("libcrypto does not offer \(function), or memory is exhausted")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// Returns the hash of all bytes so far. The digest cannot be used afterwards.
    public consuming func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { hash, count in
            var length: UInt32 = 0
            EVP_DigestFinal_ex(context, hash.baseAddress, &length)
            count = Int(length)
        }
    }

    public static func hash(_ bytes: [UInt8], with function: HashFunction) -> [UInt8] {
        var digest = Digest(function)
        digest.update(bytes)
        return digest.finish()
    }

    public static func sha256(_ bytes: [UInt8]) -> [UInt8] { hash(bytes, with: .sha256) }
    public static func sha256(_ text: String) -> [UInt8] { sha256(Array(text.utf8)) }
    public static func md5(_ bytes: [UInt8]) -> [UInt8] { hash(bytes, with: .md5) }

    /// Returns the HMAC-SHA-256 of `message` under `key`: 32 bytes.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc2104>
    public static func hmacSHA256(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        // Two hashes: libcrypto's own function first looks for its implementation, which takes longer than a short message.
        let key = key.count > 64 ? sha256(key) : key
        var inner = Digest(.sha256)
        inner.update(block(of: key, with: 0x36))
        inner.update(message)
        var outer = Digest(.sha256)
        outer.update(block(of: key, with: 0x5C))
        outer.update(inner.finish())
        return outer.finish()
    }

    private static func block(of key: [UInt8], with pad: UInt8) -> [UInt8] {
        var block = [UInt8](repeating: pad, count: 64)
        for position in key.indices { block[position] ^= key[position] }
        return block
    }
}

extension Sequence<UInt8> {
    /// The bytes in lowercase hexadecimal.
    public var hexadecimal: String {
        var text: [UInt8] = []
        text.reserveCapacity(2 * underestimatedCount)
        for byte in self {
            text.append(Self.digit(byte >> 4))
            text.append(Self.digit(byte & 15))
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Sequence<UInt8> {
    @inline(__always) private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}

extension [UInt8] {
    /// Whether both have the same bytes. The time depends on their number only, so that nobody can find a secret byte by byte.
    public func equalsInConstantTime(_ other: [UInt8]) -> Bool {
        count == other.count && CRYPTO_memcmp(self, other, count) == 0
    }
}
