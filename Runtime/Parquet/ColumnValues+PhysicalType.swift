public import Columns

extension ColumnValues {
    /// No values of `type`.
    public static func empty(_ type: PhysicalType) -> ColumnValues {
        switch type {
        case .boolean: .boolean([])
        case .int32: .int32([])
        case .int64: .int64([])
        case .float: .float([])
        case .double: .double([])
        case .byteArray: .byteArray(ByteArrays())
        case .fixedLengthByteArray(let length): .fixedLengthByteArray([], length: length)
        }
    }

    /// The number of values, or nil when the arrays are not of `type` or do not add up to whole values.
    func count(as type: PhysicalType) -> Int? {
        switch (self, type) {
        case (.boolean(let values), .boolean): values.count
        case (.int32(let values), .int32): values.count
        case (.int64(let values), .int64): values.count
        case (.float(let values), .float): values.count
        case (.double(let values), .double): values.count
        case (.byteArray(let texts), .byteArray):
            texts.offsets.isEmpty || texts.offsets[texts.count] > texts.bytes.count ? nil : texts.count
        case (.fixedLengthByteArray(let bytes, let length), .fixedLengthByteArray(let expected)):
            length == expected && bytes.count.isMultiple(of: length) ? bytes.count / length : nil
        default: nil
        }
    }
}
