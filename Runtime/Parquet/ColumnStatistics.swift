/// What a column chunk says about its values, so that readers can skip it.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>, `Statistics`
public struct ColumnStatistics: Sendable, Equatable {
    public var nullCount: Int?
    public var distinctCount: Int?
    /// Nil where there can be no NaN.
    public var nanCount: Int?
    /// PLAIN bytes of a value that no value is below, in the order of the column's type; byte arrays without their length.
    public var minimum: [UInt8]?
    public var maximum: [UInt8]?
    /// Whether the bound is a value of the chunk; nil where the file does not say.
    public var isMinimumExact: Bool?
    public var isMaximumExact: Bool?
    /// The deprecated bounds, in the order of signed bytes whatever the type: of use for numbers with a sign only.
    public var signedMinimum: [UInt8]?
    public var signedMaximum: [UInt8]?

    public init() {}

    /// - Parameter textLimit: longer byte array bounds are cut to this many bytes: the minimum to a prefix, the
    ///   maximum to the shortest value above it. A maximum that cannot be rounded up is left out.
    init(_ summary: ValueSummary, of column: ParquetColumn, textLimit: Int) {
        nullCount = summary.nullCount
        nanCount = column.physicalType.isFloating ? summary.nanCount : nil
        switch summary.range {
        case .empty: break
        case .boolean(let low, let high): set([low], [high])
        case .int32(let low, let high): set(low.bytes, high.bytes)
        case .int64(let low, let high): set(low.bytes, high.bytes)
        case .uint32(let low, let high): set(low.bytes, high.bytes)
        case .uint64(let low, let high): set(low.bytes, high.bytes)
        // "If the min is +0, the row group may contain -0 values as well", so zero bounds take the outer sign.
        case .float(let low, let high):
            set((low == 0 ? -0.0 : low).bitPattern.bytes, (high == 0 ? 0.0 : high).bitPattern.bytes)
        case .double(let low, let high):
            set((low == 0 ? -0.0 : low).bitPattern.bytes, (high == 0 ? 0.0 : high).bitPattern.bytes)
        case .signedBytes(let low, let high): set(low, high)
        case .bytes(let low, let high):
            guard column.physicalType == .byteArray else {
                set(low, high)
                break
            }
            let isText = column.logicalType == .string || column.logicalType == .json
            let cutLow = TextBound.prefix(of: low, limit: textLimit, isText: isText)
            minimum = cutLow
            isMinimumExact = cutLow.count == low.count
            maximum = high.count <= textLimit ? high : TextBound.above(high, limit: textLimit, isText: isText)
            isMaximumExact = maximum == nil ? nil : high.count <= textLimit
        }
    }

    private mutating func set(_ low: [UInt8], _ high: [UInt8]) {
        (minimum, isMinimumExact) = (low, true)
        (maximum, isMaximumExact) = (high, true)
    }
}

extension FixedWidthInteger {
    /// Least significant first.
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}

/// Shortened bounds of long byte strings that still bound them.
enum TextBound {
    /// At most `limit` bytes from the front; text is cut between characters, where it is valid UTF-8.
    static func prefix(of value: [UInt8], limit: Int, isText: Bool) -> [UInt8] {
        guard value.count > limit else { return value }
        var end = limit
        if isText {
            while end > 0, end > limit - 4, value[end] & 0xC0 == 0x80 { end -= 1 }
            if value[end] & 0xC0 == 0x80 { end = limit }
        }
        return Array(value[..<end])
    }

    /// A short value above every value that starts like `value`; nil when there is none (all bytes 0xFF).
    static func above(_ value: [UInt8], limit: Int, isText: Bool) -> [UInt8]? {
        let start = prefix(of: value, limit: limit, isText: isText)
        if isText, let text = String(validating: start, as: UTF8.self) {
            var scalars = Array(text.unicodeScalars)
            while let last = scalars.popLast() {
                // Past the surrogates, which are no characters. Scalars order as their UTF-8 bytes do.
                let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
                if let scalar = Unicode.Scalar(next) {
                    var text = String.UnicodeScalarView(scalars)
                    text.append(scalar)
                    return Array(String(text).utf8)
                }
            }
            return nil
        }
        var bytes = start
        while let last = bytes.popLast() {
            if last < 0xFF { return bytes + [last + 1] }
        }
        return nil
    }
}
