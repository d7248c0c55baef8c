internal import CKernels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A growing sequence of bytes with a fixed capacity. Exceeding it is a bug and stops the process.
struct ByteWriter: ~Copyable {
    private let start: UnsafeMutablePointer<UInt8>
    let capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        // The system allocates pages only when they are written, so a generous capacity costs nothing.
        start = .allocate(capacity: max(1, capacity))
        self.capacity = capacity
    }

    deinit { start.deallocate() }

    /// The bytes written so far; valid until the next change.
    var slice: ByteSlice { ByteSlice(start: start, count: count) }

    mutating func removeAll() { count = 0 }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        precondition(count < capacity)
        start[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(ByteSlice(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    mutating func append(_ bytes: ByteSlice) {
        precondition(capacity - count >= bytes.count)
        memcpy(start + count, bytes.start, bytes.count)
        count += bytes.count
    }

    /// Appends the number's decimal digits, behind zeros up to `width`. A longer number is a bug.
    @inline(__always)
    mutating func append(_ number: UInt64, width: Int) {
        precondition(capacity - count >= width)
        memset(start + count, Int32(UInt8(ascii: "0")), width)
        count += width
        var (rest, place) = (number, count)
        while rest > 0 {
            place -= 1
            precondition(place >= count - width)
            start[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    mutating func append(_ bytes: ByteSlice?, orElse text: StaticString) {
        if let bytes { append(bytes) } else { append(text) }
    }

    /// Appends those of `bytes` that `isWanted` accepts.
    mutating func append(_ bytes: ByteSlice, where isWanted: (UInt8) -> Bool) {
        for byte in bytes.bytes where isWanted(byte) { append(byte) }
    }

    mutating func removeLast(ifEqualTo byte: UInt8) {
        if count > 0, start[count - 1] == byte { count -= 1 }
    }

    mutating func appendBase64(of bytes: ByteSlice) {
        precondition(capacity - count >= (bytes.count + 2) / 3 * 4)
        count += ck_base64_encode(bytes.start, bytes.count, start + count)
    }

    /// Appends the bytes that `text` encodes; returns false and appends nothing if it is not padded base64.
    mutating func appendDecoded(base64 text: ByteSlice) -> Bool {
        precondition(capacity - count >= text.count / 4 * 3)
        let length = ck_base64_decode(text.start, text.count, start + count)
        count += max(0, length)
        return length >= 0
    }
}
