#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A growing sequence of bytes, used again for each record.
///
/// Unsafe pointers, because each byte of each change passes here.
struct ByteBuffer: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 4096) {
        start = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    deinit { start.deallocate() }

    /// Valid until the next change.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    var array: [UInt8] { Array(bytes) }

    mutating func removeAll() { count = 0 }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)
        start[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        memcpy(start + count, source, bytes.count)
        count += bytes.count
    }

    @inline(__always)
    mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

    /// Appends a number in decimal digits.
    @inline(__always)
    mutating func append(_ number: UInt64) {
        reserve(20)
        var length = 1
        var rest = number / 10
        while rest > 0 {
            length += 1
            rest /= 10
        }
        rest = number
        var place = count + length
        count = place
        repeat {
            place -= 1
            start[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
    }

    /// Appends a number in decimal digits, behind zeros up to `width`.
    mutating func append(_ number: UInt64, width: Int) {
        reserve(width)
        var rest = number
        for place in stride(from: count + width - 1, through: count, by: -1) {
            start[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += width
    }

    /// Appends a number in hexadecimal digits, behind zeros up to `width`.
    @inline(__always)
    mutating func append(hexadecimal number: UInt64, width: Int) {
        reserve(width)
        for index in 0..<width {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(4 * (width - 1 - index))) & 15
            start[count + index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10
        }
        count += width
    }

    /// Appends `text` inside a JSON string, without the quotes. Only what JSON demands is escaped.
    @inline(__always)
    mutating func append(escaping text: UnsafeRawBufferPointer) {
        guard let source = text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        var written = 0
        var index = 0
        while index < text.count {
            index = Self.nextToEscape(source, index, text.count)
            append(UnsafeRawBufferPointer(start: source + written, count: index - written))
            guard index < text.count else { return }
            append(escape: source[index])
            index += 1
            written = index
        }
    }

    /// The place of the first byte that must be escaped; `end` if there is none. Looks at eight bytes at once.
    @inline(__always)
    private static func nextToEscape(_ text: UnsafePointer<UInt8>, _ from: Int, _ end: Int) -> Int {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        var index = from
        while index + 8 <= end {
            let word = UnsafeRawPointer(text + index).loadUnaligned(as: UInt64.self)
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            let control = (word &- ones &* 0x20) & ~word
            let found = (control | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash) & highs
            // A borrow may set a bit too many behind the first that is right.
            if found != 0 { return index + UInt64(littleEndian: found).trailingZeroBitCount / 8 }
            index += 8
        }
        while index < end {
            let byte = text[index]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { return index }
            index += 1
        }
        return end
    }

    private mutating func append(escape byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case UInt8(ascii: "\n"): append("\\n")
        case UInt8(ascii: "\r"): append("\\r")
        case UInt8(ascii: "\t"): append("\\t")
        default:
            append("\\u")
            append(hexadecimal: UInt64(byte), width: 4)
        }
    }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if capacity - count < more { grow(more) }
    }

    private mutating func grow(_ more: Int) {
        let wanted = max(capacity * 2, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
        memcpy(larger, start, count)
        start.deallocate()
        (start, capacity) = (larger, wanted)
    }
}
