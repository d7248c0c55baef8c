/// Reads values of Avro's binary encoding. Every size is checked against the bytes that are left before it is used.
/// - SeeAlso: <https://avro.apache.org/docs/1.12.0/specification/#binary-encoding>
struct AvroDecoder {
    private let bytes: [UInt8]
    private(set) var position = 0
    /// Where the bytes begin in the file, for errors.
    private let origin: Int

    init(_ bytes: [UInt8], origin: Int = 0) {
        self.bytes = bytes
        self.origin = origin
    }

    var isAtEnd: Bool { position == bytes.count }

    func fault(_ reason: String) -> IcebergError { .avro(reason: reason, byte: origin + position) }

    mutating func read(_ schema: AvroSchema) throws(IcebergError) -> AvroValue {
        switch schema {
        case .null: return .null
        case .boolean: return .boolean(try byte() != 0)
        case .int, .long: return .long(try long())
        case .float: return .float(Float(bitPattern: UInt32(truncatingIfNeeded: try littleEndian(4))))
        case .double: return .double(Double(bitPattern: try littleEndian(8)))
        case .bytes: return .bytes(try sized())
        case .string: return .string(String(decoding: try sized(), as: UTF8.self))
        case .fixed(let size): return .bytes(try take(size))
        case .enumeration(let symbols):
            let index = try long()
            guard let place = Int(exactly: index), symbols.indices.contains(place) else {
                throw fault("\(index) is no symbol")
            }
            return .string(symbols[place])
        case .union:
            return try read(try branch(of: schema))
        case .array(let items):
            var values: [AvroValue] = []
            try blocks { (decoder) throws(IcebergError) in values.append(try decoder.read(items)) }
            return .array(values)
        case .map(let items):
            var values: [String: AvroValue] = [:]
            try blocks { (decoder) throws(IcebergError) in
                let key = String(decoding: try decoder.sized(), as: UTF8.self)
                values[key] = try decoder.read(items)
            }
            return .map(values)
        case .record(let fields):
            var values: [AvroValue] = []
            values.reserveCapacity(fields.count)
            for field in fields { values.append(try read(field.schema)) }
            return .record(values)
        }
    }

    mutating func long() throws(IcebergError) -> Int64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
        }
        throw fault("a number has more than ten bytes")
    }

    mutating func sized() throws(IcebergError) -> [UInt8] { try take(try size()) }

    private mutating func size() throws(IcebergError) -> Int {
        let size = try long()
        guard let count = Int(exactly: size), count >= 0 else { throw fault("\(size) is no size") }
        return count
    }

    mutating func take(_ count: Int) throws(IcebergError) -> [UInt8] {
        let start = position
        try advance(by: count)
        return Array(bytes[start..<position])
    }

    private mutating func advance(by count: Int) throws(IcebergError) {
        guard count <= bytes.count - position else {
            throw fault("\(count) bytes are expected, and \(bytes.count - position) are left")
        }
        position += count
    }

    /// The type that a value has which may be of several.
    mutating func branch(of schema: AvroSchema) throws(IcebergError) -> AvroSchema {
        guard case .union(let branches) = schema else { return schema }
        let index = try long()
        guard let place = Int(exactly: index), branches.indices.contains(place) else {
            throw fault("\(index) is no branch of a union")
        }
        return try branch(of: branches[place])
    }

    /// Passes a value by.
    mutating func skip(_ schema: AvroSchema) throws(IcebergError) {
        switch schema {
        case .null: break
        case .boolean: try advance(by: 1)
        case .int, .long, .enumeration: _ = try long()
        case .float: try advance(by: 4)
        case .double: try advance(by: 8)
        case .bytes, .string: try advance(by: try size())
        case .fixed(let size): try advance(by: size)
        case .union: try skip(try branch(of: schema))
        case .array(let items):
            while case let count = try blockCount(), count > 0 { for _ in 0..<count { try skip(items) } }
        case .map(let items):
            while case let count = try blockCount(), count > 0 {
                for _ in 0..<count {
                    try skip(.string)
                    try skip(items)
                }
            }
        case .record(let fields): for field in fields { try skip(field.schema) }
        }
    }

    private mutating func byte() throws(IcebergError) -> UInt8 {
        guard position < bytes.count else { throw fault("the data ends inside a value") }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func littleEndian(_ count: Int) throws(IcebergError) -> UInt64 {
        var value: UInt64 = 0
        for (index, byte) in try take(count).enumerated() { value |= UInt64(byte) << UInt64(8 * index) }
        return value
    }

    /// Reads the items of an array or of a map, which come in blocks.
    private mutating func blocks(
        _ item: (inout AvroDecoder) throws(IcebergError) -> Void
    ) throws(IcebergError) {
        while case let count = try blockCount(), count > 0 { for _ in 0..<count { try item(&self) } }
    }

    /// How many items of an array or of a map come next; 0 at its end.
    mutating func blockCount() throws(IcebergError) -> Int {
        var count = try long()
        if count < 0 {
            // The block's size follows, for readers that skip it.
            guard count > .min else { throw fault("\(count) is no count") }
            count = -count
            _ = try long()
        }
        // An item of nulls alone has no bytes, so the count is all there is to check.
        guard count <= bytes.count else { throw fault("a block claims \(count) items") }
        return Int(count)
    }
}
