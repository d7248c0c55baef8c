internal import Columnar
internal import Contracts
internal import Parquet

/// One raw file on its way to bronze: gzipped text in, a Parquet file and the rows that broke the contract out.
struct Conversion {
    struct Options: Sendable {
        var inflate = InflateLimits()
        var reader = ReaderLimits()
        var codec = CompressionCodec.snappy
        /// 1 does everything in turn; with more, inflating, parsing and encoding overlap.
        var threads = 3
        var maskingKey: [UInt8]?
        /// What the Parquet footer says about where the rows come from.
        var keyValues: [(key: String, value: String)] = []
    }

    struct Result: Sendable {
        let writtenCount: Int
        let quarantinedCount: Int
        /// SHA-256 of the decompressed content, in hexadecimal.
        let checksum: String
        let output: StoredFile
    }

    let contract: Contract
    let format: RawFormat
    let options: Options
    /// Called between batches; what it throws ends the conversion.
    var checkpoint: () throws -> Void = {}

    /// - Parameters:
    ///   - output: gets the Parquet file.
    ///   - quarantine: makes the sink for broken rows; asked only if there are any.
    /// - Throws: ``ConversionError``, ``ColumnarError``, or what source and sinks throw. Then neither output is visible.
    func run(
        from source: any ByteSource, to output: any OutputSink, quarantine: () throws -> any OutputSink
    ) throws -> Result {
        let inflated = InflatedSource(source, limits: options.inflate)
        let text: any ByteSource = options.threads > 1 ? ReadAheadSource(inflated) : inflated
        let reader = try format.reader(
            of: text, contract: contract, limits: options.reader, maskingKey: options.maskingKey)
        var writerOptions = WriterOptions(codec: options.codec)
        writerOptions.keyValues = options.keyValues
        let encoding = Encoding(
            try ParquetSchema(contract.bronzeColumns.map(\.parquet)), writerOptions, to: output,
            isThreaded: options.threads > 2)
        var rejects = Rejects()
        do {
            let writtenCount = try encode(reader, encoding, &rejects)
            try rejects.judge(by: contract, rowsRead: writtenCount + rejects.count)
            let quarantined = rejects.count
            let quarantineSink = quarantined > 0 ? try quarantine() : nil
            if let quarantineSink { try rejects.write(to: quarantineSink) }
            let stored = try encoding.finish()
            return Result(
                writtenCount: writtenCount, quarantinedCount: quarantined, checksum: inflated.checksum() ?? "",
                output: stored)
        } catch {
            encoding.abort()
            throw error
        }
    }

    /// - Returns: the rows written.
    private func encode(
        _ reader: any RecordReader, _ encoding: Encoding, _ rejects: inout Rejects
    ) throws -> Int {
        let columns = contract.bronzeColumns
        var batch = Columnar.ColumnBatch(columns)
        var rowCount = 0
        while try reader.read(into: &batch) {
            rowCount += batch.rowCount
            rejects.append(batch.rejected)
            batch = try encoding.encode(batch) { Columnar.ColumnBatch(columns) }
            try checkpoint()
        }
        return rowCount
    }
}

/// The rows that broke the contract, compressed as they come, and what the first of them was.
private struct Rejects: ~Copyable {
    private var writer: QuarantineWriter? = QuarantineWriter()
    private var compressed: [UInt8] = []
    private var first: RejectedRow?
    private(set) var count = 0

    mutating func append(_ rows: [RejectedRow]) {
        guard let row = rows.first else { return }
        if first == nil { first = row }
        count += rows.count
        writer?.append(rows)
        if let ready = writer?.takeOutput() { compressed += ready }
    }

    func judge(by contract: Contract, rowsRead: Int) throws(ConversionError) {
        guard let first, !contract.tolerance.accepts(quarantined: count, of: rowsRead) else { return }
        throw .tooManyRejects(count: count, rowsRead: rowsRead, first: first, contract: contract)
    }

    mutating func write(to sink: any OutputSink) throws {
        if let writer = writer.take() { compressed += writer.finish() }
        do {
            try compressed.withUnsafeBytes { try sink.write($0) }
            _ = try sink.finish()
        } catch {
            sink.abort()
            throw error
        }
    }
}
