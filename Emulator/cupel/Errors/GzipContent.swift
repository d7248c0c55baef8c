internal import CZlib

/// The content of gzip files, decompressed in memory.
enum GzipContent {
    /// - Returns: nil if the bytes are no complete gzip file.
    static func decompressed(_ compressed: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        guard
            inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { inflateEnd(&stream) }
        var (input, content) = (compressed, [UInt8]())
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        return input.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            while true {
                let (status, count) = piece.withUnsafeMutableBufferPointer { piece in
                    stream.next_out = piece.baseAddress
                    stream.avail_out = UInt32(piece.count)
                    let status = inflate(&stream, Z_NO_FLUSH)
                    return (status, piece.count - Int(stream.avail_out))
                }
                content += piece[..<count]
                if status == Z_STREAM_END {
                    // Another member may follow.
                    guard stream.avail_in > 0 else { return content }
                    guard inflateReset(&stream) == Z_OK else { return nil }
                } else if status != Z_OK || count == 0 && stream.avail_in == 0 {
                    return nil
                }
            }
        }
    }
}
