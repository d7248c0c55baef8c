internal import CRC

/// Fetches the pages of a column chunk, one after the other.
struct PageStream {
    private let source: any RangeSource
    private let options: ReadOptions
    /// The bytes that have been fetched, from ``position`` on still to be read.
    private let window = ReadBuffer()
    private var position = 0
    /// Of the chunk in the file, without what the window has.
    private var rest: Range<Int>
    /// What is behind this place is fetched only as far as a page needs it.
    var expectedEnd = Int.max

    /// A page header is small, but for the bounds that some writers put into it.
    private static let headerSizeLimit = 16 << 20

    init(_ source: any RangeSource, _ range: Range<Int>, _ options: ReadOptions) {
        self.source = source
        self.options = options
        rest = range
    }

    /// The place in the file of the next byte to be read.
    var offset: Int { rest.lowerBound - (window.count - position) }

    var isAtEnd: Bool { rest.isEmpty && position == window.count }

    /// Goes on with the page at `offset`, which is not before the present place.
    mutating func skip(to offset: Int) throws(ParquetReadError) {
        guard offset >= self.offset, offset <= rest.upperBound else {
            throw .outOfSpec("the offset index has a page at byte \(offset), where it cannot be")
        }
        if offset <= rest.lowerBound {
            position = window.count - (rest.lowerBound - offset)
        } else {
            window.removeAll()
            position = 0
            rest = offset..<rest.upperBound
        }
    }

    /// Reads the next page's header and goes behind the page, whose bytes ``withBody(of:_:)`` shows until the next call.
    mutating func next() throws -> StoredPage {
        var wanted = 256
        while true {
            try fetch(min(wanted, window.count - position + rest.count))
            let (page, size, fault) = header()
            if let page {
                position += size
                try check(page)
                try fetch(page.compressedSize)
                try verify(page)
                position += page.compressedSize
                return page
            }
            if case .malformed(let reason) = fault { throw ParquetReadError.outOfSpec(reason) }
            guard !rest.isEmpty, window.count - position < Self.headerSizeLimit else {
                throw ParquetReadError.outOfSpec("the column chunk ends within a page header")
            }
            wanted = max(2 * (window.count - position), wanted)
        }
    }

    /// Shows the bytes of the page that was read last.
    func withBody<R>(
        of page: StoredPage, _ body: (UnsafeRawBufferPointer) throws(ParquetReadError) -> R
    ) throws(ParquetReadError) -> R {
        try body(UnsafeRawBufferPointer(rebasing: window.bytes[position - page.compressedSize..<position]))
    }

    private func header() -> (StoredPage?, size: Int, ThriftReader.Fault) {
        var thrift = ThriftReader(UnsafeRawBufferPointer(rebasing: window.bytes[position...]))
        do throws(ThriftReader.Fault) {
            return (try StoredPage(from: &thrift), thrift.position, .truncated)
        } catch { return (nil, 0, error) }
    }

    private func check(_ page: StoredPage) throws(ParquetReadError) {
        guard page.compressedSize <= window.count - position + rest.count else {
            throw .outOfSpec("a page of \(page.compressedSize) bytes is larger than the rest of its column chunk")
        }
        guard max(page.compressedSize, page.uncompressedSize) <= options.pageSizeLimit else {
            throw .tooLarge(
                "a page of \(page.uncompressedSize) bytes, more than the limit of \(options.pageSizeLimit)")
        }
    }

    private func verify(_ page: StoredPage) throws(ParquetReadError) {
        guard options.verifiesChecksums, let expected = page.checksum else { return }
        let body = UnsafeRawBufferPointer(rebasing: window.bytes[position..<position + page.compressedSize])
        let actual = CyclicRedundancyCheck.crc32(body)
        guard actual == expected else {
            throw .outOfSpec(
                "a page has another checksum than its header says; the file was damaged after it was written")
        }
    }

    /// Makes sure that the window has `count` more bytes, which the chunk has.
    private mutating func fetch(_ count: Int) throws {
        let held = window.count - position
        guard count > held else { return }
        let expected = min(options.fetchSize, max(0, expectedEnd - rest.lowerBound))
        let size = min(rest.count, max(count - held, expected))
        window.removeFirst(position)
        position = 0
        let room = UnsafeMutableRawBufferPointer(start: window.room(for: size), count: size)
        try source.read(from: rest.lowerBound, into: room)
        window.grow(by: size)
        rest = rest.lowerBound + size..<rest.upperBound
    }
}
