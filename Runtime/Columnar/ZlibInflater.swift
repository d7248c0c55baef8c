internal import CZlib

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// zlib, which is everywhere.
/// - SeeAlso: <https://zlib.net/manual.html>
final class ZlibInflater: MemberInflater {
    /// zlib keeps a pointer to its stream, so that has an address of its own.
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var isAtEnd = false
    /// Bytes of a wrong trailer that are still to come: it is told where it ends, as the other library does.
    private var wrongTrailer: Int?

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, and 16 for gzip's header and trailer alone.
        let status = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib has no memory left")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    var input: UnsafeRawBufferPointer {
        get { UnsafeRawBufferPointer(start: stream.pointee.next_in, count: Int(stream.pointee.avail_in)) }
        set {
            let start = newValue.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.next_in = UnsafeMutablePointer(mutating: start)
            stream.pointee.avail_in = UInt32(newValue.count)
        }
    }

    func inflate(into room: UnsafeMutableRawBufferPointer) throws(InflateFault) -> Int {
        if let missing = wrongTrailer { return try skipTrailer(missing) }
        let size = UInt32(min(room.count, 1 << 30))
        stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = size
        let status = CZlib.inflate(stream, Z_NO_FLUSH)
        let written = Int(size - stream.pointee.avail_out)
        switch status {
        // It cannot go on without more input or more room, which is no fault.
        case Z_OK, Z_BUF_ERROR: return written
        case Z_STREAM_END:
            isAtEnd = true
            return written
        default: return try fail(after: written)
        }
    }

    func beginMember() {
        isAtEnd = false
        let rest = input
        inflateReset(stream)
        input = rest
    }

    /// zlib tells its data errors apart by their messages alone.
    private func fail(after written: Int) throws(InflateFault) -> Int {
        switch stream.pointee.msg.map({ String(cString: $0) }) {
        case "incorrect header check", "unknown compression method", "unknown header flags set": throw .notAMember
        case "incorrect data check":
            // The length follows; what was written before is not given out.
            return written > 0 ? written : try skipTrailer(4)
        case "incorrect length check", "header crc mismatch": throw .wrongChecksum
        default: throw .corrupt
        }
    }

    private func skipTrailer(_ missing: Int) throws(InflateFault) -> Int {
        let skipped = min(missing, input.count)
        input = UnsafeRawBufferPointer(rebasing: input[skipped...])
        guard skipped < missing else { throw .wrongChecksum }
        wrongTrailer = missing - skipped
        return 0
    }
}
