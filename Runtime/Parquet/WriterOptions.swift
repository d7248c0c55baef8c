/// What a ``ParquetWriter`` may choose freely.
public struct WriterOptions: Sendable {
    public var codec: CompressionCodec
    public var encodings = EncodingSet.compatible
    /// A row group ends after this many rows …
    public var rowGroupRowLimit = 1 << 20
    /// … or when its encoded pages reach this many bytes. The writer's memory is a small multiple of it.
    public var rowGroupSizeLimit = 8 << 20
    /// Rows of a stripe: every column ends its page there.
    public var pageRowLimit = 16_384
    /// A stripe also ends where its byte arrays reach this many bytes.
    public var stripeTextLimit = 8 << 20
    /// A page of plain values ends before it exceeds this many bytes, unless a single value does.
    public var pageSizeLimit = 1 << 20
    /// A dictionary that grows beyond this many bytes is used no further.
    public var dictionarySizeLimit = 2 << 20
    /// Byte array bounds in statistics are cut to this many bytes.
    public var statisticsTextLimit = 64
    public var dataPageVersion = DataPageVersion.v1
    /// Whether pages carry a CRC-32.
    public var writesChecksums = true
    /// Whether the file says where each page is and between which bounds its values lie (`ColumnIndex`, `OffsetIndex`),
    /// so that a reader who looks for few rows fetches few pages. Held in memory until the file ends, some 50 bytes a page.
    public var writesPageIndex = true
    /// Whether the footer says how much room values take once they are decoded.
    public var writesSizeStatistics = true
    /// Free text in the footer.
    public var keyValues: [(key: String, value: String)] = []
    public var createdBy = "cupel version 0.1.0"

    public init(codec: CompressionCodec = .snappy) { self.codec = codec }
}

/// How data pages are laid out; every reader knows both.
public enum DataPageVersion: Sendable, Equatable {
    /// Levels and values are compressed together.
    case v1
    /// Levels are uncompressed, and so are values that compression would not make smaller.
    case v2
}
