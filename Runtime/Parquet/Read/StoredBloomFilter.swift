internal import CKernels
public import Columns

/// The bloom filter of a column chunk: of most values that are not in the chunk it knows that, of those that are it never denies it.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/BloomFilter.md>
public struct StoredBloomFilter: Sendable {
    private let words: [UInt32]

    /// XXH64 of each value, which is what filters know values by. Compute it once for many filters.
    ///
    /// Values must have the column's physical type. Of booleans there are no filters.
    public static func hashes(of values: ColumnValues) -> [UInt64] {
        func fixed<Value>(_ array: [Value], _ width: Int) -> [UInt64] {
            array.withUnsafeBytes { bytes in
                let count = bytes.count / width
                return [UInt64](unsafeUninitializedCapacity: count) { hashes, filled in
                    parquet_hash_fixed(
                        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), count, width, hashes.baseAddress)
                    filled = count
                }
            }
        }
        return switch values {
        case .boolean(let array): fixed(array, 1)
        case .int32(let array): fixed(array, 4)
        case .int64(let array): fixed(array, 8)
        case .float(let array): fixed(array, 4)
        case .double(let array): fixed(array, 8)
        case .fixedLengthByteArray(let array, let length): fixed(array, length)
        case .byteArray(let texts):
            texts.bytes.withUnsafeBufferPointer { bytes in
                texts.offsets.withUnsafeBufferPointer { offsets in
                    [UInt64](unsafeUninitializedCapacity: texts.count) { hashes, filled in
                        parquet_hash_bytes(bytes.baseAddress, offsets.baseAddress, texts.count, hashes.baseAddress)
                        filled = texts.count
                    }
                }
            }
        }
    }

    /// Whether a value with this hash may be in the chunk.
    public func mayContain(_ hash: UInt64) -> Bool { mayContain(anyOf: [hash]) }

    /// Whether one of the values with these hashes may be in the chunk.
    public func mayContain(anyOf hashes: some Collection<UInt64>) -> Bool {
        Array(hashes).withUnsafeBufferPointer { hashes in
            words.withUnsafeBufferPointer {
                parquet_bloom_find($0.baseAddress, $0.count / 8, hashes.baseAddress, hashes.count) < hashes.count
            }
        }
    }

    /// What comes before the bits.
    fileprivate struct Header {
        /// Of the bits, in bytes.
        var size = 0
        var headerSize = 0
        /// Whether it is the one kind that there is so far: split blocks of XXH64, not compressed.
        var isKnown = true

        init(_ bytes: UnsafeRawBufferPointer) throws(ThriftReader.Fault) {
            var header = Header()
            var thrift = ThriftReader(bytes)
            try thrift.structure { thrift, field throws(ThriftReader.Fault) in
                switch field.id {
                case 1: header.size = try thrift.count(field)
                case 2, 3, 4:
                    var member: Int16 = 0
                    try thrift.structure(field) { thrift, field throws(ThriftReader.Fault) in
                        member = field.id
                        try thrift.skip(field)
                    }
                    if member != 1 { header.isKnown = false }
                default: try thrift.skip(field)
                }
            }
            header.headerSize = thrift.position
            self = header
        }

        private init() {}
    }

    /// - Parameter bytes: the header and the bits.
    fileprivate init?(_ header: Header, _ bytes: [UInt8]) {
        guard header.isKnown, header.size >= 32, header.size.isMultiple(of: 32),
            header.headerSize + header.size <= bytes.count
        else { return nil }
        words = [UInt32](unsafeUninitializedCapacity: header.size / 4) { words, filled in
            bytes.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(words).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes[header.headerSize..<header.headerSize + header.size]))
            }
            filled = header.size / 4
        }
    }
}

extension ParquetFile {
    /// The bloom filter of a column of a row group; nil where there is none, or none of a kind that is known.
    public func bloomFilter(of column: Int, inGroup group: Int) throws -> StoredBloomFilter? {
        guard let range = try bloomFilterRange(of: column, inGroup: group) else { return nil }
        let bytes = try source.read(range)
        guard let header = header(bytes) else { return nil }
        return StoredBloomFilter(header, bytes)
    }

    /// Where a filter is, its header included. Footers say its size only since 2023, so it may have to be fetched.
    func bloomFilterRange(of column: Int, inGroup group: Int) throws -> Range<Int>? {
        let chunk = metadata.rowGroups[group].chunks[column]
        guard let offset = chunk.bloomFilterOffset, offset < end else { return nil }
        let size: Int
        if let known = chunk.bloomFilterSize {
            size = known
        } else {
            guard let header = header(try source.read(offset..<min(end, offset + Self.longestFilterHeader))) else {
                return nil
            }
            size = header.headerSize + header.size
        }
        guard size > 0, size <= end - offset, size <= options.pageSizeLimit else { return nil }
        return offset..<offset + size
    }

    private func header(_ bytes: [UInt8]) -> StoredBloomFilter.Header? {
        bytes.withUnsafeBytes { try? StoredBloomFilter.Header($0) }
    }

    private static let longestFilterHeader = 64
}
