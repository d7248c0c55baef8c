internal import CKernels
internal import Parquet

/// Decodes the values of one data page, some at a time.
///
/// The pointers are into the page's memory, which outlives the decoder. Kernels are given the end with each place.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/Encodings.md>
struct ValueDecoder {
    private enum Form {
        case plain
        /// Nil where the chunk has no dictionary, which only a page without values may do without.
        case keys(ColumnKeys?)
        case runs
        case deltas
        case deltaLengths
        case deltaPrefixes
        case streams
    }

    private let type: PhysicalType
    private let form: Form
    private var at: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    private var runs = parquet_runs()
    /// Of values, or of lengths.
    private var deltas = parquet_deltas()
    /// Of the lengths that values have of their own where they share a front with the value before.
    private var suffixes = parquet_deltas()
    /// How many values have been decoded of a form that finds them by number.
    private var position = 0
    private var previous: [UInt8] = []

    private static let blockSize = 1024

    /// - Parameter encoding: the number of `Encoding` in parquet.thrift.
    init(
        _ encoding: Int32, of type: PhysicalType, _ keys: ColumnKeys?, from start: UnsafePointer<UInt8>,
        to end: UnsafePointer<UInt8>
    ) throws(ParquetReadError) {
        self.type = type
        self.end = end
        at = start
        // A page without values may have no bytes, whatever its encoding begins with.
        switch (encoding, type) {
        case (0, _): form = .plain
        case (2, _), (8, _):
            form = .keys(keys)
            guard start < end else { break }
            guard start[0] <= 32 else { throw .outOfSpec("positions in a dictionary have \(start[0]) bits") }
            runs = parquet_runs(start + 1, end, width: Int(start[0]))
        case (3, .boolean):
            form = .runs
            guard start < end else { break }
            guard end - start >= 4 else { throw Self.tooShort }
            let size = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self).littleEndian
            guard size <= end - start - 4 else { throw Self.tooShort }
            runs = parquet_runs(start + 4, start + 4 + Int(size), width: 1)
        case (5, .int32), (5, .int64):
            form = .deltas
            guard start < end else { break }
            try Self.begin(&deltas, start, end)
        case (6, .byteArray):
            form = .deltaLengths
            guard start < end else { break }
            try Self.begin(&deltas, start, end)
            at = try Self.end(of: deltas)
        case (7, .byteArray), (7, .fixedLengthByteArray):
            form = .deltaPrefixes
            guard start < end else { break }
            try Self.begin(&deltas, start, end)
            try Self.begin(&suffixes, try Self.end(of: deltas), end)
            at = try Self.end(of: suffixes)
        case (9, .int32), (9, .int64), (9, .float), (9, .double), (9, .fixedLengthByteArray):
            form = .streams
            guard (end - start).isMultiple(of: type.width ?? 1) else {
                throw .outOfSpec("\(end - start) bytes are no streams of bytes of \(type)")
            }
        default: throw .outOfSpec("the encoding \(encoding) does not exist for \(type)")
        }
    }

    private static let tooShort = ParquetReadError.outOfSpec("a data page ends before its values")

    private static func begin(
        _ deltas: inout parquet_deltas, _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) throws(ParquetReadError) {
        guard parquet_deltas_begin(&deltas, start, end) else {
            throw .outOfSpec("a data page does not begin with a header of deltas")
        }
    }

    private static func end(of deltas: parquet_deltas) throws(ParquetReadError) -> UnsafePointer<UInt8> {
        guard let end = parquet_deltas_end(deltas) else { throw tooShort }
        return end
    }

    /// Appends the next `count` values.
    mutating func append(_ count: Int, to sink: ValueSink) throws(ParquetReadError) {
        guard count > 0 else { return }
        switch form {
        case .plain: try appendPlain(count, to: sink)
        case .keys(let keys):
            guard let keys else { throw .outOfSpec("a data page refers to a dictionary that the chunk does not have") }
            try keys.append(count, of: &runs, to: sink)
        case .runs:
            guard parquet_runs_u8(&runs, try sink.bytes(for: count), count) == count else { throw Self.tooShort }
            sink.bytes.grow(by: count)
        case .deltas: try appendDeltas(count, to: sink)
        case .deltaLengths:
            try inBlocks(count) { decoder, step throws(ParquetReadError) in
                try decoder.appendTexts(step, to: sink)
            }
        case .deltaPrefixes:
            try inBlocks(count) { decoder, step throws(ParquetReadError) in
                try decoder.appendPrefixed(step, to: sink)
            }
        case .streams:
            let width = type.width ?? 1
            let total = (end - at) / width
            guard count <= total - position else { throw Self.tooShort }
            parquet_join_streams(at, total, position, count, width, try sink.bytes(for: count * width))
            sink.bytes.grow(by: count * width)
            position += count
        }
    }

    /// The places of the next `count` values in the dictionary.
    /// - Returns: false if the page has values that are not there.
    mutating func takePlaces(_ count: Int, into out: UnsafeMutablePointer<UInt32>) throws(ParquetReadError) -> Bool {
        guard count > 0 else { return true }
        guard case .keys(let keys?) = form else { return false }
        guard parquet_runs_u32(&runs, out, count) == count else { throw Self.tooShort }
        var largest: UInt32 = 0
        for index in 0..<count { largest = max(largest, out[index]) }
        guard largest < keys.count else {
            throw .outOfSpec("a data page has a place outside the dictionary of \(keys.count)")
        }
        return true
    }

    private mutating func inBlocks(
        _ count: Int, _ body: (inout ValueDecoder, Int) throws(ParquetReadError) -> Void
    ) throws(ParquetReadError) {
        for done in stride(from: 0, to: count, by: Self.blockSize) {
            try body(&self, min(Self.blockSize, count - done))
        }
    }

    private mutating func appendPlain(_ count: Int, to sink: ValueSink) throws(ParquetReadError) {
        switch type {
        case .boolean:
            guard position + count <= 8 * (end - at) else { throw Self.tooShort }
            parquet_unpack_booleans(at, position, count, try sink.bytes(for: count))
            sink.bytes.grow(by: count)
            position += count
        case .byteArray:
            let base = sink.bytes.count
            guard base + (end - at) <= UInt32.max else { throw sink.tooLarge }
            let out = sink.bytes.room(for: end - at).assumingMemoryBound(to: UInt8.self)
            let ends = sink.ends(for: count)
            var next: UnsafePointer<UInt8>? = at
            guard parquet_read_plain_bytes(&next, end, count, UInt32(base), ends, out) == count, let next else {
                throw Self.tooShort
            }
            at = next
            guard Int(ends[count - 1]) - base <= sink.room else { throw sink.tooLarge }
            sink.bytes.grow(by: Int(ends[count - 1]) - base)
            sink.ends.grow(by: 4 * count)
        case .int32, .int64, .float, .double, .fixedLengthByteArray:
            let width = type.width ?? 1
            guard count <= (end - at) / width else { throw Self.tooShort }
            try sink.bytes(for: count * width).update(from: at, count: count * width)
            sink.bytes.grow(by: count * width)
            at += count * width
        }
    }

    private mutating func appendDeltas(_ count: Int, to sink: ValueSink) throws(ParquetReadError) {
        let width = type.width ?? 1
        let out = UnsafeMutableRawPointer(try sink.bytes(for: count * width))
        let done =
            width == 4
            ? parquet_deltas_i32(&deltas, out.assumingMemoryBound(to: Int32.self), count)
            : parquet_deltas_i64(&deltas, out.assumingMemoryBound(to: Int64.self), count)
        guard done == count else { throw Self.tooShort }
        sink.bytes.grow(by: count * width)
    }

    /// DELTA_LENGTH_BYTE_ARRAY: the texts follow each other, as in the sink.
    private mutating func appendTexts(_ count: Int, to sink: ValueSink) throws(ParquetReadError) {
        var decoder = self
        defer { self = decoder }
        try withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { lengths throws(ParquetReadError) in
            guard parquet_deltas_i32(&decoder.deltas, lengths.baseAddress, count) == count else { throw Self.tooShort }
            let base = sink.bytes.count
            let ends = sink.ends(for: count)
            var size = 0
            let most = min(decoder.end - decoder.at, sink.room)
            for (index, length) in lengths.enumerated() {
                guard length >= 0 else { throw .outOfSpec("a text has the length \(length)") }
                size += Int(length)
                guard size <= most else { throw size <= sink.room ? Self.tooShort : sink.tooLarge }
                ends[index] = UInt32(base + size)
            }
            try sink.bytes(for: size).update(from: decoder.at, count: size)
            decoder.at += size
            sink.bytes.grow(by: size)
            sink.ends.grow(by: 4 * count)
        }
    }

    /// DELTA_BYTE_ARRAY.
    private mutating func appendPrefixed(_ count: Int, to sink: ValueSink) throws(ParquetReadError) {
        var decoder = self
        defer { self = decoder }
        try withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * count) { lengths throws(ParquetReadError) in
            guard let prefixes = lengths.baseAddress,
                parquet_deltas_i32(&decoder.deltas, prefixes, count) == count,
                parquet_deltas_i32(&decoder.suffixes, prefixes + count, count) == count
            else { throw Self.tooShort }
            var size = 0
            for length in lengths {
                guard length >= 0 else { throw .outOfSpec("a text has the length \(length)") }
                size += Int(length)
            }
            if let width = decoder.type.width {
                for index in 0..<count where Int(lengths[index]) + Int(lengths[count + index]) != width {
                    throw .outOfSpec("a value has not the \(width) bytes of its type")
                }
            }
            let out = try sink.bytes(for: size)
            let base = sink.bytes.count
            let ends = sink.ends(for: count)
            var next: UnsafePointer<UInt8>? = decoder.at
            var written = 0
            let done = decoder.previous.withUnsafeBufferPointer {
                parquet_read_prefixed(
                    &next, decoder.end, prefixes, prefixes + count, count, $0.baseAddress, $0.count, UInt32(base), size,
                    ends, out, &written)
            }
            guard done == count, let next else {
                throw .outOfSpec("a text begins with more than the text before it has, or ends behind the page")
            }
            decoder.at = next
            let start = count > 1 ? Int(ends[count - 2]) - base : 0
            decoder.previous = Array(UnsafeBufferPointer(start: out + start, count: written - start))
            sink.bytes.grow(by: written)
            if decoder.type.width == nil { sink.ends.grow(by: 4 * count) }
        }
    }
}

extension parquet_runs {
    init(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, width: Int) {
        self.init()
        at = start
        self.end = end
        self.width = UInt32(width)
    }
}
