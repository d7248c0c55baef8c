internal import CSnappy
internal import CZstd

/// How pages are compressed.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/Compression.md>
public enum CompressionCodec: Sendable, Equatable {
    case none
    case snappy
    /// Zstandard; level 1 is fast, 3 the library's default, 19 slow.
    case zstd(level: Int32)

    /// The number in `CompressionCodec` of parquet.thrift.
    var number: Int32 {
        switch self {
        case .none: 0
        case .snappy: 1
        case .zstd: 6
        }
    }
}

/// Compresses pages; keeps what the codec needs from one page to the next.
final class PageCompressor {
    let codec: CompressionCodec
    private let zstd: OpaquePointer?

    init(_ codec: CompressionCodec) {
        self.codec = codec
        if case .zstd = codec { zstd = ZSTD_createCCtx() } else { zstd = nil }
    }

    deinit { ZSTD_freeCCtx(zstd) }

    /// Replaces the content of `target` with `source`, compressed.
    func compress(_ source: ByteBuffer, into target: ByteBuffer) {
        target.removeAll()
        source.withBytes { source in
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
            case .zstd(let level):
                let bound = ZSTD_compressBound(source.count)
                target.append(upTo: bound) { room in
                    let length = ZSTD_compressCCtx(zstd, room, bound, source.baseAddress, source.count, level)
                    precondition(ZSTD_isError(length) == 0, "zstd refused room of its own maximum")
                    return length
                }
            }
        }
    }
}
