public import Contracts
public import Digest
public import RawFile

extension RawFormat {
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

extension RawCompression {
    /// The decompressed bytes of a file.
    /// - Parameter hashing: the hash of the decompressed bytes that `checksum()` returns.
    public func text(
        of file: any ByteSource, limits: InflateLimits = InflateLimits(), hashing: HashFunction?
    ) -> any HashingSource {
        source(file, limits: limits, hashing: hashing, isSample: false)
    }

    /// - Parameter isSample: whether the bytes are only the front of a file, so an early end is not an error.
    func source(
        _ file: any ByteSource, limits: InflateLimits, hashing: HashFunction?, isSample: Bool
    ) -> any DecompressedSource {
        switch self {
        case .none: PlainSource(file, limits: limits, hashing: hashing)
        case .gzip: InflatedSource(file, limits: limits, hashing: hashing, isSample: isSample)
        case .zstd: ZstdSource(file, limits: limits, hashing: hashing, isSample: isSample)
        }
    }
}
