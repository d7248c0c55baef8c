internal import Digest

/// The bytes of a file that is not compressed.
final class PlainSource: DecompressedSource {
    private(set) var position = 0

    private let source: any ByteSource
    private let limits: InflateLimits
    private var digest: Digest?

    init(_ source: any ByteSource, limits: InflateLimits, hashing: HashFunction?) {
        self.source = source
        self.limits = limits
        if let hashing { digest = Digest(hashing) }
    }

    func checksum() -> String? { digest.take()?.finish().hexadecimal }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try source.read(into: buffer)
        guard count > 0 else {
            guard position > 0 || buffer.isEmpty else { throw ColumnarError.emptyFile }
            return 0
        }
        position += count
        guard position <= limits.bytes else { throw ColumnarError.tooLarge(limit: limits.bytes, byte: position) }
        digest?.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }
}
