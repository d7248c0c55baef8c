/// Writes values in Avro's binary encoding. A value that its schema does not allow stops the program: schemas and values are
/// made by the same code.
struct AvroEncoder {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ value: AvroValue, _ schema: AvroSchema) {
        switch (schema, value) {
        case (.null, .null): break
        case (.boolean, .boolean(let value)): bytes.append(value ? 1 : 0)
        case (.int, .long(let value)), (.long, .long(let value)): write(value)
        case (.float, .float(let value)): withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
        case (.double, .double(let value)): withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
        case (.bytes, .bytes(let value)): write(sized: value)
        case (.string, .string(let value)): write(sized: value.utf8)
        case (.fixed(let size), .bytes(let value)) where value.count == size: bytes += value
        case (.union(let branches), _):
            // The unions of manifests are null and one other type.
            guard let place = branches.firstIndex(where: { ($0 == .null) == (value == .null) }) else {
                preconditionFailure("\(value) is in no branch of \(schema)")
            }
            write(Int64(place))
            write(value, branches[place])
        case (.array(let items), .array(let values)):
            if !values.isEmpty { write(Int64(values.count)) }
            for value in values { write(value, items) }
            write(0)
        case (.record(let fields), .record(let values)) where values.count == fields.count:
            for (field, value) in zip(fields, values) { write(value, field.schema) }
        default:
            preconditionFailure("\(value) is no value of \(schema)")
        }
    }

    mutating func write(_ value: Int64) {
        var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func write(sized value: some Collection<UInt8>) {
        write(Int64(value.count))
        bytes += value
    }

    mutating func append(_ raw: [UInt8]) { bytes += raw }
}
