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
        case .union(let branches):
            let index = try long()
            guard let place = Int(exactly: index), branches.indices.contains(place) else {
                throw fault("\(index) is no branch of a union")
            }
            return try read(branches[place])
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

    mutating func sized() throws(IcebergError) -> [UInt8] {
        let size = try long()
        guard let count = Int(exactly: size), count >= 0 else { throw fault("\(size) is no size") }
        return try take(count)
    }

    mutating func take(_ count: Int) throws(IcebergError) -> [UInt8] {
        guard count <= bytes.count - position else {
            throw fault("\(count) bytes are expected, and \(bytes.count - position) are left")
        }
        defer { position += count }
        return Array(bytes[position..<position + count])
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
        while true {
            var count = try long()
            guard count != 0 else { return }
            if count < 0 {
                // The block's size follows, for readers that skip it.
                guard count > .min else { throw fault("\(count) is no count") }
                count = -count
                _ = try long()
            }
            for _ in 0..<count {
                // An item of nulls alone has no bytes, so the count is all there is to check.
                guard count <= bytes.count else { throw fault("a block claims \(count) items") }
                try item(&self)
            }
        }
    }
}
