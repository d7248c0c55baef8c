internal import AWSClient
internal import Columnar
internal import Contracts
internal import Control
internal import JSON
internal import LambdaRuntime
internal import Parquet
internal import RawFile

/// A local file, without AWS: `bronze-writer convert --contract FILE IN OUT`.
struct ConvertCommand {
    private var contractPath: String?
    private var table: String?
    private var quarantinePath: String?
    private var paths: [String] = []
    private var options: FileConversion.Options
    private let environment: Environment

    init(_ arguments: [String], _ environment: Environment) throws {
        options = try FileConversion.Options(environment)
        self.environment = environment
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            func value() throws(ConversionError) -> String {
                guard let value = rest.popFirst() else { throw .usage("\(argument) needs a value; see --help") }
                return value
            }
            switch argument {
            case "--contract": contractPath = try value()
            case "--table": table = try value()
            case "--quarantine": quarantinePath = try value()
            case "--threads":
                guard let threads = Int(try value()), threads > 0 else {
                    throw ConversionError.usage("--threads takes a number from 1 up")
                }
                options.threads = threads
            case "--compression":
                let name = try value()
                guard let codec = Self.codecs[name] else {
                    throw ConversionError.usage("--compression takes snappy, gzip, zstd or none, not '\(name)'")
                }
                options.codec = codec
            case _ where argument.hasPrefix("--"):
                throw ConversionError.usage("unknown option \(argument); see --help")
            default: paths.append(argument)
            }
        }
    }

    private static let codecs: [String: CompressionCodec] = [
        "snappy": .snappy, "gzip": .gzip(level: 6), "zstd": .zstd(level: 1), "none": .none,
    ]

    /// - Returns: one line of JSON.
    func run() throws -> String {
        guard let contractPath, paths.count == 2 else {
            throw ConversionError.usage("convert takes --contract FILE, a file to read and a file to write; see --help")
        }
        let (input, output) = (paths[0], paths[1])
        guard input != output else { throw ConversionError.usage("\(input) cannot be both read and written") }
        guard let name = RawFileName(input) else {
            throw ConversionError.usage("\(input): the name must end in \(RawFileName.endings)")
        }
        let contract: Contract
        do { contract = try Contract(contentsOf: contractPath, table: table) } catch {
            throw ConversionError.noContract(table: contractPath, reason: "\(error)")
        }
        for warning in contract.warnings {
            StandardError.put(Array("bronze-writer: warning: \(warning)\n".utf8))
        }
        var options = options
        try options.connect(environment, for: [contract]) { try AWSClient { environment[$0] } }
        options.keyValues = [("cupel.contract", contract.table), ("cupel.contract_version", contract.version)]
        let quarantine = quarantinePath ?? output + ".quarantine.ndjson.gz"
        let result: FileConversion.Result
        do {
            result = try FileConversion(
                contract: contract, format: name.format, compression: name.compression, options: options
            ).run(
                from: { try FileSource(path: input) }, to: { try FileSink(path: output) },
                quarantine: { try FileSink(path: quarantine) })
        } catch let error as ColumnarError {
            throw ConversionError.unreadable(place: input, error)
        }
        // One of an earlier conversion would look like this one's.
        if result.quarantinedCount == 0 { FileSink.remove(path: quarantine) }
        let summary: JSON = [
            "rows_read": .int(result.writtenCount + result.quarantinedCount), "rows_written": .int(result.writtenCount),
            "rows_quarantined": .int(result.quarantinedCount), "checksum": .string(result.checksum),
            "output": .string(output), "bytes": .int(result.output.sizeInBytes),
            "quarantine": result.quarantinedCount > 0 ? .string(quarantine) : .null,
            "quality": .array(result.quality.map(\.summary)),
            "rows_rescued": .int(result.rescuedCount),
            "unknown_fields": .array(result.unknownFields.map(\.summary)),
            "pii_findings": .array(result.personalData.map(\.summary)),
            "masked_columns": .array(result.maskedColumns.map(JSON.string)),
        ]
        return summary.text
    }
}
