internal import CRC
internal import Digest
internal import EmulatorCore

/// The checksums that S3 stores with an object.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>
enum ChecksumAlgorithm: String, Sendable, CaseIterable {
    case crc32 = "CRC32"
    case crc32c = "CRC32C"
    case crc64nvme = "CRC64NVME"
    case sha1 = "SHA1"
    case sha256 = "SHA256"

    /// The header or trailer that carries it.
    var header: String { "x-amz-checksum-\(rawValue.lowercased())" }
    /// The element of a document that carries it.
    var element: String { "Checksum\(rawValue)" }

    /// Nil for a hash.
    var crc: CyclicRedundancyCheck.Algorithm? {
        switch self {
        case .crc32: .crc32
        case .crc32c: .crc32c
        case .crc64nvme: .crc64nvme
        case .sha1, .sha256: nil
        }
    }

    /// The value's length in bytes.
    var length: Int {
        switch self {
        case .crc32, .crc32c: 4
        case .crc64nvme: 8
        case .sha1: 20
        case .sha256: 32
        }
    }

    init?(header: String) {
        let name = header.lowercased()
        guard let match = Self.allCases.first(where: { $0.header == name }) else { return nil }
        self = match
    }
}

/// A checksum with its algorithm.
struct Checksum: Sendable, Equatable {
    /// The bytes that a multipart object's checksum covers.
    enum Scope: String, Sendable {
        /// All bytes of the object.
        case fullObject = "FULL_OBJECT"
        /// The checksums of the parts.
        case composite = "COMPOSITE"
    }

    var algorithm: ChecksumAlgorithm
    /// In Base64; a composite one with `-` and the number of parts.
    var value: String
    var scope = Scope.fullObject
}

/// A checksum of bytes that arrive in pieces.
struct RunningChecksum: ~Copyable {
    let algorithm: ChecksumAlgorithm
    private var check: CyclicRedundancyCheck?
    private var digest: Digest?

    init(_ algorithm: ChecksumAlgorithm) {
        self.algorithm = algorithm
        check = algorithm.crc.map { CyclicRedundancyCheck($0) }
        digest = algorithm.crc == nil ? Digest(algorithm == .sha1 ? .sha1 : .sha256) : nil
    }

    mutating func update(_ bytes: [UInt8]) {
        if check != nil { check?.update(bytes) } else { digest?.update(bytes) }
    }

    consuming func finish() -> [UInt8] {
        if let check, let crc = algorithm.crc { return crc.bytes(of: check.value) }
        return digest.take()?.finish() ?? []
    }
}
