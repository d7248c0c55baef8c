internal import CZstd
internal import Digest

/// Decompresses Zstandard while it is read, one frame after the other.
///
/// A frame's checksum is checked if it has one, and the end of the bytes must be the end of a frame. A frame's window may
/// be 128 MiB, as with the `zstd` program; a file that needs more must be compressed again without `--long`.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc8878>
final class ZstdSource: DecompressedSource {
    private let source: any ByteSource
    private let limits: InflateLimits
    private let isSample: Bool
    /// Its memory grows with the frame's window.
    private let context: OpaquePointer
    private let room: UnsafeMutableRawBufferPointer
    private var input = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
    private var digest: Digest?
    private var compressedBytes = 0
    private var decompressedBytes = 0
    private var frameStart = 0
    private var isBetweenFrames = true
    private var isFinished = false

    private static let inputSize = 64 << 10

    init(_ source: any ByteSource, limits: InflateLimits, hashing: HashFunction?, isSample: Bool) {
        self.source = source
        self.limits = limits
        self.isSample = isSample
        guard let context = ZSTD_createDCtx() else { fatalError("no memory for a Zstandard context") }
        self.context = context
        room = .allocate(byteCount: Self.inputSize, alignment: 64)
        if let hashing { digest = Digest(hashing) }
    }

    deinit {
        ZSTD_freeDCtx(context)
        room.deallocate()
    }

    var position: Int { compressedBytes - (input.size - input.pos) }

    func checksum() -> String? { digest.take()?.finish().hexadecimal }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        while output.pos < output.size, !isFinished { try decompress(into: &output) }
        guard output.pos > 0 else { return 0 }
        decompressedBytes += output.pos
        digest?.update(UnsafeRawBufferPointer(rebasing: buffer[..<output.pos]))
        try limits.check(decompressedBytes, from: compressedBytes, at: position)
        return output.pos
    }

    private func decompress(into output: inout ZSTD_outBuffer) throws {
        let isAtEnd = try input.pos == input.size && !refill()
        if isAtEnd, isBetweenFrames {
            guard compressedBytes > 0 else { throw ColumnarError.emptyFile }
            isFinished = true
            return
        }
        if isBetweenFrames {
            frameStart = position
            isBetweenFrames = false
        }
        let written = output.pos
        let hint = ZSTD_decompressStream(context, &output, &input)
        if ZSTD_isError(hint) != 0 {
            // Nothing of the frame was used: it does not begin as a frame does.
            let reason = String(cString: ZSTD_getErrorName(hint))
            guard position - frameStart > 4 else { throw notAFrame }
            throw ColumnarError.corruptZstd(byte: position, reason: reason)
        }
        isBetweenFrames = hint == 0
        if isAtEnd, !isBetweenFrames, output.pos == written {
            guard isSample else { throw ColumnarError.truncatedZstd(byte: compressedBytes) }
            isFinished = true
        }
    }

    private var notAFrame: ColumnarError {
        guard frameStart == 0 else { return .notZstd(byte: frameStart) }
        // Nothing but the front has been read.
        let front = UnsafeRawBufferPointer(rebasing: room[..<min(compressedBytes, room.count)])
        return FileSignature.reason(front, against: "Zstandard").map { .foreignFile(reason: $0) } ?? .notZstd(byte: 0)
    }

    /// - Returns: false at the end of the file.
    private func refill() throws -> Bool {
        let count = try source.read(into: room)
        compressedBytes += count
        input = ZSTD_inBuffer(src: room.baseAddress, size: count, pos: 0)
        return count > 0
    }
}
