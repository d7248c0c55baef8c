internal import CZlib

/// Compresses bytes as one gzip member. Its header has neither time nor file name, so the same input gives the same output.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc1952>
public struct GzipWriter: ~Copyable {
    /// zlib keeps a pointer to the stream, so it has an address of its own.
    private let stream: UnsafeMutablePointer<z_stream>
    private var output: [UInt8] = []

    /// - Parameter level: from 1, the fastest, to 9, the smallest; nil for zlib's own choice.
    public init(level: Int? = nil) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, and 16 for gzip's header and trailer.
        let status = deflateInit2_(
            stream, level.map(Int32.init) ?? Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib has no memory left")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    public mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { deflate($0, Z_NO_FLUSH) } }

    public mutating func append(_ bytes: UnsafeRawBufferPointer) { deflate(bytes, Z_NO_FLUSH) }

    /// What has been compressed since the last call. More may follow.
    public mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// Ends the member; the rest of what has been compressed.
    public consuming func finish() -> [UInt8] {
        deflate(UnsafeRawBufferPointer(start: nil, count: 0), Z_FINISH)
        return output
    }

    private mutating func deflate(_ bytes: UnsafeRawBufferPointer, _ flush: Int32) {
        var piece = [UInt8](repeating: 0, count: 32 << 10)
        // zlib reads its input and does not change it.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(bytes.count)
        repeat {
            let count = piece.withUnsafeMutableBufferPointer { piece in
                stream.pointee.next_out = piece.baseAddress
                stream.pointee.avail_out = UInt32(piece.count)
                _ = CZlib.deflate(stream, flush)
                return piece.count - Int(stream.pointee.avail_out)
            }
            output += piece[..<count]
        } while stream.pointee.avail_out == 0
    }
}
