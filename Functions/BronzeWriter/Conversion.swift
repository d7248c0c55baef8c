internal import CKernels
internal import Columnar
internal import Contracts
internal import Control
internal import Parquet

/// One raw file on its way to bronze: gzipped text in, a Parquet file and the rows that broke the contract out.
struct Conversion {
    struct Options: Sendable {
        var inflate = InflateLimits()
        /// A batch is a stripe of the output's row groups, so the writer encodes it where it stands.
        var reader = ReaderLimits(batchRows: WriterOptions().pageRowLimit)
        var codec = CompressionCodec.snappy
        /// 1 does everything in turn; with more, inflating, parsing and encoding overlap.
        var threads = 3
        var maskingKey: [UInt8]?
        /// For the rules of the contract that need to remember values, in bytes.
        var qualityMemory = QualityInspector.defaultMemory
        /// What is done about personal data, unless the contract says it.
        var personalData = PersonalDataPolicy.report
        /// Asked about text of which the contract says nothing, beside the detectors here.
        var personalDataService: PersonalDataService?
        /// What the Parquet footer says about where the rows come from.
        var keyValues: [(key: String, value: String)] = []
    }

    struct Result: Sendable {
        let writtenCount: Int
        let quarantinedCount: Int
        /// SHA-256 of the decompressed content, in hexadecimal.
        let checksum: String
        let output: StoredFile
        /// What was measured for each quality rule of the contract.
        var quality: [QualityResult] = []
        var personalData: [PersonalDataFinding] = []
        /// The columns whose values are hidden, by the contract or because of what was found.
        var maskedColumns: [String] = []
    }

    private(set) var contract: Contract
    let format: RawFormat
    let options: Options
    /// Called between batches; what it throws ends the conversion.
    var checkpoint: () throws -> Void = {}

    /// What buffers take in most conversions; made ready by the first one, so that a function waits for work with little.
    private static let heap: Void = ck_prepare_heap(16 << 20)

    /// Converts a file, again from its start where a column turns out to hold personal data that is to be masked: then no
    /// row of the output shows it, and no row of the quarantine.
    ///
    /// - Parameters:
    ///   - open: opens the source.
    ///   - create: makes the sink of the Parquet file.
    func run(
        from open: () throws -> any ByteSource, to create: () throws -> any OutputSink,
        quarantine: @escaping () throws -> any OutputSink
    ) throws -> Result {
        Self.heap
        let policy = contract.personalData ?? options.personalData
        var conversion = self
        var findings: [PersonalDataFinding] = []
        while true {
            do {
                var result = try conversion.run(from: try open(), to: try create(), quarantine: quarantine)
                result.personalData = findings + result.personalData
                return result
            } catch let found as PersonalDataFound {
                // Each time there is a place less to be found in.
                findings += found.findings
                conversion.contract = conversion.contract.masking(found.places, by: policy.masking ?? .redact)
            }
        }
    }

    /// - Parameters:
    ///   - output: gets the Parquet file. It is finished or aborted when this returns, whatever happens.
    ///   - quarantine: makes the sink for broken rows; asked only if there are any. It is finished just before `output`.
    /// - Throws: ``ConversionError``, ``PersonalDataFound``, ``ColumnarError``, or what source and sinks throw. Then no output is visible.
    func run(
        from source: any ByteSource, to output: any OutputSink, quarantine: @escaping () throws -> any OutputSink
    ) throws -> Result {
        // With a thread ahead, both threads share the hashing.
        let isReadAhead = options.threads > 1
        let inflated = InflatedSource(source, limits: options.inflate, hashing: isReadAhead ? nil : .sha256)
        let text: any HashingSource = isReadAhead ? ReadAheadSource(inflated, hashing: .sha256) : inflated
        var quarantine = Quarantine(quarantine)
        let encoding: Encoding
        let reader: any RecordReader
        let quality: QualityInspector
        let personalData = PersonalDataInspector(
            contract, contract.personalData ?? options.personalData, service: options.personalDataService)
        do {
            reader = try format.reader(
                of: text, contract: contract, limits: options.reader, maskingKey: options.maskingKey)
            quality = try QualityInspector(contract, memory: options.qualityMemory)
            if quality.isNeeded || personalData.isNeeded {
                reader.inspect = { batch in
                    try personalData.inspect(batch)
                    quality.measure(batch)
                }
            }
            encoding = Encoding(try schema, writerOptions, to: output, isThreaded: options.threads > 2)
        } catch {
            output.abort()
            throw error
        }
        do {
            let writtenCount = try encode(reader, encoding, &quarantine)
            try quarantine.judge(by: contract, rowsRead: writtenCount + quarantine.count)
            let measured = quality.results
            guard !measured.contains(where: \.isFatal) else {
                throw ConversionError.qualityFailed(measured, contract: contract)
            }
            try quarantine.finish()
            let stored = try encoding.finish()
            return Result(
                writtenCount: writtenCount, quarantinedCount: quarantine.count, checksum: text.checksum() ?? "",
                output: stored, quality: measured, personalData: personalData.findings,
                maskedColumns: contract.maskedColumns)
        } catch {
            encoding.abort()
            quarantine.abort()
            throw error
        }
    }

    private var schema: ParquetSchema {
        get throws { try ParquetSchema(contract.bronzeColumns.map(\.parquet)) }
    }

    private var writerOptions: WriterOptions {
        var writerOptions = WriterOptions(codec: options.codec)
        writerOptions.keyValues = options.keyValues
        writerOptions.encodings = contract.encodings == .compact ? .compact : .compatible
        // Half the usual: the group that is made and the one that is written are most of the memory.
        writerOptions.rowGroupSizeLimit = 4 << 20
        return writerOptions
    }

    /// - Returns: the rows written.
    private func encode(
        _ reader: any RecordReader, _ encoding: Encoding, _ quarantine: inout Quarantine
    ) throws -> Int {
        let columns = contract.bronzeColumns
        var batch = RecordBatch(columns)
        var rowCount = 0
        while try reader.read(into: &batch) {
            rowCount += batch.rowCount
            try quarantine.append(batch.rejected)
            batch = try encoding.encode(batch) { RecordBatch(columns) }
            try checkpoint()
        }
        return rowCount
    }
}
