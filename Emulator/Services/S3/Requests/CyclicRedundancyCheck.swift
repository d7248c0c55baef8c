internal import EmulatorCore

/// A reflected CRC with all-ones start and end values, of up to 64 bits: the family that S3's checksums are of.
///
/// Eight bytes go through eight tables at a time.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>
struct CyclicRedundancyCheck: Sendable {
    /// A polynomial and its tables.
    final class Polynomial: Sendable {
        let width: Int
        /// Bit-reflected: the coefficient of x^0 is the highest bit of the width.
        let reflected: UInt64
        fileprivate let tables: [UInt64]

        init(width: Int, reflected: UInt64) {
            self.width = width
            self.reflected = reflected
            var tables = [UInt64](repeating: 0, count: 8 * 256)
            for byte in 0..<256 {
                var remainder = UInt64(byte)
                for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ reflected : remainder >> 1 }
                tables[byte] = remainder
            }
            for position in 256..<tables.count {
                let previous = tables[position - 256]
                tables[position] = previous >> 8 ^ tables[Int(previous & 0xFF)]
            }
            self.tables = tables
        }

        static let crc32 = Polynomial(width: 32, reflected: 0xEDB8_8320)
        static let crc32c = Polynomial(width: 32, reflected: 0x82F6_3B78)
        static let crc64NVMe = Polynomial(width: 64, reflected: 0x9A6C_9329_AC4B_C9B5)

        fileprivate var ones: UInt64 { UInt64.max >> UInt64(64 - width) }

        /// The product of two polynomials modulo this one.
        fileprivate func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
            var product: UInt64 = 0
            var right = right
            for bit in (0..<width).reversed() {
                if left >> UInt64(bit) & 1 == 1 { product ^= right }
                right = right & 1 == 1 ? right >> 1 ^ reflected : right >> 1
            }
            return product
        }
    }

    private let polynomial: Polynomial
    private var remainder: UInt64

    init(_ polynomial: Polynomial) {
        self.polynomial = polynomial
        remainder = polynomial.ones
    }

    mutating func update(_ bytes: [UInt8]) {
        let tables = polynomial.tables
        var remainder = remainder
        var position = 0
        while position + 8 <= bytes.count {
            var word: UInt64 = 0
            for byte in 0..<8 { word |= UInt64(bytes[position + byte]) << UInt64(8 * byte) }
            word ^= remainder
            remainder = 0
            for byte in 0..<8 {
                remainder ^= tables[(7 - byte) * 256 + Int(word >> UInt64(8 * byte) & 0xFF)]
            }
            position += 8
        }
        while position < bytes.count {
            remainder = remainder >> 8 ^ tables[Int((remainder ^ UInt64(bytes[position])) & 0xFF)]
            position += 1
        }
        self.remainder = remainder
    }

    var value: UInt64 { remainder ^ polynomial.ones }

    /// The value in big-endian bytes, as S3 encodes it.
    var bytes: [UInt8] { Self.bytes(of: value, polynomial) }

    static func bytes(of value: UInt64, _ polynomial: Polynomial) -> [UInt8] {
        (0..<polynomial.width / 8).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    /// The CRC of two texts one after the other, from the CRC of each.
    /// - Parameter count: the second text's length in bytes.
    static func joined(_ first: UInt64, _ second: UInt64, count: Int, _ polynomial: Polynomial) -> UInt64 {
        // Appending a byte multiplies by x^8; the power is made by squaring.
        var shift = UInt64(1) << UInt64(polynomial.width - 1)
        var square = UInt64(1) << UInt64(polynomial.width - 9)
        var rest = count
        while rest > 0 {
            if rest & 1 == 1 { shift = polynomial.product(shift, square) }
            square = polynomial.product(square, square)
            rest >>= 1
        }
        return polynomial.product(shift, first) ^ second
    }
}
