import CZlib

@testable import Columnar

/// A member's header ends where zlib finds its end, in pieces of any size, or is refused for zlib's reason.
struct GzipHeaderTarget: FuzzTarget {
    private enum Outcome: Equatable {
        case ended(at: Int)
        case unfinished
        case refused(InflateFault)
    }

    func take(_ bytes: [UInt8]) throws {
        try compare(bytes)
        // Chance does not find a checksum, so a wrong one is put right.
        guard case (.refused(.wrongChecksum), let end) = zlibOutcome(bytes) else { return }
        var mended = bytes
        let sum = crc32(0, bytes, UInt32(end - 2))
        mended[end - 2] = UInt8(sum & 0xFF)
        mended[end - 1] = UInt8(sum >> 8 & 0xFF)
        require(zlibOutcome(mended).outcome == .ended(at: end), "zlib does not take its own checksum")
        try compare(mended)
    }

    private func compare(_ bytes: [UInt8]) throws {
        let expected = zlibOutcome(bytes).outcome
        for piece in [1, 2, 3 + bytes.count % 11, max(bytes.count, 1)] {
            let outcome = outcome(bytes, piece: piece)
            // zlib looks at two bytes at a time, and so waits for a second where the first is wrong.
            if bytes.count < 4, outcome == .refused(.notAMember), expected == .unfinished { continue }
            require(outcome == expected, "pieces of \(piece): \(outcome), zlib: \(expected)")
        }
    }

    private func outcome(_ bytes: [UInt8], piece: Int) -> Outcome {
        bytes.withUnsafeBytes { bytes in
            var header = GzipHeader()
            for start in stride(from: 0, to: bytes.count, by: piece) {
                let end = min(start + piece, bytes.count)
                var input = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                do throws(InflateFault) {
                    try header.read(&input)
                } catch {
                    return .refused(error)
                }
                if header.isComplete { return .ended(at: end - input.count) }
            }
            return .unfinished
        }
    }

    private func zlibOutcome(_ bytes: [UInt8]) -> (outcome: Outcome, end: Int) {
        var input = bytes
        return input.withUnsafeMutableBufferPointer { input in
            var stream = z_stream()
            var header = gz_header()
            // 15 window bits, + 16 for gzip and nothing but gzip.
            guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK,
                inflateGetHeader(&stream, &header) == Z_OK
            else { fatal("zlib does not start") }
            defer { inflateEnd(&stream) }
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            // Told to stop at a block, it stops behind the header first, but does nothing without room.
            var room: UInt8 = 0
            let status = withUnsafeMutablePointer(to: &room) { room in
                stream.next_out = room
                stream.avail_out = 1
                return inflate(&stream, Z_BLOCK)
            }
            let end = Int(stream.total_in)
            if header.done == 1 { return (.ended(at: end), end) }
            guard status == Z_DATA_ERROR else { return (.unfinished, end) }
            let isSum = stream.msg.map { String(cString: $0) } == "header crc mismatch"
            return (.refused(isSum ? .wrongChecksum : .notAMember), end)
        }
    }
}
