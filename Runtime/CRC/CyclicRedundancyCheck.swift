internal import CKernels

/// A running cyclic redundancy check over bytes that arrive in pieces, of the family that gzip, Parquet and S3 use:
/// reflected, all ones at the start, inverted at the end.
///
/// - SeeAlso: <https://reveng.sourceforge.io/crc-catalogue/all.htm>,
///   <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>
public struct CyclicRedundancyCheck: Sendable {
    public enum Algorithm: Sendable, Hashable {
        /// Of gzip, Parquet and Ethernet.
        case crc32
        /// Castagnoli's, of iSCSI.
        case crc32c
        case crc64nvme
    }

    private let algorithm: Algorithm
    private var remainder: UInt64

    public init(_ algorithm: Algorithm) {
        self.algorithm = algorithm
        remainder = algorithm.ones
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        remainder = ck_crc_update(algorithm.kernel.pointer, remainder, start, bytes.count)
    }

    public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// The check of all bytes given so far.
    public var value: UInt64 { remainder ^ algorithm.ones }

    /// The CRC-32 of gzip.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc1952#section-8>
    public static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var check = CyclicRedundancyCheck(.crc32)
        check.update(bytes)
        return UInt32(check.value)
    }

    /// The CRC-32 of gzip.
    public static func crc32(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { crc32($0) } }

    /// The check of two texts one after the other, from the check of each.
    /// - Parameter count: the second text's length in bytes.
    public static func joined(_ first: UInt64, _ second: UInt64, count: Int, _ algorithm: Algorithm) -> UInt64 {
        // Appending a byte multiplies by x^8; the power is made by squaring.
        var shift = UInt64(1) << UInt64(algorithm.width - 1)
        var square = UInt64(1) << UInt64(algorithm.width - 9)
        var rest = count
        while rest > 0 {
            if rest & 1 == 1 { shift = algorithm.product(shift, square) }
            square = algorithm.product(square, square)
            rest >>= 1
        }
        return algorithm.product(shift, first) ^ second
    }
}

extension CyclicRedundancyCheck.Algorithm {
    /// In bits.
    public var width: Int { self == .crc64nvme ? 64 : 32 }

    /// A check's value in big-endian bytes, as S3 encodes it.
    public func bytes(of value: UInt64) -> [UInt8] {
        (0..<width / 8).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    fileprivate var ones: UInt64 { UInt64.max >> UInt64(64 - width) }

    /// The coefficient of x^0 is the highest bit of the width.
    fileprivate var reflectedPolynomial: UInt64 {
        switch self {
        case .crc32: 0xEDB8_8320
        case .crc32c: 0x82F6_3B78
        case .crc64nvme: 0x9A6C_9329_AC4B_C9B5
        }
    }

    /// The product of two polynomials modulo this one.
    fileprivate func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
        var product: UInt64 = 0
        var right = right
        for bit in (0..<width).reversed() {
            if left >> UInt64(bit) & 1 == 1 { product ^= right }
            right = right & 1 == 1 ? right >> 1 ^ reflectedPolynomial : right >> 1
        }
        return product
    }

    fileprivate var kernel: Kernel {
        switch self {
        case .crc32: Kernel.crc32
        case .crc32c: Kernel.crc32c
        case .crc64nvme: Kernel.crc64nvme
        }
    }
}

/// Unchecked: the tables are never written again.
private struct Kernel: @unchecked Sendable {
    let pointer: OpaquePointer

    static let crc32 = Kernel(.crc32)
    static let crc32c = Kernel(.crc32c)
    static let crc64nvme = Kernel(.crc64nvme)

    init(_ algorithm: CyclicRedundancyCheck.Algorithm) {
        guard let pointer = ck_crc_make(algorithm.reflectedPolynomial, UInt32(algorithm.width)) else {
            preconditionFailure("no memory is left")
        }
        self.pointer = pointer
    }
}
