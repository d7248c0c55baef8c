internal import Columns
internal import Contracts

// One value at a time, for the leaves of structs and lists.

extension ColumnValues {
    /// Adds the value that a text is in a column of `type`, which is one of single values.
    /// - Parameters:
    ///   - truncates: whether digits of a time beyond its unit are cut off.
    ///   - format: how the text is written; nil for the usual way.
    mutating func append(
        parsing text: FieldText, as type: ColumnType, truncates: Bool, format: ValueFormat? = nil
    ) throws(FieldFault) {
        if let format {
            let plain = try format.plain(text, type)
            return try plain.withUnsafeBufferPointer { (text) throws(FieldFault) in
                try append(parsing: text, as: type, truncates: truncates)
            }
        }
        switch type {
        case .boolean: append(try text.parseBoolean() ? UInt8(1) : 0) { $0.append(boolean: $1, count: 1) }
        case .int64: append(integer: try text.parseInteger(in: .min ... .max))
        case .int8, .int16, .int32, .uint8, .uint16, .uint32:
            append(integer: try text.parseInteger(in: type.integerRange))
        case .uint64: append(integer: try text.parseUInt64())
        case .float: append(try text.parseFloat()) { $0.append(float: $1, count: 1) }
        case .double: append(try text.parseDouble()) { $0.append(double: $1, count: 1) }
        case .date: append(integer: Int64(try text.parseDate()))
        case .time(let unit, let isUTC):
            append(integer: try text.parseTime(unit, isAdjustedToUTC: isUTC, truncates: truncates))
        case .timestamp(let unit, let isUTC):
            append(integer: try text.parseTimestamp(unit, isAdjustedToUTC: isUTC, truncates: truncates))
        case .decimal(let precision, let scale) where type.fixedLength != nil:
            let unscaled = try text.parseDecimal(precision: precision, scale: scale, as: Int128.self)
            append(unscaled) { $0.append(fixed: $1, count: 1) }
        case .decimal(let precision, let scale):
            append(integer: try text.parseDecimal(precision: precision, scale: scale, as: Int64.self))
        case .uuid: append(try text.parseUUID()) { $0.append(fixed: $1, count: 1) }
        case .string, .json: append(text: text)
        case .structure, .list: preconditionFailure("a nested value has no column of its own")
        }
    }

    /// Adds an integer that is known to fit.
    private mutating func append(integer: Int64) {
        if case .int32 = self {
            append(integer) { $0.append(narrowing: $1, count: 1) }
        } else {
            append(integer) { $0.append(int64: $1, count: 1) }
        }
    }

    private mutating func append<Value>(_ value: Value, _ body: (inout Self, UnsafeRawPointer) -> Void) {
        withUnsafePointer(to: value) { body(&self, UnsafeRawPointer($0)) }
    }
}
