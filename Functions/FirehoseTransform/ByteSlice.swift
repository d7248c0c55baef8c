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
