/// Values of one type, side by side. The cases are Parquet's physical types.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/README.md#types>
public enum ColumnValues: Sendable, Hashable {
    /// 0 or 1, one byte a value.
    case boolean([UInt8])
    case int32([Int32])
    case int64([Int64])
    case float([Float])
    case double([Double])
    case byteArray(ByteArrays)
    /// Values of `length` bytes each, end to end.
    case fixedLengthByteArray([UInt8], length: Int)

    public var count: Int {
        switch self {
        case .boolean(let values): values.count
        case .int32(let values): values.count
        case .int64(let values): values.count
        case .float(let values): values.count
        case .double(let values): values.count
        case .byteArray(let values): values.count
        case .fixedLengthByteArray(let values, let length): values.count / length
        }
    }

    /// Removes all values and keeps the memory.
    public mutating func removeAll() { truncate(to: 0) }

    /// Removes the values from `count` on and keeps the memory.
    public mutating func truncate(to count: Int) {
        // Each array leaves the enum while it changes: with two owners it would be copied.
        switch self {
        case .boolean(var values):
            self = .boolean([])
            values.removeSubrange(count...)
            self = .boolean(values)
        case .int32(var values):
            self = .boolean([])
            values.removeSubrange(count...)
            self = .int32(values)
        case .int64(var values):
            self = .boolean([])
            values.removeSubrange(count...)
            self = .int64(values)
        case .float(var values):
            self = .boolean([])
            values.removeSubrange(count...)
            self = .float(values)
        case .double(var values):
            self = .boolean([])
            values.removeSubrange(count...)
            self = .double(values)
        case .byteArray(var values):
            self = .boolean([])
            values.truncate(to: count)
            self = .byteArray(values)
        case .fixedLengthByteArray(var values, let length):
            self = .boolean([])
            values.removeSubrange((count * length)...)
            self = .fixedLengthByteArray(values, length: length)
        }
    }
}
