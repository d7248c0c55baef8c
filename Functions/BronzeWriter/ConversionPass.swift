internal import Columnar
internal import Contracts
internal import Control
internal import Digest
internal import Parquet

/// One pass over a raw file, batch by batch: read → inspect → mask → encode.
final class ConversionPass {
    enum Outcome {
        case converted(FileConversion.Result)
        /// The file holds personal data at places that the contract does not mask, and the policy masks it.
        /// Nothing is written.
        case mustMask([PersonalDataFinding])
    }

    private let contract: Contract
    private let checkpoint: () throws -> Void
    private let text: any HashingSource
    private let reader: any RecordReader
    private let inspector: PersonalDataInspector
    private let quality: QualityInspector
    private var rescued: RescuedFields
    private let masker: Masker
    private let encoding: Encoding
    private var quarantine: Quarantine
    private var erased: ErasedRows?
    private var writtenCount = 0

    /// - Parameters:
    ///   - output: receives the Parquet file. If this throws, abort it.
    ///   - quarantine: makes the sink of the rejected rows; called only if there are any.
    init(
        _ conversion: FileConversion, from source: any ByteSource, to output: any OutputSink,
        quarantine: @escaping () throws -> any OutputSink
    ) throws {
        let options = conversion.options
        contract = conversion.contract
        checkpoint = conversion.checkpoint
        masker = try Masker(contract, key: options.maskingKey)
        // With a thread ahead, both threads share the hashing.
        let isReadAhead = options.threads > 1
        let inflated = conversion.compression.text(
            of: source, limits: options.inflate, hashing: isReadAhead ? nil : .sha256)
        text = isReadAhead ? ReadAheadSource(inflated, hashing: .sha256) : inflated
        reader = try conversion.format.reader(of: text, contract: contract, limits: options.reader)
        inspector = PersonalDataInspector(
            contract, conversion.personalDataPolicy, service: options.personalDataService)
        rescued = RescuedFields(contract)
        quality = try QualityInspector(contract, memory: options.qualityMemory)
        encoding = Encoding(
            try ParquetSchema(contract.bronzeColumns.map(\.parquet)), conversion.writerOptions, to: output,
            isThreaded: options.threads > 2)
        self.quarantine = Quarantine(quarantine)
        erased = ErasedRows(contract, options.erased)
    }

    /// Takes the file through all stages. Output and quarantine are finished or aborted when this returns or throws.
    func run() throws -> Outcome {
        do {
            if let found = try convertBatches() {
                abort()
                return .mustMask(found)
            }
            return .converted(try finish())
        } catch {
            abort()
            throw error
        }
    }

    /// - Returns: findings that must be masked first; nil once all batches are encoded.
    private func convertBatches() throws -> [PersonalDataFinding]? {
        let columns = contract.bronzeColumns
        var batch = RecordBatch(columns)
        while try reader.read(into: &batch) {
            if case .mustMask(let findings) = try inspector.inspect(batch) { return findings }
            quality.measure(batch)
            rescued.count(batch)
            writtenCount += batch.rowCount
            let listed = erased?.left(of: batch.rejected) ?? batch.rejected
            try quarantine.append(listed, hiddenCount: batch.rejected.count - listed.count)
            var masked = masker.mask(consume batch)
            if erased != nil { masked = erased?.left(of: masked) ?? masked }
            batch = try encoding.encode(consume masked) { RecordBatch(columns) }
            try checkpoint()
        }
        return nil
    }

    /// Decides by the whole file, then finishes the quarantine, and the output last.
    private func finish() throws -> FileConversion.Result {
        try quarantine.judge(by: contract, rowsRead: writtenCount + quarantine.count)
        let measured = quality.results
        guard !measured.contains(where: \.isFatal) else {
            throw ConversionError.qualityFailed(measured, contract: contract)
        }
        try quarantine.finish()
        let stored = try encoding.finish()
        return FileConversion.Result(
            writtenCount: writtenCount, quarantinedCount: quarantine.count, erased: erased?.counts ?? (0, 0),
            checksum: text.checksum() ?? "",
            output: stored, quality: measured, personalData: inspector.findings,
            rescuedCount: rescued.rowCount, unknownFields: rescued.fields, maskedColumns: contract.maskedColumns)
    }

    private func abort() {
        encoding.abort()
        quarantine.abort()
    }
}

extension FileConversion {
    fileprivate var writerOptions: WriterOptions {
        var writer = WriterOptions(codec: options.codec)
        writer.keyValues = options.keyValues
        writer.encodings =
            switch contract.encodings {
            case .plain: .plain
            case .compatible: .compatible
            case .compact: .compact
            }
        // Half the default: the group being encoded and the group being written are most of the memory.
        writer.rowGroupSizeLimit = 4 << 20
        return writer
    }
}
