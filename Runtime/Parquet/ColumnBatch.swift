/// The values of one column for some rows: the present values side by side, and which rows they belong to.
///
/// Arrays are taken as they are; the writer reads them in place.
public struct ColumnBatch: Sendable {
    /// The present values only, in row order.
    public var values: ColumnValues
    /// One bit a row, least significant first, 1 = present; nil when every row has a value.
    public var presence: [UInt64]?
    /// For columns inside structs and lists, which have no presence bits, and nil for all others.
    public var levels: NestedLevels?

    public init(_ values: ColumnValues, presence: [UInt64]? = nil) {
        self.values = values
        self.presence = presence
    }

    public init(_ values: ColumnValues, levels: NestedLevels) {
        self.values = values
        self.levels = levels
    }
}

/// Where the values of a nested column belong: one entry for each value, null and empty list.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/README.md#nested-encoding>
public struct NestedLevels: Sendable {
    /// How many of the optional and repeated fields that lead to the entry are there; the most means a value.
    public var definition: [UInt8]
    /// At which of the lists that lead to the entry it goes on; 0 begins a row.
    public var repetition: [UInt8]

    public init(definition: [UInt8], repetition: [UInt8]) {
        self.definition = definition
        self.repetition = repetition
    }
}

/// Values of one physical type.
public enum ColumnValues: Sendable {
    /// 0 or 1, one byte a value.
    case boolean([UInt8])
    case int32([Int32])
    case int64([Int64])
    case float([Float])
    case double([Double])
    /// Value i is `bytes[offsets[i] ..< offsets[i + 1]]`; one offset more than values.
    case byteArray(offsets: [UInt32], bytes: [UInt8])
    /// Values of `length` bytes each, one after the other.
    case fixedLengthByteArray([UInt8], length: Int)
}

extension ColumnValues {
    /// The number of values, or nil when the arrays are not of `type` or do not add up to whole values.
    func count(as type: PhysicalType) -> Int? {
        switch (self, type) {
        case (.boolean(let values), .boolean): values.count
        case (.int32(let values), .int32): values.count
        case (.int64(let values), .int64): values.count
        case (.float(let values), .float): values.count
        case (.double(let values), .double): values.count
        case (.byteArray(let offsets, let bytes), .byteArray):
            offsets.isEmpty || offsets[offsets.count - 1] > bytes.count ? nil : offsets.count - 1
        case (.fixedLengthByteArray(let bytes, let length), .fixedLengthByteArray(let expected)):
            length == expected && bytes.count.isMultiple(of: length) ? bytes.count / length : nil
        default: nil
        }
    }

    static func empty(_ type: PhysicalType) -> ColumnValues {
        switch type {
        case .boolean: .boolean([])
        case .int32: .int32([])
        case .int64: .int64([])
        case .float: .float([])
        case .double: .double([])
        case .byteArray: .byteArray(offsets: [0], bytes: [])
        case .fixedLengthByteArray(let length): .fixedLengthByteArray([], length: length)
        }
    }
}
