internal import CKernels
internal import JSON

/// Writes documents of thousands of records.
///
/// It owns its memory, and the pointer is unsafe because a checked array compares bounds for each of many small pieces. Each
/// append makes room before it writes.
package struct TextWriter: ~Copyable {
    private var space: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// Whether another owns the memory.
    private var isBorrowed = false
    package private(set) var count = 0

    package init(capacity: Int) {
        self.capacity = max(64, capacity)
        space = .allocate(capacity: self.capacity)
    }

    private init(into space: UnsafeMutableBufferPointer<UInt8>, _ start: UnsafeMutablePointer<UInt8>) {
        self.space = start
        capacity = space.count
        isBorrowed = true
    }

    deinit {
        if !isBorrowed { space.deallocate() }
    }

    /// What has been written.
    package var bytes: [UInt8] { Array(UnsafeBufferPointer(start: space, count: count)) }

    /// What `write` writes, which is copied only if it exceeds `capacity`.
    package static func bytes(capacity: Int, _ write: (inout TextWriter) -> Void) -> [UInt8] {
        var overflow: [UInt8]?
        let bytes = [UInt8](unsafeUninitializedCapacity: max(64, capacity)) { room, count in
            guard let start = room.baseAddress else { return }
            var writer = TextWriter(into: room, start)
            write(&writer)
            if writer.isBorrowed { count = writer.count } else { overflow = writer.bytes }
        }
        return overflow ?? bytes
    }

    private mutating func reserve(_ more: Int) {
        guard capacity - count < more else { return }
        capacity = max(capacity * 2, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: space, count: count)
        if !isBorrowed { space.deallocate() }
        space = larger
        isBorrowed = false
    }

    package mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        reserve(bytes.count)
        guard let source = bytes.baseAddress else { return }
        (space + count).update(from: source, count: bytes.count)
        count += bytes.count
    }

    package mutating func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    /// Appends `number` with zeros before it, up to `width` digits.
    package mutating func append(_ number: Int64, width: Int = 0) {
        guard number >= 0 else { return append(String(number)) }
        var length = 1
        var rest = number / 10
        while rest > 0 {
            length += 1
            rest /= 10
        }
        append(atMost: max(width, length)) { digits in
            rest = number
            for place in digits.indices.reversed() {
                digits[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            return digits.count
        }
    }

    /// Appends what `write` puts into room for `limit` bytes; it returns how many those are.
    package mutating func append(atMost limit: Int, _ write: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
        reserve(limit)
        count += write(UnsafeMutableBufferPointer(start: space + count, count: limit))
    }

    package mutating func append(base64 bytes: ArraySlice<UInt8>) {
        reserve((bytes.count + 2) / 3 * 4)
        bytes.withUnsafeBufferPointer { bytes in
            guard let source = bytes.baseAddress else { return }
            count += ck_base64_encode(source, bytes.count, space + count)
        }
    }

    /// Appends `text` as a JSON string with its quotes.
    package mutating func append(json text: String) {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) else {
            return append(JSON.string(text).text)
        }
        append("\"")
        append(text)
        append("\"")
    }
}
