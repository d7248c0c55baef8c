internal import CKernels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The part of a text that is in memory. One buffer is reused: a refill first moves the unread bytes to the front.
///
/// Offsets are those in the buffer. The unread text begins at `start`, which is never below ``front``, so that kernels
/// may read before it as they may read beyond its end.
struct TextWindow: ~Copyable {
    /// The offset of a text that was moved to the front.
    static let front = Int(CK_PADDING)
    static let defaultCapacity = 256 << 10

    private(set) var text: UnsafeMutablePointer<UInt8>
    private(set) var start = front
    private(set) var end = front
    /// Whether the source has no more bytes.
    private(set) var isAtEnd = false
    /// The position in the whole text of the byte at buffer offset 0.
    private var origin = -front

    private let source: any ByteSource
    private var capacity: Int

    init(_ source: any ByteSource, capacity: Int = defaultCapacity) {
        self.source = source
        self.capacity = capacity
        text = Self.allocate(capacity)
    }

    deinit { text.deallocate() }

    var count: Int { end - start }
    var isEmpty: Bool { start == end }

    /// The position in the whole text of the byte at `offset` in the buffer.
    func position(of offset: Int) -> Int { origin + offset }

    /// Marks everything before `offset` as read.
    mutating func discard(to offset: Int) { start = offset }

    /// Makes room, in a larger buffer if the unread bytes fill this one, and reads until it is full or the source ends.
    mutating func fill() throws {
        moveToFront()
        if count > capacity / 2 { grow() }
        while end < Self.front + capacity {
            let room = UnsafeMutableRawBufferPointer(start: text + end, count: Self.front + capacity - end)
            let count = try source.read(into: room)
            guard count > 0 else {
                isAtEnd = true
                return
            }
            end += count
        }
    }

    /// Ends the text with a newline if it has none, since a last row need not have one.
    mutating func terminate() -> Bool {
        guard count > 0, text[end - 1] != UInt8(ascii: "\n") else { return false }
        // The padding has room for it.
        text[end] = UInt8(ascii: "\n")
        end += 1
        return true
    }

    /// The offset after the newline that ends the line at `offset`; the end of the text if there is none.
    func endOfLine(from offset: Int) -> Int {
        guard let newline = memchr(text + offset, 0x0A, end - offset) else { return end }
        return UnsafeRawPointer(text).distance(to: UnsafeRawPointer(newline)) + 1
    }

    /// The offset after the last newline of the unread text.
    var endOfLastLine: Int? {
        var offset = end
        while offset > start {
            if text[offset - 1] == UInt8(ascii: "\n") { return offset }
            offset -= 1
        }
        return nil
    }

    /// Drops UTF-8's byte order mark from the front.
    mutating func skipByteOrderMark() {
        guard count >= 3, text[start] == 0xEF, text[start + 1] == 0xBB, text[start + 2] == 0xBF else { return }
        start += 3
        hadByteOrderMark = true
    }

    /// Whether the text begins with a byte order mark.
    private(set) var hadByteOrderMark = false

    private mutating func moveToFront() {
        guard start > Self.front else { return }
        (text + Self.front).update(from: text + start, count: count)
        origin += start - Self.front
        end -= start - Self.front
        start = Self.front
    }

    private mutating func grow() {
        let larger = Self.allocate(capacity * 2)
        (larger + Self.front).update(from: text + start, count: count)
        text.deallocate()
        text = larger
        capacity *= 2
    }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<UInt8> {
        let size = front + capacity + Int(CK_PADDING)
        let text = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        text.initialize(repeating: 0, count: front)
        return text
    }
}
