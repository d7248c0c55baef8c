internal import Columnar
internal import Contracts

/// Writes the rows that broke the contract to a file that is finished only if the contract tolerates so many.
///
/// Rows are compressed and written as they arrive, so memory does not grow with their number. If there are too many, the
/// file lists the first ones, so that their author sees what is wrong.
struct Quarantine: ~Copyable {
    /// The rows that are listed of a file that fails.
    static let listLimit = 100

    /// The words for the rows that are listed of `count` in a file that fails.
    static func listed(of count: Int) -> String {
        switch count {
        case 1: "it"
        case ...listLimit: "them"
        default: "the first \(listLimit)"
        }
    }

    private(set) var count = 0
    /// The first rows, at most ``listLimit``.
    private var head: [RejectedRow] = []
    private let open: () throws -> any OutputSink
    private var sink: (any OutputSink)?
    private var writer: QuarantineWriter?

    /// - Parameter open: makes the file's sink; called with the first row.
    init(_ open: @escaping () throws -> any OutputSink) { self.open = open }

    /// - Parameter hiddenCount: rows that are counted and not listed.
    mutating func append(_ rows: [RejectedRow], hiddenCount: Int = 0) throws {
        guard !rows.isEmpty || hiddenCount > 0 else { return }
        head += rows.prefix(Self.listLimit - head.count)
        if sink == nil {
            sink = try open()
            writer = QuarantineWriter()
        }
        count += rows.count + hiddenCount
        writer?.append(rows)
        if let ready = writer?.takeOutput() { try write(ready) }
    }

    /// - Throws: ``ConversionError/tooManyRejects(count:rowsRead:first:contract:)``, once the file lists the first rows; or
    ///   what the sink throws.
    mutating func judge(by contract: Contract, rowsRead: Int) throws {
        guard let first = head.first, !contract.tolerance.accepts(quarantined: count, of: rowsRead) else { return }
        _ = writer.take()
        sink?.abort()
        sink = try open()
        var list = QuarantineWriter()
        list.append(head)
        try write(list.finish())
        _ = try sink?.finish()
        sink = nil
        throw ConversionError.tooManyRejects(count: count, rowsRead: rowsRead, first: first, contract: contract)
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
