internal import Columnar
internal import Contracts

/// Writes the rows that broke the contract to a file that is finished only if the contract tolerates so many.
///
/// Rows are compressed and written as they arrive, so memory does not grow with their number.
struct Quarantine: ~Copyable {
    private(set) var count = 0
    private var first: RejectedRow?
    private let open: () throws -> any OutputSink
    private var sink: (any OutputSink)?
    private var writer: QuarantineWriter?

    /// - Parameter open: makes the file's sink; called with the first row.
    init(_ open: @escaping () throws -> any OutputSink) { self.open = open }

    mutating func append(_ rows: [RejectedRow]) throws {
        guard let row = rows.first else { return }
        if sink == nil {
            first = row
            sink = try open()
            writer = QuarantineWriter()
        }
        count += rows.count
        writer?.append(rows)
        if let ready = writer?.takeOutput() { try write(ready) }
    }

    /// - Throws: ``ConversionError/tooManyRejects(count:rowsRead:first:contract:)``.
    func judge(by contract: Contract, rowsRead: Int) throws(ConversionError) {
        guard let first, !contract.tolerance.accepts(quarantined: count, of: rowsRead) else { return }
        throw .tooManyRejects(count: count, rowsRead: rowsRead, first: first, contract: contract)
    }

    /// Finishes the file, if there is one.
    mutating func finish() throws {
        guard let writer = writer.take() else { return }
        try write(writer.finish())
        _ = try sink?.finish()
    }

    func abort() { sink?.abort() }

    private func write(_ bytes: [UInt8]) throws {
        guard !bytes.isEmpty else { return }
        try bytes.withUnsafeBytes { (bytes) throws in try sink?.write(bytes) }
    }
}
