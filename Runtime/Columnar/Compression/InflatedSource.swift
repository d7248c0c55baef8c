public import Digest

/// Limits on what a compressed file decompresses to.
public struct InflateLimits: Sendable {
    public var bytes: Int
    /// Decompressed bytes for each compressed byte, checked from 64 MiB of output on. Tables of text stay far below.
    public var ratio: Int

    public init(bytes: Int = 64 << 30, ratio: Int = 400) {
        self.bytes = bytes
        self.ratio = ratio
    }

    private static let ratioIsCheckedFrom = 64 << 20

    /// - Throws: ``ColumnarError/tooLarge(limit:byte:)`` or ``ColumnarError/suspiciousRatio(limit:byte:)``.
    func check(_ decompressed: Int, from compressed: Int, at position: Int) throws(ColumnarError) {
        guard decompressed <= bytes else { throw .tooLarge(limit: bytes, byte: position) }
        guard decompressed < Self.ratioIsCheckedFrom || decompressed / ratio <= compressed else {
            throw .suspiciousRatio(limit: ratio, byte: position)
        }
    }
}

/// Decompresses gzip while it is read, one member after the other, in constant memory.
///
/// Every member's CRC-32 and length are checked. The end of the bytes must be the end of a member, or zeros that follow it.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc1952>
public final class InflatedSource: DecompressedSource {
    /// Bytes read from the compressed source so far.
    public private(set) var compressedBytes = 0
    /// Bytes returned so far.
    public private(set) var decompressedBytes = 0

    private let source: any ByteSource
    private let limits: InflateLimits
    private let isSample: Bool
    private var header = GzipHeader()
    private let inflater: any MemberInflater
    private let input: UnsafeMutableRawBufferPointer
    /// The hash of the bytes that were read.
    private var digest: Digest?
    private var isFinished = false
    private var members = 0
    /// The offset of the first byte of the member that is being read.
    private var memberStart = 0

    private static let magicSize = 2
    private static let inputSize = 64 << 10

    /// - Parameter hashing: the hash of the decompressed bytes that ``checksum()`` returns.
    public convenience init(
        _ source: any ByteSource, limits: InflateLimits = InflateLimits(), hashing: HashFunction? = .sha256
    ) {
        self.init(source, limits: limits, hashing: hashing, isSample: false)
    }

    /// - Parameter isSample: whether the bytes are only the front of a file, so an early end is not an error.
    init(
        _ source: any ByteSource, limits: InflateLimits, hashing: HashFunction?, isSample: Bool,
        library: InflateLibrary = .preferred
    ) {
        self.source = source
        self.limits = limits
        self.isSample = isSample
        inflater = library.makeInflater()
        input = .allocate(byteCount: Self.inputSize, alignment: 64)
        if let hashing { digest = Digest(hashing) }
    }

    deinit { input.deallocate() }

    public func checksum() -> String? { digest.take()?.finish().hexadecimal }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < buffer.count, !isFinished {
            if inflater.isAtEnd {
                try beginNextMember()
                continue
            }
            filled += try inflate(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
        }
        if filled > 0 {
            decompressedBytes += filled
            digest?.update(UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
            try limits.check(decompressedBytes, from: compressedBytes, at: position)
        }
        return filled
    }

    /// The offset of the next compressed byte that has not been used.
    var position: Int { compressedBytes - inflater.input.count }

    private func inflate(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if inflater.input.isEmpty { try refill() }
        let hadInput = !inflater.input.isEmpty
        let written: Int
        do throws(InflateFault) {
            if !header.isComplete { try header.read(&inflater.input) }
            written = header.isComplete ? try inflater.inflate(into: buffer) : 0
        } catch {
            switch error {
            case .wrongChecksum: throw ColumnarError.wrongChecksum(byte: position)
            case .notAMember: throw notAMember
            case .corrupt: throw ColumnarError.corruptGzip(byte: position)
            }
        }
        if !hadInput, written == 0, !inflater.isAtEnd {
            if compressedBytes == 0 { throw ColumnarError.emptyFile }
            // One byte is too few to recognize a member.
            if position - memberStart < Self.magicSize { throw notAMember }
            guard isSample else { throw ColumnarError.truncatedGzip(byte: compressedBytes) }
            isFinished = true
        }
        return written
    }

    private var notAMember: ColumnarError {
        guard members == 0 else { return .trailingGarbage(byte: memberStart) }
        // Nothing but the front has been read.
        let front = UnsafeRawBufferPointer(rebasing: input[..<min(compressedBytes, input.count)])
        // Another method than deflate makes it no gzip of ours.
        guard !front.starts(with: [0x1F, 0x8B]) else { return .notGzip(byte: 0) }
        return FileSignature.reason(front, against: "gzip").map { .foreignFile(reason: $0) } ?? .notGzip(byte: 0)
    }

    private func beginNextMember() throws {
        members += 1
        memberStart = position
        if inflater.input.isEmpty { try refill() }
        guard !inflater.input.isEmpty else {
            isFinished = true
            return
        }
        // Tapes and block devices pad the last member with zeros. No member begins with one.
        if inflater.input[0] == 0 { return try skipPadding() }
        header = GzipHeader()
        inflater.beginMember()
    }

    /// Passes over zeros up to the end of the file, as gzip does.
    private func skipPadding() throws {
        while !inflater.input.isEmpty {
            guard inflater.input.allSatisfy({ $0 == 0 }) else { throw notAMember }
            try refill()
        }
        isFinished = true
    }

    private func refill() throws {
        let count = try source.read(into: input)
        compressedBytes += count
        inflater.input = UnsafeRawBufferPointer(rebasing: input[..<count])
    }
}
