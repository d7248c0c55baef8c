internal import Columnar
internal import Parquet
internal import Threads

/// Encodes batches as a Parquet file and writes it to a sink, on a thread of its own if asked.
///
/// The bytes depend on the rows alone, so they are the same with and without the thread.
final class Encoding: @unchecked Sendable {
    // Sendable: `writer`, `sink` and `failure` belong to the encoding thread from `init` until it has been joined.
    private var writer: ParquetWriter?
    private let sink: any OutputSink
    private var failure: (any Error)?
    private let filled = Channel<MaskedBatch>(capacity: 1)
    private let emptied = Channel<RecordBatch>(capacity: 2)
    private var thread: SystemThread?

    /// - Parameter isThreaded: whether batches are encoded while the caller fills the next one.
    init(_ schema: ParquetSchema, _ options: WriterOptions, to sink: any OutputSink, isThreaded: Bool) {
        writer = ParquetWriter(schema, options)
        self.sink = sink
        if isThreaded { thread = SystemThread { self.serve() } }
    }

    /// Encodes a batch.
    /// - Returns: the batch to fill next.
    func encode(
        _ batch: consuming MaskedBatch, orElse spare: () -> RecordBatch
    ) throws -> RecordBatch {
        guard thread != nil else {
            try append(batch)
            return batch.records
        }
        guard filled.send(batch) else { throw joinedFailure() }
        return emptied.receiveIfAny() ?? spare()
    }

    /// Writes the footer and finishes the sink.
    func finish() throws -> StoredFile {
        join()
        if let failure { throw failure }
        if let writer = writer.take() { try writer.finish { (bytes) throws in try sink.write(bytes) } }
        return try sink.finish()
    }

    func abort() {
        join()
        sink.abort()
    }

    private func append(_ batch: MaskedBatch) throws {
        let records = batch.records
        try writer?.append(rowCount: records.rowCount, columns: records.columns.flatMap(\.leaves))
        try writer?.drain { (bytes) throws in try sink.write(bytes) }
    }

    private func serve() {
        while let batch = filled.receive() {
            do {
                try append(batch)
            } catch {
                failure = error
                filled.close()
                return
            }
            _ = emptied.send(batch.records)
        }
    }

    private func join() {
        guard let thread = thread.take() else { return }
        filled.close()
        emptied.close()
        thread.join()
    }

    private func joinedFailure() -> any Error {
        join()
        return failure ?? ConversionError.cannotWrite("the output", reason: "its writer has stopped")
    }
}
