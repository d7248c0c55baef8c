/// Composes pages, compresses them and puts them behind their headers; its buffers serve one column after the other.
///
/// A data page is composed in the order of the file: ``startPage(of:)``, its levels, then its values
/// into ``body``.
final class PageWriter {
    private let compressor: PageCompressor
    private let writesChecksums: Bool
    private let version: DataPageVersion
    private let compressed = ByteBuffer()
    /// The page being composed.
    let body = ByteBuffer()
    /// For an encoding that is tried before it is chosen.
    let trial = ByteBuffer()
    /// Bytes of levels at the start of ``body``.
    private var repetitionSize = 0
    private var definitionSize = 0

    init(_ options: WriterOptions) {
        compressor = PageCompressor(options.codec)
        writesChecksums = options.writesChecksums
        version = options.dataPageVersion
    }

    func startPage(of type: PhysicalType) {
        compressor.start(type)
        body.removeAll()
        (repetitionSize, definitionSize) = (0, 0)
    }

    /// - Parameter write: appends runs of repetition levels; called at once.
    func appendRepetitionLevels(_ write: (ByteBuffer) -> Void) { repetitionSize = appendLevels(write) }

    /// - Parameter write: appends runs of definition levels; called at once.
    func appendDefinitionLevels(_ write: (ByteBuffer) -> Void) { definitionSize = appendLevels(write) }

    /// Levels of V1 pages follow their length; V2 has the length in the header.
    private func appendLevels(_ write: (ByteBuffer) -> Void) -> Int {
        let start = body.count
        if version == .v2 {
            write(body)
        } else {
            body.append(littleEndian: UInt32(0))
            write(body)
            body.replace(at: start, littleEndian: UInt32(body.count - start - 4))
        }
        return body.count - start
    }

    /// Appends the page in ``body`` to `target`.
    /// - Returns: what header and body would take uncompressed, in bytes.
    func writeDataPage(_ page: DataPage, to target: ByteBuffer) -> Int {
        guard version == .v2 else {
            compressor.compress(body, into: compressed)
            return put(.data(page), compressed, to: target)
        }
        let levelsSize = repetitionSize + definitionSize
        let isCompressed = compressor.compress(body, after: levelsSize, into: compressed)
        return put(
            .dataV2(
                page, repetitionSize: repetitionSize, definitionSize: definitionSize, isCompressed: isCompressed),
            isCompressed ? compressed : body, to: target)
    }

    /// Appends the dictionary page in ``body`` to `target`.
    /// - Returns: what header and body would take uncompressed, in bytes.
    func writeDictionaryPage(keyCount: Int, to target: ByteBuffer) -> Int {
        compressor.compress(body, into: compressed)
        return put(.dictionary(keyCount: keyCount), compressed, to: target)
    }

    private func put(_ kind: PageHeader.Kind, _ stored: ByteBuffer, to target: ByteBuffer) -> Int {
        let header = PageHeader(
            kind: kind, uncompressedSize: body.count, compressedSize: stored.count,
            checksum: writesChecksums ? stored.crc32 : nil)
        let start = target.count
        var thrift = ThriftWriter(to: target)
        header.write(to: &thrift)
        let headerSize = target.count - start
        target.append(stored)
        return headerSize + body.count
    }
}
