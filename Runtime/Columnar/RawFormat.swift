public import Contracts

/// How a raw file's text is written.
public enum RawFormat: String, Sendable, Hashable, CaseIterable {
    case csv
    case json

    /// The format that a name ends in: `.csv.gz` or `.json.gz`, and `.ndjson.gz` and `.jsonl.gz` for the latter.
    public init?(fileName: String) {
        let name = fileName.lowercased()
        if name.hasSuffix(".csv.gz") {
            self = .csv
        } else if [".json.gz", ".ndjson.gz", ".jsonl.gz"].contains(where: name.hasSuffix) {
            self = .json
        } else {
            return nil
        }
    }

    /// A reader of decompressed text in this format.
    /// - Throws: ``ColumnarError``, or whatever the source throws: a CSV header is read at once.
    public func reader(
        of source: any ByteSource, contract: Contract, limits: ReaderLimits = ReaderLimits()
    ) throws -> any RecordReader {
        switch self {
        case .csv: try CSVReader(source, contract: contract, limits: limits)
        case .json: try NDJSONReader(source, contract: contract, limits: limits)
        }
    }
}
