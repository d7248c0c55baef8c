internal import Parquet

/// A value of a column as it compares to the column's other values.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>, `ColumnOrder`
public enum OrderedValue: Sendable, Hashable, Comparable {
    case signed(Int64)
    case unsigned(UInt64)
    case floating(Double)
    /// Byte by byte, then by length.
    case bytes([UInt8])
    /// A big-endian number in two's complement, of any length.
    case number([UInt8])

    /// Values of one column have one case. Of two cases, the one that is listed first is less.
    public static func < (left: OrderedValue, right: OrderedValue) -> Bool {
        switch (left, right) {
        case (.signed(let left), .signed(let right)): left < right
        case (.unsigned(let left), .unsigned(let right)): left < right
        case (.floating(let left), .floating(let right)): left < right
        case (.bytes(let left), .bytes(let right)): left.lexicographicallyPrecedes(right)
        case (.number(let left), .number(let right)): precedes(left, right)
        default: left.rank < right.rank
        }
    }

    private var rank: Int {
        switch self {
        case .signed: 0
        case .unsigned: 1
        case .floating: 2
        case .bytes: 3
        case .number: 4
        }
    }

    private static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        /// The bytes, extended by the sign to the longer one's length, so ordered that they compare as unsigned.
        func extended(_ bytes: [UInt8]) -> [UInt8] {
            let sign: UInt8 = (bytes.first ?? 0) & 0x80 != 0 ? 0xFF : 0
            var whole = Array(repeating: sign, count: max(left.count, right.count) - bytes.count) + bytes
            if !whole.isEmpty { whole[0] ^= 0x80 }
            return whole
        }
        return extended(left).lexicographicallyPrecedes(extended(right))
    }
}

extension FileColumn {
    /// The value that has these bytes in PLAIN encoding (byte arrays: without length), as bounds and filters have it; nil for types
    /// that have no order, for NaN, and for bytes that are no value.
    public func orderedValue(_ plain: [UInt8]) -> OrderedValue? {
        func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
            guard plain.count == Number.bitWidth / 8 else { return nil }
            return plain.reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
        }
        let isUnsigned = if case .integer(_, isSigned: false) = logicalType { true } else { false }
        let isDecimal = if case .decimal = logicalType { true } else { false }
        switch physicalType {
        case .boolean: return number(UInt8.self).map { .unsigned(UInt64($0)) }
        case .int32 where isUnsigned: return number(UInt32.self).map { .unsigned(UInt64($0)) }
        case .int64 where isUnsigned: return number(UInt64.self).map { .unsigned($0) }
        case .int32: return number(Int32.self).map { .signed(Int64($0)) }
        case .int64: return number(Int64.self).map { .signed($0) }
        case .float:
            guard let value = number(UInt32.self).map({ Float(bitPattern: $0) }), !value.isNaN else { return nil }
            return .floating(Double(value))
        case .double:
            guard let value = number(UInt64.self).map({ Double(bitPattern: $0) }), !value.isNaN else { return nil }
            return .floating(value)
        case .byteArray, .fixedLengthByteArray:
            guard !isInt96 else { return nil }
            switch meaning {
            case nil, .value, .enumeration, .bson: return isDecimal ? .number(plain) : .bytes(plain)
            default: return nil
            }
        }
    }

    /// Whether the deprecated bounds are in the order of the column's type.
    private var hasSignedOrder: Bool {
        switch physicalType {
        case .boolean, .float, .double: true
        case .int32, .int64: if case .integer(_, isSigned: false) = logicalType { false } else { true }
        case .byteArray, .fixedLengthByteArray: false
        }
    }

    /// Between which values those of a chunk are; a bound that is not known is nil.
    public func bounds(_ chunk: ColumnChunk) -> (lower: OrderedValue?, upper: OrderedValue?) {
        let statistics = chunk.statistics
        let lower = statistics.minimum ?? (hasSignedOrder ? statistics.signedMinimum : nil)
        let upper = statistics.maximum ?? (hasSignedOrder ? statistics.signedMaximum : nil)
        return (lower.flatMap(orderedValue), upper.flatMap(orderedValue))
    }
}
