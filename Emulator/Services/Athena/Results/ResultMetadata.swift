/// The file beside a result that describes its columns, in the form of protocol buffers.
enum ResultMetadata {
    static func bytes(of columns: [ResultColumn]) -> [UInt8] {
        var bytes: [UInt8] = []
        for column in columns {
            var info: [UInt8] = []
            append("hive", field: 1, to: &info)
            append(column.name, field: 4, to: &info)
            append(column.name, field: 5, to: &info)
            append(column.type, field: 6, to: &info)
            append(column.precision, field: 7, to: &info)
            append(column.scale, field: 8, to: &info)
            // Whether it may be null is not known.
            append(3, field: 9, to: &info)
            append(column.isCaseSensitive ? 1 : 0, field: 10, to: &info)
            append(info, field: 4, to: &bytes)
        }
        return bytes
    }

    private static func append(_ text: String, field: Int, to bytes: inout [UInt8]) {
        append(Array(text.utf8), field: field, to: &bytes)
    }

    private static func append(_ value: [UInt8], field: Int, to bytes: inout [UInt8]) {
        append(variable: field << 3 | 2, to: &bytes)
        append(variable: value.count, to: &bytes)
        bytes += value
    }

    private static func append(_ value: Int, field: Int, to bytes: inout [UInt8]) {
        append(variable: field << 3, to: &bytes)
        append(variable: value, to: &bytes)
    }

    private static func append(variable value: Int, to bytes: inout [UInt8]) {
        var rest = UInt64(value)
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
