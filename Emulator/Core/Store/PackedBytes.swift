internal import CZstd

/// Many byte strings in one value of a row: a row for each record of a stream costs more than the record.
///
/// Each string has its length before it, in four bytes, little-endian. A row has them as a frame of Zstandard where they are
/// many: records of a stream repeat themselves, and compressing them takes a tenth of the time that their pages would.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc8878>
package struct PackedBytes: Sendable {
    private(set) var bytes: [UInt8] = []
    private var position = 0

    /// Fewer bytes are stored as they are.
    package static let smallest = 1024
    /// The first four bytes of a frame: as a length they would be more than any string has.
    private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
    private static let level: Int32 = 1

    /// - Parameter capacity: how many bytes its strings will have with their lengths.
    package init(capacity: Int = 0) {
        if capacity > 0 { bytes.reserveCapacity(capacity) }
    }

    /// A single string, which ``extend(by:)`` makes longer.
    package static func single() -> PackedBytes {
        var packed = PackedBytes()
        packed.append([])
        return packed
    }

    /// How long the single string is.
    package var singleCount: Int { bytes.count - 4 }

    /// - Parameter stored: the value of a row.
    package init(stored: [UInt8]) throws(StoreError) {
        bytes = stored.starts(with: Self.magic) ? try Self.decompressed(stored) : stored
    }

    package mutating func append(_ string: ArraySlice<UInt8>) { string.withUnsafeBufferPointer { append($0) } }

    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    private mutating func append(_ string: UnsafeBufferPointer<UInt8>) {
        withUnsafeBytes(of: UInt32(string.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: string)
    }

    /// Makes a single string longer.
    package mutating func extend(by string: ArraySlice<UInt8>) {
        bytes.append(contentsOf: string)
        let length = UInt32(singleCount).littleEndian
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: length, as: UInt32.self) }
    }

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

    // MARK: Rows

    /// The value for a row.
    package var stored: [UInt8] {
        guard bytes.count >= Self.smallest else { return bytes }
        var isSmaller = false
        let frame = [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { space, count in
            let size = bytes.withUnsafeBytes {
                ZSTD_compress(space.baseAddress, space.count, $0.baseAddress, $0.count, Self.level)
            }
            isSmaller = ZSTD_isError(size) == 0 && size < bytes.count
            count = isSmaller ? size : 0
        }
        return isSmaller ? frame : bytes
    }

    private static func decompressed(_ frame: [UInt8]) throws(StoreError) -> [UInt8] {
        let size = frame.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
        // The two largest numbers stand for a frame that is none, or does not say its size.
        guard size < UInt64(UInt32.max) else { throw damaged("a row's frame has no size") }
        var failure: String?
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(size)) { space, count in
            let written = frame.withUnsafeBytes {
                ZSTD_decompress(space.baseAddress, space.count, $0.baseAddress, $0.count)
            }
            if ZSTD_isError(written) != 0 { failure = String(cString: ZSTD_getErrorName(written)) }
            count = failure == nil ? written : 0
        }
        if let failure { throw damaged("a row's frame: \(failure)") }
        return bytes
    }

    private static func damaged(_ reason: String) -> StoreError { .damaged(path: "state.sqlite", reason: reason) }
}
