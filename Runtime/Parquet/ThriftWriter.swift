/// Writes Thrift's compact protocol: what Parquet's page headers and footer are made of.
///
/// Fields must be written in ascending order of their ids inside each struct.
/// - SeeAlso: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>
struct ThriftWriter {
    let buffer: ByteBuffer
    private var lastFieldID: Int16 = 0

    init(to buffer: ByteBuffer) { self.buffer = buffer }

    mutating func field(_ id: Int16, _ value: Bool) { header(id, value ? .true : .false) }

    mutating func field(_ id: Int16, _ value: Int8) {
        header(id, .byte)
        buffer.append(UInt8(bitPattern: value))
    }

    mutating func field(_ id: Int16, _ value: Int16) {
        header(id, .int16)
        zigzag(Int64(value))
    }

    mutating func field(_ id: Int16, _ value: Int32) {
        header(id, .int32)
        zigzag(Int64(value))
    }

    mutating func field(_ id: Int16, _ value: Int64) {
        header(id, .int64)
        zigzag(value)
    }

    mutating func field(_ id: Int16, _ value: [UInt8]) {
        header(id, .binary)
        binary(value)
    }

    mutating func field(_ id: Int16, _ value: String) { field(id, Array(value.utf8)) }

    mutating func field(_ id: Int16, _ value: Int32?) { if let value { field(id, value) } }
    mutating func field(_ id: Int16, _ value: [UInt8]?) { if let value { field(id, value) } }

    /// A struct; `write` writes its fields.
    mutating func field(_ id: Int16, _ write: (inout ThriftWriter) -> Void) {
        header(id, .struct)
        structure(write)
    }

    mutating func list(_ id: Int16, _ values: [Int32]) {
        listHeader(id, count: values.count, of: .int32)
        for value in values { zigzag(Int64(value)) }
    }

    mutating func list(_ id: Int16, _ values: [Int64]) {
        listHeader(id, count: values.count, of: .int64)
        for value in values { zigzag(value) }
    }

    mutating func list(_ id: Int16, _ values: [Bool]) {
        listHeader(id, count: values.count, of: .true)
        for value in values { buffer.append((value ? ThriftWireType.true : .false).rawValue) }
    }

    mutating func list(_ id: Int16, _ values: [[UInt8]]) {
        listHeader(id, count: values.count, of: .binary)
        for value in values { binary(value) }
    }

    mutating func list(_ id: Int16, _ values: [String]) { list(id, values.map { Array($0.utf8) }) }

    /// A list of structs; `write` writes the fields of each.
    mutating func list<Element>(_ id: Int16, _ elements: [Element], _ write: (inout ThriftWriter, Element) -> Void) {
        listHeader(id, count: elements.count, of: .struct)
        for element in elements { structure { write(&$0, element) } }
    }

    /// The fields of a struct and its end mark.
    mutating func structure(_ write: (inout ThriftWriter) -> Void) {
        let outer = lastFieldID
        lastFieldID = 0
        write(&self)
        buffer.append(0)
        lastFieldID = outer
    }

    private mutating func header(_ id: Int16, _ type: ThriftWireType) {
        let step = id - lastFieldID
        if (1...15).contains(step) {
            buffer.append(UInt8(step) << 4 | type.rawValue)
        } else {
            buffer.append(type.rawValue)
            zigzag(Int64(id))
        }
        lastFieldID = id
    }

    private mutating func listHeader(_ id: Int16, count: Int, of type: ThriftWireType) {
        header(id, .list)
        if count < 15 {
            buffer.append(UInt8(count) << 4 | type.rawValue)
        } else {
            buffer.append(0xF0 | type.rawValue)
            varint(UInt64(count))
        }
    }

    private mutating func binary(_ bytes: [UInt8]) {
        varint(UInt64(bytes.count))
        buffer.append(bytes)
    }

    private mutating func zigzag(_ value: Int64) { varint(UInt64(bitPattern: value << 1 ^ value >> 63)) }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            buffer.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        buffer.append(UInt8(rest))
    }
}
