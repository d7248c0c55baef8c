/// Reads a raw file's rows into batches of typed columns. The values are as the text has them; a ``Masker`` masks them.
public protocol RecordReader: AnyObject {
    /// Fills `batch` with the next rows; false, and an empty batch, after the last.
    ///
    /// - Parameter batch: one made for the contract's bronze columns. Its buffers are used again.
    /// - Throws: ``ColumnarError``, or whatever the source of the bytes throws.
    func read(into batch: inout RecordBatch) throws -> Bool
}

/// How much a reader takes at once, and what it refuses.
public struct ReaderLimits: Sendable {
    /// A batch ends after this many rows of text,
    public var batchRows: Int
    /// or with the row in which it reaches this many bytes of text.
    public var batchBytes: Int
    /// A longer row is rejected without being held in memory.
    public var lineBytes: Int
    /// The memory for text, at first; tests make it small to see every boundary.
    var windowBytes = TextWindow.defaultCapacity

    public init(batchRows: Int = 32 << 10, batchBytes: Int = 8 << 20, lineBytes: Int = 16 << 20) {
        self.batchRows = batchRows
        self.batchBytes = batchBytes
        self.lineBytes = lineBytes
    }
}
