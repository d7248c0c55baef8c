internal import Columns
internal import Parquet

/// Decoded values of one column, until a batch is complete.
final class ValueSink {
    let type: PhysicalType
    private let sizeLimit: Int
    /// Byte arrays end to end, and all other values as ``ColumnValues`` stores them.
    let bytes = ReadBuffer()
    /// Where byte arrays end: a `UInt32` each.
    let ends = ReadBuffer()

    init(_ type: PhysicalType, sizeLimit: Int) {
        self.type = type
        self.sizeLimit = min(sizeLimit, Int(UInt32.max))
    }

    /// Bytes that may still be added.
    var room: Int { sizeLimit - bytes.count }

    /// Room for `size` more bytes of values.
    func bytes(for size: Int) throws(ParquetReadError) -> UnsafeMutablePointer<UInt8> {
        guard size <= room else { throw tooLarge }
        return bytes.room(for: size).assumingMemoryBound(to: UInt8.self)
    }

    func ends(for count: Int) -> UnsafeMutablePointer<UInt32> {
        ends.room(for: 4 * count).assumingMemoryBound(to: UInt32.self)
    }

    var tooLarge: ParquetReadError {
        .tooLarge("the values of a batch exceed the limit of \(sizeLimit) bytes; read fewer rows at a time")
    }

    /// What `body` adds, at most `limit` values. Values of fixed width are decoded where they stay.
    func values(upTo limit: Int, _ body: () throws -> Void) throws -> ColumnValues {
        guard limit * (type.width ?? 4) <= sizeLimit else { throw tooLarge }
        switch type {
        case .boolean: return .boolean(try array(limit, body))
        case .int32: return .int32(try array(limit, body))
        case .int64: return .int64(try array(limit, body))
        case .float: return .float(try array(limit, body))
        case .double: return .double(try array(limit, body))
        case .fixedLengthByteArray(let length):
            return .fixedLengthByteArray(try array(limit * length, body), length: length)
        case .byteArray:
            try body()
            return take()
        }
    }

    private func array<Value>(_ limit: Int, _ body: () throws -> Void) throws -> [Value] {
        try [Value](unsafeUninitializedCapacity: limit) { room, filled in
            filled = try bytes.filling(UnsafeMutableRawBufferPointer(room), body) / MemoryLayout<Value>.stride
        }
    }

    /// The values as a column has them; the sink is empty afterwards.
    func take() -> ColumnValues {
        defer {
            bytes.removeAll()
            ends.removeAll()
        }
        switch type {
        case .boolean: return .boolean(bytes.array(of: UInt8.self))
        case .int32: return .int32(bytes.array(of: Int32.self))
        case .int64: return .int64(bytes.array(of: Int64.self))
        case .float: return .float(bytes.array(of: Float.self))
        case .double: return .double(bytes.array(of: Double.self))
        case .fixedLengthByteArray(let length):
            return .fixedLengthByteArray(bytes.array(of: UInt8.self), length: length)
        case .byteArray:
            let count = ends.count / 4
            let source = ends.memory.assumingMemoryBound(to: UInt32.self)
            let offsets = [UInt32](unsafeUninitializedCapacity: count + 1) { offsets, filled in
                offsets[0] = 0
                offsets.baseAddress.map { ($0 + 1).update(from: source, count: count) }
                filled = count + 1
            }
            return .byteArray(ByteArrays(offsets: offsets, bytes: bytes.array(of: UInt8.self)))
        }
    }
}

extension PhysicalType {
    /// Bytes of a value in ``ColumnValues``; nil for byte arrays.
    var width: Int? {
        switch self {
        case .boolean: 1
        case .int32, .float: 4
        case .int64, .double: 8
        case .fixedLengthByteArray(let length): length
        case .byteArray: nil
        }
    }
}
