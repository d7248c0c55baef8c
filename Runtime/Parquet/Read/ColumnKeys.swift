internal import CKernels
internal import Columns
internal import Parquet

/// The dictionary of a column chunk.
final class ColumnKeys {
    let count: Int
    private let type: PhysicalType
    private let bytes = ReadBuffer()
    /// For byte arrays: where each starts, and where the last ends.
    private let offsets = ReadBuffer()
    private var codes = [UInt32](repeating: 0, count: blockSize)

    private static let blockSize = 1024

    /// - Parameter page: `count` values in PLAIN encoding.
    init(_ page: ReadBuffer, count: Int, of type: PhysicalType) throws(ParquetReadError) {
        self.type = type
        self.count = count
        let start = page.memory.assumingMemoryBound(to: UInt8.self)
        switch type {
        case .boolean: throw .outOfSpec("a dictionary of booleans does not exist")
        case .byteArray:
            guard count <= page.count / 4 else { throw Self.tooShort(count) }
            let ends = offsets.room(for: 4 * (count + 1)).assumingMemoryBound(to: UInt32.self)
            ends[0] = 0
            var at: UnsafePointer<UInt8>? = UnsafePointer(start)
            let out = bytes.room(for: page.count).assumingMemoryBound(to: UInt8.self)
            guard parquet_read_plain_bytes(&at, start + page.count, count, 0, ends + 1, out) == count else {
                throw Self.tooShort(count)
            }
            offsets.grow(by: 4 * (count + 1))
            bytes.grow(by: Int(ends[count]))
        case .int32, .int64, .float, .double, .fixedLengthByteArray:
            let width = type.width ?? 0
            guard count <= page.count / width else { throw Self.tooShort(count) }
            bytes.append(UnsafeRawBufferPointer(start: start, count: count * width))
        }
    }

    private static func tooShort(_ count: Int) -> ParquetReadError {
        .outOfSpec("a dictionary page ends before its \(count) values")
    }

    var values: ColumnValues {
        switch type {
        case .boolean: .boolean(bytes.array(of: UInt8.self))
        case .int32: .int32(bytes.array(of: Int32.self))
        case .int64: .int64(bytes.array(of: Int64.self))
        case .float: .float(bytes.array(of: Float.self))
        case .double: .double(bytes.array(of: Double.self))
        case .fixedLengthByteArray(let length): .fixedLengthByteArray(bytes.array(of: UInt8.self), length: length)
        case .byteArray:
            .byteArray(ByteArrays(offsets: offsets.array(of: UInt32.self), bytes: bytes.array(of: UInt8.self)))
        }
    }

    /// Appends the keys at the next `count` positions of `runs`.
    func append(_ count: Int, of runs: inout parquet_runs, to sink: ValueSink) throws(ParquetReadError) {
        switch type {
        case .int32, .float:
            let out = UnsafeMutableRawPointer(try sink.bytes(for: 4 * count)).assumingMemoryBound(to: UInt32.self)
            let keys = bytes.memory.assumingMemoryBound(to: UInt32.self)
            try check(parquet_runs_keys_32(&runs, keys, self.count, out, count), count)
            sink.bytes.grow(by: 4 * count)
        case .int64, .double:
            let out = UnsafeMutableRawPointer(try sink.bytes(for: 8 * count)).assumingMemoryBound(to: UInt64.self)
            let keys = bytes.memory.assumingMemoryBound(to: UInt64.self)
            try check(parquet_runs_keys_64(&runs, keys, self.count, out, count), count)
            sink.bytes.grow(by: 8 * count)
        case .byteArray, .fixedLengthByteArray, .boolean:
            var left = count
            while left > 0 {
                let step = min(left, Self.blockSize)
                try codes.withUnsafeMutableBufferPointer { codes throws(ParquetReadError) in
                    try check(parquet_runs_u32(&runs, codes.baseAddress, step), step)
                    try append(UnsafeBufferPointer(rebasing: codes[..<step]), to: sink)
                }
                left -= step
            }
        }
    }

    private func append(_ codes: UnsafeBufferPointer<UInt32>, to sink: ValueSink) throws(ParquetReadError) {
        let keys = bytes.memory.assumingMemoryBound(to: UInt8.self)
        guard let width = type.width else {
            let starts = offsets.memory.assumingMemoryBound(to: UInt32.self)
            let base = sink.bytes.count
            let ends = sink.ends(for: codes.count)
            let done = parquet_read_key_ends(
                codes.baseAddress, codes.count, starts, count, UInt32(base), UInt32(sink.room), ends)
            guard done == codes.count else {
                guard codes[done] < count else { throw outside }
                throw sink.tooLarge
            }
            let size = Int(ends[codes.count - 1]) - base
            parquet_read_keys(codes.baseAddress, codes.count, starts, keys, try sink.bytes(for: size))
            sink.bytes.grow(by: size)
            sink.ends.grow(by: 4 * codes.count)
            return
        }
        let out = try sink.bytes(for: width * codes.count)
        guard parquet_read_fixed_keys(codes.baseAddress, codes.count, keys, count, width, out) else { throw outside }
        sink.bytes.grow(by: width * codes.count)
    }

    private func check(_ done: Int, _ count: Int) throws(ParquetReadError) {
        guard done == count else { throw outside }
    }

    private var outside: ParquetReadError {
        .outOfSpec("a data page has fewer values than it says, or one outside the dictionary of \(count)")
    }
}
