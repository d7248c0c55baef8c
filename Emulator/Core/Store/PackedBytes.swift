/// Many byte strings in one value of a row: a row for each record of a stream costs more than the record.
///
/// Each string has its length before it, in four bytes, little-endian.
package struct PackedBytes: Sendable {
    package private(set) var bytes: [UInt8]
    private var position = 0

    package init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    package mutating func append(_ string: ArraySlice<UInt8>) {
        withUnsafeBytes(of: UInt32(string.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: string)
    }

    package mutating func append(_ text: String) { append(Array(text.utf8)[...]) }

    /// The next string, from the first on; nil after the last.
    package mutating func next() -> ArraySlice<UInt8>? {
        guard bytes.count - position >= 4 else { return nil }
        let length = bytes.withUnsafeBytes {
            Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
        }
        let start = position + 4
        guard bytes.count - start >= length else { return nil }
        position = start + length
        return bytes[start..<position]
    }
}
