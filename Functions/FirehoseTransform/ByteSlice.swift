#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A view of bytes that something else owns, without a copy.
///
/// A slice is valid only during the call that received it; nothing here stores one beyond an invocation.
struct ByteSlice {
    let start: UnsafePointer<UInt8>
    let count: Int

    init(start: UnsafePointer<UInt8>, count: Int) {
        self.start = start
        self.count = count
    }

    /// Calls `body` with the bytes of `array`.
    static func of<Result>(_ array: [UInt8], _ body: (ByteSlice) throws -> Result) rethrows -> Result {
        try array.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return try body(empty) }
            return try body(ByteSlice(start: start, count: buffer.count))
        }
    }

    private static var empty: ByteSlice { ByteSlice(start: ("" as StaticString).utf8Start, count: 0) }

    subscript(range: Range<Int>) -> ByteSlice {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return ByteSlice(start: start + range.lowerBound, count: range.count)
    }

    var first: UInt8? { count > 0 ? start[0] : nil }

    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && memcmp(start, text.utf8Start, count) == 0
    }

    func equals(_ other: [UInt8]) -> Bool {
        count == other.count && memcmp(start, other, count) == 0
    }

    /// The bytes as text; bytes that are not UTF-8 become U+FFFD.
    var string: String { String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self) }
    var bytes: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }
}

extension ByteSlice {
    /// Whether all bytes are decimal digits, and there is one.
    var isNumber: Bool {
        var others: UInt8 = 0
        for index in 0..<count { others |= start[index] &- UInt8(ascii: "0") > 9 ? 1 : 0 }
        return count > 0 && others == 0
    }

    /// The number in decimal digits; nil if it is anything else or not below `limit`.
    func number(below limit: UInt64) -> UInt64? {
        guard count > 0, count < 20, let number = number(0..<count, radix: 10), number < limit else { return nil }
        return number
    }

    /// The number in the digits of `range`, modulo 2^64; nil if there is anything but digits.
    @inline(__always)
    func number(_ range: Range<Int>, radix: UInt64) -> UInt64? {
        var number: UInt64 = 0
        for index in range {
            let byte = start[index]
            let letter = (byte | 0x20) &- UInt8(ascii: "a")
            let digit = byte &- UInt8(ascii: "0") < 10 ? byte &- UInt8(ascii: "0") : letter < 6 ? letter &+ 10 : .max
            guard digit < radix else { return nil }
            number = number &* radix &+ UInt64(digit)
        }
        return number
    }
}
