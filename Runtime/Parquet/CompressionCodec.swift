internal import CSnappy
internal import CZlib
internal import CZstd

/// How pages are compressed.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/Compression.md>
public enum CompressionCodec: Sendable, Equatable {
    case none
    case snappy
    /// Level 1 is fast, 6 the library's default, 9 slow.
    case gzip(level: Int32)
    /// Zstandard; level 1 is fast, 3 the library's default, 19 slow.
    case zstd(level: Int32)

    /// The number in `CompressionCodec` of parquet.thrift.
    var number: Int32 {
        switch self {
        case .none: 0
        case .snappy: 1
        case .gzip: 2
        case .zstd: 6
        }
    }
}

/// Compresses pages; keeps what the codec needs from one page to the next.
final class PageCompressor {
    private let codec: CompressionCodec
    private let zstd: OpaquePointer?
    /// zlib keeps a pointer to its stream, so that has an address of its own.
    private let deflate: UnsafeMutablePointer<z_stream>?

    init(_ codec: CompressionCodec) {
        self.codec = codec
        if case .zstd(let level) = codec {
            zstd = ZSTD_createCCtx()
            ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, level)
        } else {
            zstd = nil
        }
        guard case .gzip(let level) = codec else {
            deflate = nil
            return
        }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, and 16 for gzip's header and trailer.
        let status = deflateInit2_(
            stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib knows no level \(level), or has no memory left")
        deflate = stream
    }

    deinit {
        ZSTD_freeCCtx(zstd)
        if let deflate {
            deflateEnd(deflate)
            deflate.deallocate()
        }
    }

    /// Pages of a column follow. Of numbers of eight bytes zstd's fast levels find a repetition of six in each, and spend twice the
    /// time for 2 % of the size.
    func start(_ type: PhysicalType) {
        guard case .zstd(1...2) = codec else { return }
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_minMatch, type == .int64 || type == .double ? 7 : 0)
    }

    /// Replaces the content of `target` with `source`, compressed.
    func compress(_ source: ByteBuffer, into target: ByteBuffer) {
        target.removeAll()
        source.withBytes { append($0, to: target) }
    }

    /// Replaces the content of `target` with `source`, compressed but for its first `plainSize` bytes.
    /// - Returns: false when that would save nothing; then `target` is of no use.
    func compress(_ source: ByteBuffer, after plainSize: Int, into target: ByteBuffer) -> Bool {
        guard codec != .none else { return false }
        target.removeAll()
        source.withBytes { source in
            target.append(UnsafeRawBufferPointer(rebasing: source[..<plainSize]))
            append(UnsafeRawBufferPointer(rebasing: source[plainSize...]), to: target)
        }
        return target.count < source.count
    }

    private func append(_ source: UnsafeRawBufferPointer, to target: ByteBuffer) {
        switch codec {
        case .none: target.append(source)
        case .snappy:
            target.append(upTo: snappy_max_compressed_length(source.count)) { room in
                var length = snappy_max_compressed_length(source.count)
                let status = snappy_compress(
                    source.baseAddress?.assumingMemoryBound(to: CChar.self), source.count,
                    UnsafeMutableRawPointer(room).assumingMemoryBound(to: CChar.self), &length)
                precondition(status == SNAPPY_OK, "snappy refused room of its own maximum")
                return length
            }
        case .gzip: appendDeflated(source, to: target)
        case .zstd:
            let bound = ZSTD_compressBound(source.count)
            target.append(upTo: bound) { room in
                let length = ZSTD_compress2(zstd, room, bound, source.baseAddress, source.count)
                precondition(ZSTD_isError(length) == 0, "zstd refused room of its own maximum")
                return length
            }
        }
    }

    /// Appends one gzip member.
    private func appendDeflated(_ source: UnsafeRawBufferPointer, to target: ByteBuffer) {
        guard let deflate else { return }
        deflateReset(deflate)
        let bound = Int(deflateBound(deflate, UInt(source.count)))
        target.append(upTo: bound) { room in
            deflate.pointee.next_in = UnsafeMutablePointer(
                mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
            deflate.pointee.avail_in = UInt32(source.count)
            deflate.pointee.next_out = room
            deflate.pointee.avail_out = UInt32(bound)
            let status = CZlib.deflate(deflate, Z_FINISH)
            precondition(status == Z_STREAM_END, "zlib refused room of its own maximum")
            return bound - Int(deflate.pointee.avail_out)
        }
    }
}
