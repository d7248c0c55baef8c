internal import Contracts
internal import JSON
internal import LambdaRuntime

/// Answers a batch of DMS change records with flat NDJSON lines, each with the partition key `table_name`.
///
/// An invalid record is answered `ProcessingFailed`, so that Firehose keeps it. The whole batch fails only if it is not a
/// Firehose event.
struct FirehoseTransform: LambdaHandler {
    /// Limits the log lines of a broken producer.
    static let loggedFaultsPerBatch = 100
    static let loggedDefinitionsPerBatch = 100

    private let tables: @Sendable (InvocationContext) throws -> [TableSource]
    private let pipeline: String?
    private let responseLimitInBytes: Int

    /// - Parameters:
    ///   - pipeline: the name of the pipeline in the metrics; nil writes none.
    ///   - tables: the tables with a contract at each batch; no other name becomes a prefix in S3.
    init(
        pipeline: String? = nil, responseLimitInBytes: Int = TransformResponse.limitInBytes,
        tables: @escaping @Sendable (InvocationContext) throws -> [TableSource]
    ) {
        self.pipeline = pipeline
        self.tables = tables
        self.responseLimitInBytes = responseLimitInBytes
    }

    /// A transform whose tables never change.
    init(tables: [TableSource], pipeline: String? = nil, responseLimitInBytes: Int = TransformResponse.limitInBytes) {
        self.init(pipeline: pipeline, responseLimitInBytes: responseLimitInBytes) { _ in tables }
    }

    func handle(_ event: [UInt8], _ context: InvocationContext) throws -> [UInt8] {
        let tables = try tables(context).map(KnownTable.init)
        return try ByteSlice.of(event) { text in
            transform(try FirehoseEvent(text).records, tables, context.log)
        }
    }

    private func transform(_ records: [FirehoseEvent.Record], _ tables: [KnownTable], _ log: Log) -> [UInt8] {
        var response = TransformResponse(to: records, limitInBytes: responseLimitInBytes)
        var bench = Workbench(for: records)
        var definitions = 0
        var failed = 0
        for record in records {
            do throws(RecordFault) {
                let flat = try bench.flatten(record, tables: tables)
                let isWritten = ByteSlice.of(flat.folder) { response.succeed(record, bench.line.slice, table: $0) }
                guard isWritten else { throw .responseFull(limitInBytes: responseLimitInBytes) }
                guard case .definition(let definition) = flat else { continue }
                definitions += 1
                guard definitions <= Self.loggedDefinitionsPerBatch else { continue }
                log.info("the source speaks of a table", definition.logged)
            } catch {
                response.fail(record)
                failed += 1
                guard failed <= Self.loggedFaultsPerBatch else { continue }
                log.warning("record failed: \(error)", ["recordId": .string(record.id.string)])
            }
        }
        log.info(
            "transformed",
            ["records": .int(records.count), "control": .int(definitions), "failed": .int(failed)])
        if let pipeline {
            let metrics = [
                Metric("RecordsOk", records.count - definitions - failed, .count),
                Metric("RecordsControl", definitions, .count), Metric("RecordsFailed", failed, .count),
            ]
            log.write(EmbeddedMetrics(metrics, by: [[.init("Pipeline", pipeline)]]))
        }
        return response.finish()
    }
}

/// The two buffers that all records of a batch share.
private struct Workbench: ~Copyable {
    private var envelope: ByteWriter
    private(set) var line: ByteWriter

    init(for records: [FirehoseEvent.Record]) {
        let longestRecord = records.reduce(0) { max($0, $1.data.written.count) }
        let longestSequenceNumber = records.reduce(0) { max($0, $1.place?.sequenceNumber.count ?? 0) }
        envelope = ByteWriter(capacity: longestRecord)
        line = ByteWriter(capacity: longestRecord + longestSequenceNumber + FlatLine.overheadInBytes)
    }

    /// Writes what the record says to ``line``.
    mutating func flatten(
        _ record: FirehoseEvent.Record, tables: [KnownTable]
    ) throws(RecordFault) -> StreamRecord {
        envelope.removeAll()
        line.removeAll()
        guard decode(record.data) else { throw .notBase64 }
        let flat = try StreamRecord.reading(envelope.slice, tables: tables)
        switch flat {
        case .change(let change): FlatLine.write(change, at: record.place, to: &line)
        case .definition(let definition): definition.write(at: record.place, to: &line)
        }
        return flat
    }

    private mutating func decode(_ data: JSONString) -> Bool {
        guard data.hasEscapes else { return envelope.appendDecoded(base64: data.written) }
        return ByteSlice.of(Array(data.string.utf8)) { envelope.appendDecoded(base64: $0) }
    }
}
