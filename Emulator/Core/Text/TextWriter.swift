internal import CKernels
internal import JSON

/// Writes documents of thousands of records.
///
/// It owns its memory, and the pointer is unsafe because a checked array compares bounds for each of many small pieces. Each
/// append makes room before it writes.
package struct TextWriter: ~Copyable {
    private var space: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    package private(set) var count = 0

    package init(capacity: Int) {
        self.capacity = max(64, capacity)
        space = .allocate(capacity: self.capacity)
    }

    deinit { space.deallocate() }

    /// What has been written.
    package var bytes: [UInt8] { Array(UnsafeBufferPointer(start: space, count: count)) }

    private mutating func reserve(_ more: Int) {
        guard capacity - count < more else { return }
        capacity = max(capacity * 2, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: space, count: count)
        space.deallocate()
        space = larger
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
        let digits = String(number)
        for _ in digits.utf8.count..<max(width, digits.utf8.count) { append("0") }
        append(digits)
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
