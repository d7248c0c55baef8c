public import Contracts

/// Reads CSV in constant memory: as RFC 4180 has it, with a header, or in the dialect that the contract describes.
///
/// Columns may be in any order. Rows end in LF or CRLF, the last also at the end of the text; blank lines are skipped
/// unless the file has a single column. A quote that does not open a field is text.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc4180>
public final class CSVReader: RecordReader {
    /// The names in the header.
    public var header: [String] { rows.header.names.filter { !$0.isEmpty } }
    /// What fields without a name are called in `_rescued_data`.
    public var unnamed: [String] {
        rows.header.names.enumerated().filter { $1.isEmpty }.map { CSVHeader.position($0.offset) }
    }

    private var rows: CSVRows

    /// Reads the header, if the text has one.
    /// - Parameters:
    ///   - source: decompressed text.
    ///   - acceptsForeignHeader: whether the header may name no column of the contract.
    ///   - dialect: nil for the contract's.
    /// - Throws: ``ColumnarError`` if the header does not go with the contract, or whatever the source throws.
    public init(
        _ source: any ByteSource, contract: Contract, limits: ReaderLimits = ReaderLimits(),
        acceptsForeignHeader: Bool = false, dialect: CSVDialect? = nil
    ) throws {
        rows = try CSVRows(
            source, columns: contract.bronzeColumns, dialect: dialect ?? contract.dialect, limits: limits,
            acceptsForeignHeader: acceptsForeignHeader)
    }

    public func read(into batch: inout RecordBatch) throws -> Bool {
        batch.removeAll()
        try rows.read(into: &batch)
        batch.sortRejected()
        return batch.rowsRead > 0
    }
}
