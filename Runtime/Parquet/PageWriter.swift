/// Compresses pages and puts them behind their headers; its buffers serve one column after the other.
final class PageWriter {
    private let compressor: PageCompressor
    private let writesChecksums: Bool
    private let compressed = ByteBuffer()
    /// The page being composed.
    let body = ByteBuffer()
    /// For an encoding that is tried before it is chosen.
    let trial = ByteBuffer()

    init(_ options: WriterOptions) {
        compressor = PageCompressor(options.codec)
        writesChecksums = options.writesChecksums
    }

    /// Appends the page in ``body`` to `target`.
    /// - Returns: what header and body would take uncompressed, in bytes.
    func writePage(_ kind: PageHeader.Kind, to target: ByteBuffer) -> Int {
        compressor.compress(body, into: compressed)
        let header = PageHeader(
            kind: kind, uncompressedSize: body.count, compressedSize: compressed.count,
            checksum: writesChecksums ? compressed.crc32 : nil)
        let start = target.count
        var thrift = ThriftWriter(to: target)
        header.write(to: &thrift)
        let headerSize = target.count - start
        target.append(compressed)
        return headerSize + body.count
    }
}
