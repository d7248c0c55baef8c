/// The columns of one row of a change, as they are in the message. Valid as long as the message is.
public struct TupleData {
    public enum Value {
        case null
        /// A value outside of the row (TOAST) that the change does not carry, because it left it as it was.
        case unchanged
        /// The value as PostgreSQL writes it as text.
        case text(UnsafeRawBufferPointer)
    }

    public let columnCount: Int
    private let columns: UnsafeRawBufferPointer

    init(_ reader: inout MessageReader) throws(ReplicationFault) {
        columnCount = Int(try reader.number(UInt16.self))
        let start = reader.offset
        for _ in 0..<columnCount {
            switch try reader.uint8() {
            case UInt8(ascii: "n"), UInt8(ascii: "u"): continue
            case UInt8(ascii: "t"): _ = try reader.bytes(Int(try reader.number(Int32.self)))
            default: throw .invalid("the kind of a column's value", offset: reader.offset - 1)
            }
        }
        columns = reader.slice(from: start)
    }

    /// The values in the order of the relation's columns.
    public var values: Values { Values(columns) }

    /// Reads checked columns one after the other.
    public struct Values {
        private let columns: UnsafeRawBufferPointer
        private var offset = 0

        init(_ columns: UnsafeRawBufferPointer) { self.columns = columns }

        /// The next column's value. There are ``TupleData/columnCount`` of them; asking for more is a bug.
        @inline(__always)
        public mutating func next() -> Value {
            let kind = columns[offset]
            guard kind == UInt8(ascii: "t") else {
                offset += 1
                return kind == UInt8(ascii: "n") ? .null : .unchanged
            }
            let length = Int(UInt32(bigEndian: columns.loadUnaligned(fromByteOffset: offset + 1, as: UInt32.self)))
            let start = offset + 5
            offset = start + length
            return .text(UnsafeRawBufferPointer(rebasing: columns[start..<offset]))
        }
    }
}
