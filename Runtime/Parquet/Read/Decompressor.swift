internal import CKernels
internal import CSnappy
internal import CZlib
internal import CZstd

#if !WITHOUT_ISAL
    internal import CISAL
#endif

/// Decompresses pages; keeps what the codec needs from one page to the next.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/Compression.md>
final class Decompressor {
    private let codec: Int32
    private let zstd: OpaquePointer?
    private lazy var gzip = GzipMembers()

    /// - Parameter codec: the number in `CompressionCodec` of parquet.thrift.
    init(codec: Int32) throws(ParquetReadError) {
        switch codec {
        case 0, 1, 2, 5, 6, 7: break
        case 3: throw .notSupported("the codec LZO; write the file with zstd or Snappy")
        case 4: throw .notSupported("the codec Brotli; write the file with zstd or Snappy")
        default: throw .outOfSpec("no codec has the number \(codec)")
        }
        self.codec = codec
        zstd = codec == 6 ? ZSTD_createDCtx() : nil
    }

    deinit { ZSTD_freeDCtx(zstd) }

    var isStored: Bool { codec == 0 }

    /// Appends to `target` what `source` was made of, which is `size` bytes exactly.
    func append(_ source: UnsafeRawBufferPointer, size: Int, to target: ReadBuffer) throws(ParquetReadError) {
        let room = target.room(for: size)
        let count: Int? =
            switch codec {
            case 0: store(source, size, room)
            case 1: snappy(source, size, room)
            case 2: gzip.inflate(source, into: UnsafeMutableRawBufferPointer(start: room, count: size))
            case 5: hadoopLZ4(source, size, room) ?? lz4(source, size, room)
            case 7: lz4(source, size, room)
            default: zstd(source, size, room)
            }
        guard let count else { throw .outOfSpec("the \(source.count) compressed bytes cannot be decompressed") }
        guard count == size else {
            throw .outOfSpec("it decompresses to \(count) bytes, its header says \(size)")
        }
        target.grow(by: size)
    }

    private func store(_ source: UnsafeRawBufferPointer, _ size: Int, _ room: UnsafeMutableRawPointer) -> Int? {
        guard source.count <= size, let start = source.baseAddress else { return source.isEmpty ? 0 : source.count }
        room.copyMemory(from: start, byteCount: source.count)
        return source.count
    }

    private func snappy(_ source: UnsafeRawBufferPointer, _ size: Int, _ room: UnsafeMutableRawPointer) -> Int? {
        let start = source.baseAddress?.assumingMemoryBound(to: CChar.self)
        var length = 0
        guard snappy_uncompressed_length(start, source.count, &length) == SNAPPY_OK else { return nil }
        guard length == size else { return length }
        let status = snappy_uncompress(start, source.count, room.assumingMemoryBound(to: CChar.self), &length)
        return status == SNAPPY_OK ? length : nil
    }

    private func zstd(_ source: UnsafeRawBufferPointer, _ size: Int, _ room: UnsafeMutableRawPointer) -> Int? {
        let count = ZSTD_decompressDCtx(zstd, room, size, source.baseAddress, source.count)
        return ZSTD_isError(count) == 0 ? count : nil
    }

    private func lz4(_ source: UnsafeRawBufferPointer, _ size: Int, _ room: UnsafeMutableRawPointer) -> Int? {
        let count = parquet_read_lz4(
            source.baseAddress?.assumingMemoryBound(to: UInt8.self), source.count,
            room.assumingMemoryBound(to: UInt8.self), size)
        return count == Int.max || count < 0 ? nil : count
    }

    /// The deprecated codec LZ4 as Hadoop writes it: blocks behind their two lengths, most significant byte first. Some writers
    /// mean one plain block by the same number.
    private func hadoopLZ4(_ source: UnsafeRawBufferPointer, _ size: Int, _ room: UnsafeMutableRawPointer) -> Int? {
        var position = 0
        var done = 0
        func length(_ at: Int) -> Int { source[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
        while source.count - position >= 8 {
            let (plain, compressed) = (length(position), length(position + 4))
            position += 8
            guard compressed <= source.count - position, plain <= size - done else { return nil }
            let part = UnsafeRawBufferPointer(rebasing: source[position..<position + compressed])
            guard lz4(part, plain, room + done) == plain else { return nil }
            position += compressed
            done += plain
        }
        return position == source.count ? done : nil
    }
}

/// Inflates gzip members that follow each other.
private final class GzipMembers {
    #if !WITHOUT_ISAL
        /// ISA-L keeps pointers into its state, so the state needs a fixed address.
        private let state = UnsafeMutablePointer<inflate_state>.allocate(capacity: 1)

        deinit { state.deallocate() }

        /// - Returns: the bytes written; nil where `source` is not gzip or needs more than `room`.
        func inflate(_ source: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> Int? {
            var rest = source
            var done = 0
            while !rest.isEmpty {
                isal_inflate_init(state)
                state.pointee.crc_flag = UInt32(ISAL_GZIP)
                state.pointee.next_in = UnsafeMutablePointer(
                    mutating: rest.baseAddress?.assumingMemoryBound(to: UInt8.self))
                state.pointee.avail_in = UInt32(rest.count)
                state.pointee.next_out = room.baseAddress.map { ($0 + done).assumingMemoryBound(to: UInt8.self) }
                state.pointee.avail_out = UInt32(room.count - done)
                guard isal_inflate(state) == ISAL_DECOMP_OK, state.pointee.block_state == ISAL_BLOCK_FINISH else {
                    return nil
                }
                done = room.count - Int(state.pointee.avail_out)
                rest = UnsafeRawBufferPointer(rebasing: rest.suffix(Int(state.pointee.avail_in)))
            }
            return done
        }
    #else
        func inflate(_ source: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> Int? {
            var rest = source
            var done = 0
            while !rest.isEmpty {
                var stream = z_stream()
                // 15 bits of window, and 16 for gzip's header and trailer.
                guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
                    return nil
                }
                defer { inflateEnd(&stream) }
                stream.next_in = UnsafeMutablePointer(
                    mutating: rest.baseAddress?.assumingMemoryBound(to: UInt8.self))
                stream.avail_in = UInt32(rest.count)
                stream.next_out = room.baseAddress.map { ($0 + done).assumingMemoryBound(to: UInt8.self) }
                stream.avail_out = UInt32(room.count - done)
                guard CZlib.inflate(&stream, Z_FINISH) == Z_STREAM_END else { return nil }
                done = room.count - Int(stream.avail_out)
                rest = UnsafeRawBufferPointer(rebasing: rest.suffix(Int(stream.avail_in)))
            }
            return done
        }
    #endif
}
