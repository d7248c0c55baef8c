internal import Parquet

/// Reads Thrift's compact protocol: what Parquet's page headers and footer are made of.
///
/// All access to `bytes` goes through ``byte()`` and ``take(_:)``, which check its end. A count is believed only as far as the
/// bytes go on: an element takes a byte at least.
/// - SeeAlso: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>
struct ThriftReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0
    private var depth = 0

    private static let depthLimit = 32

    enum Fault: Error {
        /// The bytes end inside a value.
        case truncated
        case malformed(String)
    }

    struct Field {
        let id: Int16
        let type: ThriftWireType
    }

    /// - Parameter bytes: must outlive the reader.
    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    // MARK: Structs

    /// Calls `body` for each field of a struct; it reads the field's value, or skips it.
    mutating func structure(_ body: (inout ThriftReader, Field) throws(Fault) -> Void) throws(Fault) {
        depth += 1
        guard depth <= Self.depthLimit else { throw .malformed("structs are nested too deep") }
        var last: Int16 = 0
        while true {
            let head = try byte()
            if head == 0 { break }
            guard let type = ThriftWireType(rawValue: head & 0x0F) else {
                throw .malformed("no type has number \(head & 15)")
            }
            if head >> 4 == 0 {
                last = Int16(truncatingIfNeeded: try zigzag())
            } else {
                last = last &+ Int16(head >> 4)
            }
            try body(&self, Field(id: last, type: type))
        }
        depth -= 1
    }

    /// A field that is a struct.
    mutating func structure(
        _ field: Field, _ body: (inout ThriftReader, Field) throws(Fault) -> Void
    ) throws(Fault) {
        try expect(field, .struct)
        try structure(body)
    }

    // MARK: Values

    mutating func bool(_ field: Field) throws(Fault) -> Bool {
        switch field.type {
        case .true: true
        case .false: false
        default: throw .malformed("field \(field.id) is no boolean")
        }
    }

    mutating func integer(_ field: Field) throws(Fault) -> Int64 {
        switch field.type {
        case .byte: Int64(Int8(bitPattern: try byte()))
        case .int16, .int32, .int64: try zigzag()
        default: throw .malformed("field \(field.id) is no integer")
        }
    }

    mutating func int32(_ field: Field) throws(Fault) -> Int32 {
        guard let value = Int32(exactly: try integer(field)) else {
            throw .malformed("field \(field.id) exceeds 32 bits")
        }
        return value
    }

    /// A size, count or place.
    mutating func count(_ field: Field) throws(Fault) -> Int {
        let value = try integer(field)
        guard value >= 0 else { throw .malformed("field \(field.id) is \(value), and must not be negative") }
        return Int(value)
    }

    mutating func binary(_ field: Field) throws(Fault) -> [UInt8] {
        try expect(field, .binary)
        return try binary()
    }

    mutating func text(_ field: Field) throws(Fault) -> String {
        String(decoding: try binary(field), as: UTF8.self)
    }

    // MARK: Lists

    /// Calls `body` for each element of a list of structs.
    mutating func structures(
        _ field: Field, _ body: (inout ThriftReader) throws(Fault) -> Void
    ) throws(Fault) {
        for _ in 0..<(try listHeader(field, .struct)) { try body(&self) }
    }

    mutating func integers(_ field: Field) throws(Fault) -> [Int64] {
        var values: [Int64] = []
        for _ in 0..<(try listHeader(field, .int32, .int64)) { values.append(try zigzag()) }
        return values
    }

    mutating func bools(_ field: Field) throws(Fault) -> [Bool] {
        var values: [Bool] = []
        // Some writers write 0 for false.
        for _ in 0..<(try listHeader(field, .true, .false)) {
            values.append(try byte() == ThriftWireType.true.rawValue)
        }
        return values
    }

    mutating func binaries(_ field: Field) throws(Fault) -> [[UInt8]] {
        var values: [[UInt8]] = []
        for _ in 0..<(try listHeader(field, .binary)) { values.append(try binary()) }
        return values
    }

    mutating func texts(_ field: Field) throws(Fault) -> [String] {
        try binaries(field).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: Skipping

    mutating func skip(_ field: Field) throws(Fault) { try skip(field.type) }

    /// - Parameter isElement: in lists and maps a boolean takes a byte.
    private mutating func skip(_ type: ThriftWireType, isElement: Bool = false) throws(Fault) {
        switch type {
        case .true, .false: if isElement { _ = try byte() }
        case .byte: _ = try byte()
        case .int16, .int32, .int64: _ = try varint()
        case .double: _ = try take(8)
        case .uuid: _ = try take(16)
        case .binary: _ = try take(try size())
        case .struct: try structure { thrift, field throws(Fault) in try thrift.skip(field) }
        case .list, .set:
            let (count, element) = try elements()
            try nested { thrift throws(Fault) in
                for _ in 0..<count { try thrift.skip(element, isElement: true) }
            }
        case .map:
            let count = try size()
            guard count > 0 else { return }
            let types = try byte()
            guard let key = ThriftWireType(rawValue: types >> 4), let value = ThriftWireType(rawValue: types & 15)
            else {
                throw .malformed("a map's type is unknown")
            }
            try nested { thrift throws(Fault) in
                for _ in 0..<count {
                    try thrift.skip(key, isElement: true)
                    try thrift.skip(value, isElement: true)
                }
            }
        }
    }

    private mutating func nested(_ body: (inout ThriftReader) throws(Fault) -> Void) throws(Fault) {
        depth += 1
        guard depth <= Self.depthLimit else { throw .malformed("lists are nested too deep") }
        try body(&self)
        depth -= 1
    }

    // MARK: Bytes

    private func expect(_ field: Field, _ type: ThriftWireType) throws(Fault) {
        guard field.type == type else { throw .malformed("field \(field.id) has type \(field.type), not \(type)") }
    }

    private mutating func listHeader(_ field: Field, _ types: ThriftWireType...) throws(Fault) -> Int {
        try expect(field, .list)
        let (count, element) = try elements()
        guard count == 0 || types.contains(element) else {
            throw .malformed("field \(field.id) is a list of type \(element)")
        }
        return count
    }

    private mutating func elements() throws(Fault) -> (count: Int, type: ThriftWireType) {
        let head = try byte()
        let count = head >> 4 == 15 ? try size() : Int(head >> 4)
        guard let type = ThriftWireType(rawValue: head & 15) else {
            // The type of an empty list does not matter.
            guard count == 0 else { throw .malformed("a list's type is unknown") }
            return (0, .byte)
        }
        guard count <= bytes.count - position else { throw .truncated }
        return (count, type)
    }

    private mutating func binary() throws(Fault) -> [UInt8] { Array(try take(try size())) }

    private mutating func size() throws(Fault) -> Int {
        let value = try varint()
        guard value < 1 << 31 else { throw .malformed("a length exceeds 31 bits") }
        return Int(value)
    }

    private mutating func zigzag() throws(Fault) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    private mutating func varint() throws(Fault) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
            shift += 7
            guard shift < 64 else { throw .malformed("a number exceeds 64 bits") }
        }
    }

    private mutating func byte() throws(Fault) -> UInt8 {
        guard position < bytes.count else { throw .truncated }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func take(_ count: Int) throws(Fault) -> UnsafeRawBufferPointer {
        guard count <= bytes.count - position else { throw .truncated }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }
}
