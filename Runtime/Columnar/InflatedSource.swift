internal import CISAL
public import Digest

/// What a gzip file may decompress to.
public struct InflateLimits: Sendable {
    public var bytes: Int
    /// Bytes out for a byte in, checked once there are 64 MiB of output: tables of text stay far below.
    public var ratio: Int

    public init(bytes: Int = 64 << 30, ratio: Int = 400) {
        self.bytes = bytes
        self.ratio = ratio
    }
}

/// Decompresses gzip while it is read, one member after the other, in constant memory.
///
/// Every member's CRC-32 and length are checked, and the end of the bytes must be the end of a member.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc1952>
public final class InflatedSource: ByteSource {
    /// Bytes read from the compressed source so far.
    public private(set) var compressedBytes = 0
    /// Bytes given out so far.
    public private(set) var decompressedBytes = 0

    private let source: any ByteSource
    private let limits: InflateLimits
    private let isSample: Bool
    /// ISA-L keeps pointers into the state and the input, so both have addresses of their own.
    private let state: UnsafeMutablePointer<inflate_state>
    private let input: UnsafeMutableRawBufferPointer
    private var digest: Digest?
    private var isFinished = false
    private var members = 0
    /// The offset of the first byte of the member that is being read.
    private var memberStart = 0

    private static let magic: [UInt8] = [0x1F, 0x8B]
    private static let inputSize = 64 << 10
    private static let ratioIsCheckedFrom = 64 << 20

    /// - Parameter hashing: the hash of the decompressed bytes that ``checksum()`` will answer.
    public convenience init(
        _ source: any ByteSource, limits: InflateLimits = InflateLimits(), hashing: HashFunction? = .sha256
    ) {
        self.init(source, limits: limits, hashing: hashing, isSample: false)
    }

    /// - Parameter isSample: whether the bytes are the front of a file only, so that it is no error if they end early.
    init(_ source: any ByteSource, limits: InflateLimits, hashing: HashFunction?, isSample: Bool) {
        self.source = source
        self.limits = limits
        self.isSample = isSample
        state = .allocate(capacity: 1)
        isal_inflate_init(state)
        state.pointee.crc_flag = UInt32(ISAL_GZIP)
        input = .allocate(byteCount: Self.inputSize, alignment: 64)
        if let hashing { digest = Digest(hashing) }
    }

    deinit {
        state.deallocate()
        input.deallocate()
    }

    /// The hash of everything given out, in lowercase hexadecimal. The hash is used up.
    public func checksum() -> String? { digest.take()?.finish().hexadecimal }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < buffer.count, !isFinished {
            if state.pointee.block_state == ISAL_BLOCK_FINISH {
                try beginNextMember()
                continue
            }
            filled += try inflate(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
        }
        if filled > 0 {
            decompressedBytes += filled
            digest?.update(UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
            try checkLimits()
        }
        return filled
    }

    /// The offset of the next compressed byte that has not been used.
    var position: Int { compressedBytes - Int(state.pointee.avail_in) }

    private func inflate(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if state.pointee.avail_in == 0 { try refill() }
        try checkMagic()
        let room = UInt32(min(buffer.count, 1 << 30))
        state.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        state.pointee.avail_out = room
        let hadInput = state.pointee.avail_in > 0
        let status = isal_inflate(state)
        let written = Int(room - state.pointee.avail_out)
        switch status {
        case ISAL_DECOMP_OK: break
        case ISAL_INCORRECT_CHECKSUM: throw ColumnarError.wrongChecksum(byte: position)
        case ISAL_INVALID_WRAPPER, ISAL_UNSUPPORTED_METHOD:
            throw notAMember
        default: throw ColumnarError.corruptGzip(byte: position)
        }
        let isDone = state.pointee.block_state == ISAL_BLOCK_FINISH
        if !hadInput, written == 0, !isDone {
            if compressedBytes == 0 { throw ColumnarError.emptyFile }
            // One byte cannot show that it begins a member.
            if position - memberStart < Self.magic.count { throw notAMember }
            guard isSample else { throw ColumnarError.truncatedGzip(byte: compressedBytes) }
            isFinished = true
        }
        return written
    }

    /// Checks the first two bytes of a member as they come, so that what is no gzip is never called a truncated one.
    private func checkMagic() throws {
        var index = position - memberStart
        var next = state.pointee.next_in
        let end = next.map { $0 + Int(state.pointee.avail_in) }
        while index < Self.magic.count, let byte = next, next != end {
            guard byte.pointee == Self.magic[index] else { throw notAMember }
            index += 1
            next = byte + 1
        }
    }

    private var notAMember: ColumnarError {
        members == 0 ? .notGzip(byte: 0) : .trailingGarbage(byte: memberStart)
    }

    private func beginNextMember() throws {
        members += 1
        memberStart = position
        if state.pointee.avail_in == 0 { try refill() }
        guard state.pointee.avail_in > 0 else {
            isFinished = true
            return
        }
        let (next, available) = (state.pointee.next_in, state.pointee.avail_in)
        isal_inflate_reset(state)
        state.pointee.crc_flag = UInt32(ISAL_GZIP)
        (state.pointee.next_in, state.pointee.avail_in) = (next, available)
    }

    private func refill() throws {
        let count = try source.read(into: input)
        compressedBytes += count
        state.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        state.pointee.avail_in = UInt32(count)
    }

    private func checkLimits() throws {
        guard decompressedBytes <= limits.bytes else {
            throw ColumnarError.tooLarge(limit: limits.bytes, byte: position)
        }
        guard decompressedBytes < Self.ratioIsCheckedFrom || decompressedBytes / limits.ratio <= compressedBytes else {
            throw ColumnarError.suspiciousRatio(limit: limits.ratio, byte: position)
        }
    }
}
