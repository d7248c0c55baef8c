internal import CRC
internal import CZlib

/// zlib, which every system has.
/// - SeeAlso: <https://zlib.net/manual.html>
final class ZlibInflater: MemberInflater {
    /// zlib keeps a pointer to its stream, so that has an address of its own.
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var isAtEnd = false
    /// The CRC-32 and the length of what the member has given out.
    private var sum = CyclicRedundancyCheck(.crc32)
    private var length: UInt32 = 0
    private var trailer: [UInt8] = []
    private var isAtTrailer = false

    private static let trailerSize = 8

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, negative because zlib reads neither header nor trailer.
        let status = inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
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
        if isAtTrailer {
            try readTrailer()
            return 0
        }
        let size = UInt32(min(room.count, 1 << 30))
        let start = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.next_out = start
        stream.pointee.avail_out = size
        let status = CZlib.inflate(stream, Z_NO_FLUSH)
        let written = size - stream.pointee.avail_out
        sum.update(UnsafeRawBufferPointer(rebasing: room[..<Int(written)]))
        length &+= written
        switch status {
        // It needs more input or more room; that is not a fault.
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END:
            isAtTrailer = true
            // Bytes with a wrong checksum are not returned.
            try readTrailer()
        default: throw .corrupt
        }
        return Int(written)
    }

    func beginMember() {
        isAtEnd = false
        isAtTrailer = false
        trailer.removeAll(keepingCapacity: true)
        (sum, length) = (CyclicRedundancyCheck(.crc32), 0)
        let rest = input
        inflateReset(stream)
        input = rest
    }

    /// The checksum and the length modulo 2^32, four bytes each, the least significant first.
    private func readTrailer() throws(InflateFault) {
        let size = min(Self.trailerSize - trailer.count, input.count)
        trailer += input[..<size]
        input = UnsafeRawBufferPointer(rebasing: input[size...])
        guard trailer.count == Self.trailerSize else { return }
        let stated = trailer.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard stated == UInt64(length) << 32 | sum.value else { throw .wrongChecksum }
        isAtEnd = true
    }
}
