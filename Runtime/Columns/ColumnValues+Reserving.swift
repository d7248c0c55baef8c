extension ColumnValues {
    /// No values, with room for some.
    public func reserving(_ count: Int, textSize: Int) -> ColumnValues {
        func room<Value>(_ count: Int) -> [Value] {
            var values: [Value] = []
            values.reserveCapacity(count)
            return values
        }
        return switch self {
        case .boolean: .boolean(room(count))
        case .int32: .int32(room(count))
        case .int64: .int64(room(count))
        case .float: .float(room(count))
        case .double: .double(room(count))
        case .fixedLengthByteArray(_, let length): .fixedLengthByteArray(room(count * length), length: length)
        case .byteArray:
            {
                var offsets: [UInt32] = room(count + 1)
                offsets.append(0)
                return .byteArray(ByteArrays(offsets: offsets, bytes: room(textSize)))
            }()
        }
    }
}
