internal import EmulatorCore
internal import Digest

/// Encodes key values as bytes in the order of the values, so that an index of bytes is an index of keys.
enum KeyEncoding {
    /// The value's bytes: UTF-8, the binary itself, or the number's encoding. Nil for other types.
    static func bytes(of value: AttributeValue) -> [UInt8]? {
        switch value {
        case .string(let text): Array(text.utf8)
        case .binary(let bytes): bytes
        case .number(let number): bytes(of: number)
        default: nil
        }
    }

    /// A number as an exponent of 100 and base-100 digits, each one byte, complemented for negatives.
    ///
    /// Zero is the byte 0x80; positive numbers start with it or above, negative numbers below. Negative numbers end in
    /// a byte greater than any digit, because the longer of two negative numbers is the smaller one.
    static func bytes(of number: DecimalNumber) -> [UInt8] {
        guard number.significand != 0 else { return [0x80] }
        var digits = number.digits
        let digitsBeforePoint = number.exponent + digits.count
        if digitsBeforePoint & 1 != 0 { digits.insert(0, at: 0) }
        if digits.count & 1 != 0 { digits.append(0) }
        let exponent = UInt8(192 + (digitsBeforePoint + (digitsBeforePoint & 1)) >> 1)
        var bytes = [number.isNegative ? ~exponent : exponent]
        for place in stride(from: 0, to: digits.count, by: 2) {
            let pair = digits[place] * 10 + digits[place + 1]
            bytes.append(number.isNegative ? 101 - pair : pair + 1)
        }
        if number.isNegative, bytes.count <= longestDigits { bytes.append(102) }
        return bytes
    }

    /// The digits of any number fit in twenty bytes.
    private static let longestDigits = 20

    /// The values of several key attributes as one sequence of bytes in the order of the values. A single attribute
    /// keeps its own bytes.
    /// - Parameters:
    ///   - parts: the values of the first attributes of the key.
    ///   - count: how many attributes the key has.
    static func joined(_ parts: [[UInt8]], of count: Int) -> [UInt8] {
        count > 1 ? parts.flatMap { escaped($0) + end } : parts.first ?? []
    }

    /// Ends a value of a key of several attributes. It sorts before every continuation of the value.
    static let end: [UInt8] = [0, 0]

    /// `bytes` without two zeros in a row, in the same order.
    static func escaped(_ bytes: [UInt8]) -> [UInt8] { bytes.flatMap { $0 == 0 ? [0, 0xFF] : [$0] } }

    /// A hash key's bytes after three bytes of their digest. Scans therefore read in the order of hashes, as on AWS,
    /// and parallel segments are ranges of that order.
    static func scattered(_ bytes: [UInt8]) -> [UInt8] {
        Digest.md5(Array("Outliers".utf8) + bytes).prefix(hashLength) + bytes
    }

    static let hashLength = 3

    /// The first hash of `segment` if the hashes are split into `total` segments; nil after the last segment.
    static func hashStart(ofSegment segment: Int, of total: Int) -> [UInt8]? {
        guard segment < total else { return nil }
        let start = ((1 << 24) * segment + total - 1) / total
        return [UInt8(start >> 16 & 0xFF), UInt8(start >> 8 & 0xFF), UInt8(start & 0xFF)]
    }
}
