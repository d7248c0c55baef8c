internal import CKernels
internal import Columnar
internal import Contracts
internal import Control
internal import Parquet
internal import RawFile

/// The conversion of one raw file to bronze: text in, a Parquet file and the rows that broke the contract out.
struct FileConversion {
    struct Options: Sendable {
        var inflate = InflateLimits()
        /// A batch is a stripe of the output's row groups, so the writer encodes it without copying it.
        var reader = ReaderLimits(batchRows: WriterOptions().pageRowLimit)
        var codec = CompressionCodec.snappy
        /// 1 does everything in turn; with more, inflating, parsing and encoding overlap.
        var threads = 3
        var maskingKey: [UInt8]?
        /// The memory in bytes for quality rules that must remember values.
        var qualityMemory = QualityInspector.defaultMemory
        /// What happens to personal data, unless the contract says it.
        var personalData = PersonalDataPolicy.report
        /// Inspects unclassified text in addition to the local detectors.
        var personalDataService: PersonalDataService?
        /// The keys whose rows are left out.
        var erased = ErasureMarks()
        /// What the Parquet footer says about the rows' origin.
        var keyValues: [(key: String, value: String)] = []
    }

    struct Result: Sendable {
        let writtenCount: Int
        let quarantinedCount: Int
        /// Rows that were left out because their keys were erased: those that the other counts have and the files have not.
        var erased = (written: 0, quarantined: 0)
        /// SHA-256 of the decompressed content, in hexadecimal.
        let checksum: String
        let output: StoredFile
        /// The measurements for the contract's quality rules.
        var quality: [QualityResult] = []
        var personalData: [PersonalDataFinding] = []
        /// Rows with fields in `_rescued_data`.
        var rescuedCount = 0
        var unknownFields: [UnknownField] = []
        /// The columns that are masked, by the contract or because of a finding.
        var maskedColumns: [String] = []
    }

    private(set) var contract: Contract
    let format: RawFormat
    var compression = RawCompression.gzip
    let options: Options
    /// Called between batches; an error that it throws ends the conversion.
    var checkpoint: () throws -> Void = {}

    var personalDataPolicy: PersonalDataPolicy { contract.personalData ?? options.personalData }

    /// The memory that most conversions need. The first conversion reserves it, so an idle function stays small.
    private static let heap: Void = ck_prepare_heap(16 << 20, 1 << 20)

    /// Converts a file in one pass, or in several: where a pass finds personal data that must be masked, its output is
    /// discarded and the file is read again from its start. So no row of output or quarantine shows the data.
    ///
    /// - Parameters:
    ///   - open: opens the source.
    ///   - create: makes the sink of the Parquet file.
    ///   - quarantine: makes the sink of the rejected rows; called only if there are any.
    /// - Throws: ``ConversionError``, ``ColumnarError``, or what sources and sinks throw. Then no output is visible.
    func run(
        from open: () throws -> any ByteSource, to create: () throws -> any OutputSink,
        quarantine: @escaping () throws -> any OutputSink
    ) throws -> Result {
        Self.heap
        var conversion = self
        var findings: [PersonalDataFinding] = []
        while true {
            let (source, output) = (try open(), try create())
            let pass: ConversionPass
            do {
                pass = try ConversionPass(conversion, from: source, to: output, quarantine: quarantine)
            } catch {
                output.abort()
                throw error
            }
            switch try pass.run() {
            case .converted(var result):
                result.personalData = findings + result.personalData
                return result
            case .mustMask(let found):
                // Masked places are not inspected again, so at some pass nothing more is found.
                findings += found
                conversion.contract = conversion.contract.masking(
                    Set(found.map(\.column)).sorted(), by: personalDataPolicy.masking ?? .redact)
            }
        }
    }
}
