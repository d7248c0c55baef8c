/// The encodings among which a column whose choice is ``EncodingChoice/automatic`` is encoded.
public enum EncodingSet: String, Sendable, Equatable, CaseIterable {
    /// PLAIN and RLE_DICTIONARY.
    case plain
    /// Also DELTA_BINARY_PACKED, where every reader since 2023 that was tried reads it right: for INT32 and INT64 outside
    /// structs and lists, of 32 and 64 bits with a sign, dates, timestamps and decimals.
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

    /// Whether a page of these values may be deltas.
    ///
    /// Polars 0.20 takes no more than eight bytes (56 bits, one of them the sign) for a page's first value and a block's
    /// least delta, and reads wrong values beyond. DuckDB 0.8 does so near the end of 64 bits.
    func hasDeltas(in range: ValueRange) -> Bool {
        guard self == .compatible, case .int64(let lowest, let highest) = range else { return true }
        return lowest >= -Self.deltaLimit && highest <= Self.deltaLimit
    }

    private static let deltaLimit: Int64 = 1 << 53
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
