/// The encodings among which a column whose choice is ``EncodingChoice/automatic`` is encoded.
public enum EncodingSet: String, Sendable, Equatable, CaseIterable {
    /// PLAIN and RLE_DICTIONARY.
    case plain
    /// Also DELTA_BINARY_PACKED, where every reader since 2023 that was tried reads it right: for INT32 and INT64 outside
    /// structs and lists, of 32 and 64 bits with a sign, dates, timestamps and decimals, in pages whose deltas differ by
    /// no more than 28 bits.
    case compatible
    /// Also DELTA_BINARY_PACKED for all INT32 and INT64, and DELTA_LENGTH_BYTE_ARRAY for byte arrays. Spark's vectorized
    /// reader up to 3.5.6 reads wrong text from the second without an error.
    case compact
}

extension EncodingSet {
    func hasDeltas(for leaf: ParquetLeaf) -> Bool {
        switch self {
        case .plain: false
        case .compatible: leaf.isFlat && leaf.column.hasCompatibleDeltas
        case .compact: leaf.column.physicalType.hasDeltaEncoding
        }
    }

    /// Whether a page of these bytes of DELTA_BINARY_PACKED may be written.
    func allows(deltas bytes: UnsafeRawBufferPointer) -> Bool { self != .compatible || isReadEverywhere(bytes) }

    /// fastparquet 2026.9 reads wrong values from deltas of more than 28 bits. Polars 0.20 takes no more than eight bytes
    /// for a page's first value and a block's least delta, and reads wrong values beyond; DuckDB 0.8 does so near the
    /// end of 64 bits.
    /// - SeeAlso: <https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC>
    private func isReadEverywhere(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var position = 0
        /// The next number, and how many bytes it takes.
        func next() -> (value: Int, size: Int) {
            var value = 0
            let start = position
            repeat {
                value |= Int(bytes[position] & 0x7F) << (7 * (position - start))
                position += 1
            } while bytes[position - 1] & 0x80 != 0
            return (value, position - start)
        }
        let (blockSize, miniblockCount, valueCount) = (next().value, next().value, next().value)
        let miniblockSize = blockSize / miniblockCount
        guard next().size <= Self.numberSizeLimit else { return false }
        var rest = valueCount - 1
        while rest > 0 {
            guard next().size <= Self.numberSizeLimit else { return false }
            let widths = UnsafeRawBufferPointer(rebasing: bytes[position..<position + miniblockCount])
            position += miniblockCount
            for width in widths.prefix((rest + miniblockSize - 1) / miniblockSize) {
                guard width <= Self.widthLimit else { return false }
                position += miniblockSize * Int(width) / 8
            }
            rest -= blockSize
        }
        return true
    }

    private static let numberSizeLimit = 8
    private static let widthLimit = 28
}

extension ParquetColumn {
    /// DuckDB 0.8 refuses deltas of 8 and 16 bits and of unsigned integers, and reads wrong times from them.
    fileprivate var hasCompatibleDeltas: Bool {
        guard physicalType == .int32 || physicalType == .int64 else { return false }
        return switch logicalType {
        case nil, .date, .timestamp, .decimal: true
        case .integer(let bitWidth, let isSigned): bitWidth >= 32 && isSigned
        case .time, .string, .json, .uuid: false
        }
    }
}
