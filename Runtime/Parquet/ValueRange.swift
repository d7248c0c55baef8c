internal import CKernels
internal import Columns

/// The smallest and the largest of some values, in the order of the column's type.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>, `ColumnOrder`
enum ValueRange: Equatable {
    /// No values, or none that has an order (NaN).
    case empty
    case boolean(UInt8, UInt8)
    case int32(Int32, Int32)
    case int64(Int64, Int64)
    case uint32(UInt32, UInt32)
    case uint64(UInt64, UInt64)
    case float(Float, Float)
    case double(Double, Double)
    /// Compared byte by byte, as unsigned numbers.
    case bytes([UInt8], [UInt8])
    /// Big-endian two's complement of equal length.
    case signedBytes([UInt8], [UInt8])

    mutating func formUnion(_ other: ValueRange) {
        switch (self, other) {
        case (.empty, _): self = other
        case (_, .empty): break
        case (.boolean(let a, let b), .boolean(let c, let d)): self = .boolean(min(a, c), max(b, d))
        case (.int32(let a, let b), .int32(let c, let d)): self = .int32(min(a, c), max(b, d))
        case (.int64(let a, let b), .int64(let c, let d)): self = .int64(min(a, c), max(b, d))
        case (.uint32(let a, let b), .uint32(let c, let d)): self = .uint32(min(a, c), max(b, d))
        case (.uint64(let a, let b), .uint64(let c, let d)): self = .uint64(min(a, c), max(b, d))
        case (.float(let a, let b), .float(let c, let d)): self = .float(min(a, c), max(b, d))
        case (.double(let a, let b), .double(let c, let d)): self = .double(min(a, c), max(b, d))
        case (.bytes(let a, let b), .bytes(let c, let d)):
            self = .bytes(
                c.lexicographicallyPrecedes(a) ? c : a, b.lexicographicallyPrecedes(d) ? d : b)
        case (.signedBytes(let a, let b), .signedBytes(let c, let d)):
            self = .signedBytes(Self.precedes(c, a) ? c : a, Self.precedes(b, d) ? d : b)
        default: preconditionFailure("ranges of different types")
        }
    }

    /// Whether both bounds of `next` are at least, or at most, those of `self`.
    func order(to next: ValueRange) -> (ascends: Bool, descends: Bool) {
        func order<Bound>(
            _ bounds: (Bound, Bound), _ next: (Bound, Bound), _ precedes: (Bound, Bound) -> Bool
        ) -> (Bool, Bool) {
            (
                !precedes(next.0, bounds.0) && !precedes(next.1, bounds.1),
                !precedes(bounds.0, next.0) && !precedes(bounds.1, next.1)
            )
        }
        switch (self, next) {
        case (.boolean(let a, let b), .boolean(let c, let d)): return order((a, b), (c, d), <)
        case (.int32(let a, let b), .int32(let c, let d)): return order((a, b), (c, d), <)
        case (.int64(let a, let b), .int64(let c, let d)): return order((a, b), (c, d), <)
        case (.uint32(let a, let b), .uint32(let c, let d)): return order((a, b), (c, d), <)
        case (.uint64(let a, let b), .uint64(let c, let d)): return order((a, b), (c, d), <)
        case (.float(let a, let b), .float(let c, let d)): return order((a, b), (c, d), <)
        case (.double(let a, let b), .double(let c, let d)): return order((a, b), (c, d), <)
        case (.bytes(let a, let b), .bytes(let c, let d)):
            return order((a, b), (c, d)) { $0.lexicographicallyPrecedes($1) }
        case (.signedBytes(let a, let b), .signedBytes(let c, let d)): return order((a, b), (c, d), Self.precedes)
        default: preconditionFailure("ranges of different types")
        }
    }

    /// Whether the two's complement number `left` is less than `right`.
    private static func precedes(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> Bool {
        var isFirst = true
        for (a, b) in zip(left, right) {
            if a != b { return isFirst ? Int8(bitPattern: a) < Int8(bitPattern: b) : a < b }
            isFirst = false
        }
        return false
    }
}

extension ValueRange {
    /// The range of `slice`, whose column is `column`; `nanCount` grows by the values that have no order.
    init(of slice: ValueSlice, in column: ParquetColumn, nanCount: inout Int) {
        guard !slice.isEmpty else {
            self = .empty
            return
        }
        switch slice.values {
        case .boolean(let array):
            let part = array[slice.range]
            self = .boolean(part.contains(0) ? 0 : 1, part.contains(1) ? 1 : 0)
        case .int32(let array) where column.isUnsigned:
            let (low, high) = Self.bounds(of: array, slice.range, ck_range_u32)
            self = .uint32(low, high)
        case .int64(let array) where column.isUnsigned:
            let (low, high) = Self.bounds(of: array, slice.range, ck_range_u64)
            self = .uint64(low, high)
        case .int32(let array):
            let (low, high) = Self.bounds(of: array, slice.range, ck_range_i32)
            self = .int32(low, high)
        case .int64(let array):
            let (low, high) = Self.bounds(of: array, slice.range, ck_range_i64)
            self = .int64(low, high)
        case .float(let array):
            var numbers = 0
            let (low, high): (Float, Float) = Self.bounds(of: array, slice.range) {
                numbers = ck_range_float($0, $1, $2, $3)
            }
            nanCount += slice.count - numbers
            self = numbers > 0 ? .float(low, high) : .empty
        case .double(let array):
            var numbers = 0
            let (low, high): (Double, Double) = Self.bounds(of: array, slice.range) {
                numbers = ck_range_double($0, $1, $2, $3)
            }
            nanCount += slice.count - numbers
            self = numbers > 0 ? .double(low, high) : .empty
        case .byteArray(let texts):
            var least = 0
            var greatest = 0
            slice.withPointers(texts) { parquet_range_bytes($1, $0, slice.count, &least, &greatest) }
            func value(_ index: Int) -> [UInt8] { Array(texts[slice.range.lowerBound + index]) }
            self = .bytes(value(least), value(greatest))
        case .fixedLengthByteArray(let bytes, let length):
            var least = 0
            var greatest = 0
            bytes.withUnsafeBufferPointer {
                parquet_range_fixed(
                    $0.baseAddress.map { $0 + length * slice.range.lowerBound }, slice.count, length,
                    column.isDecimal, &least, &greatest)
            }
            func value(_ index: Int) -> [UInt8] {
                Array(bytes[length * (slice.range.lowerBound + index)..<length * (slice.range.lowerBound + index + 1)])
            }
            self =
                column.isDecimal
                ? .signedBytes(value(least), value(greatest)) : .bytes(value(least), value(greatest))
        }
    }

    /// Runs a kernel over values that are stored as `Stored` and ordered as `Value`, of the same width.
    private static func bounds<Stored, Value: Numeric>(
        of array: [Stored], _ range: Range<Int>,
        _ kernel: (UnsafePointer<Value>?, Int, UnsafeMutablePointer<Value>?, UnsafeMutablePointer<Value>?) -> Void
    ) -> (Value, Value) {
        var low: Value = 0
        var high: Value = 0
        array.withUnsafeBytes {
            let start = $0.baseAddress?.assumingMemoryBound(to: Value.self)
            kernel(start.map { $0 + range.lowerBound }, range.count, &low, &high)
        }
        return (low, high)
    }
}
