/// How a file is read, and how much memory a broken one may take.
public struct ReadOptions: Sendable {
    /// Whether pages that have a CRC-32 are held to it.
    public var verifiesChecksums = true
    /// What is fetched of a column chunk at a time, in bytes, unless the chunk ends or a page is larger.
    public var fetchSize = 1 << 20
    /// The largest footer, in bytes. What is made of it takes a small multiple.
    public var footerSizeLimit = 256 << 20
    /// The largest page, compressed or not, in bytes.
    public var pageSizeLimit = 1 << 30
    /// A batch ends before its rows where a column's byte arrays reach about this many bytes.
    public var batchTextLimit = 8 << 20
    /// The most bytes of values or levels of one column in a batch, which has one row at least.
    public var batchSizeLimit = 1 << 30

    public init() {}
}
