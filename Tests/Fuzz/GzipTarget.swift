import CZlib

@testable import Columnar

/// ISA-L and zlib agree with zlib's own reading of gzip: on every byte of a whole file, and on what is none. But ISA-L does not
/// mind a set of codes that is not complete as long as the missing ones are not needed; then the checksum must speak for it.
struct GzipTarget: FuzzTarget {
    /// A small input may become a thousand times longer; the readers' limits are tested elsewhere.
    private static let limit = 4 << 20

    func take(_ bytes: [UInt8]) throws {
        let reference = zlibInflated(bytes)
        let ways = [(Int.max, 1 << 16), (1 + bytes.count % 7, 1 + bytes.count % 300)]
        for library in InflateLibrary.allCases {
            // The second way takes byte after byte; a long text takes it too long.
            for (piece, room) in bytes.count > 512 ? ways[..<1] : ways[...] {
                try compare(bytes, with: reference, by: library, piece: piece, room: room)
            }
        }
    }

    private func compare(
        _ bytes: [UInt8], with reference: [UInt8]?, by library: InflateLibrary, piece: Int, room: Int
    ) throws {
        do {
            let source = InflatedSource(
                MemorySource(bytes, pieceSize: piece), limits: InflateLimits(bytes: Self.limit), hashing: nil,
                isSample: false, library: library)
            var output: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: room)
            while case let count = try buffer.withUnsafeMutableBytes({ try source.read(into: $0) }), count > 0 {
                output += buffer[..<count]
            }
            guard let reference else {
                require(library != .zlib, "zlib: accepted, and zlib itself does not")
                require(isVouchedFor(output, by: bytes), "\(library): accepted, and neither zlib nor the checksum does")
                return
            }
            require(output == reference, "\(library): \(output.count) bytes, zlib gives \(reference.count)")
        } catch let error as ColumnarError {
            if case .tooLarge = error { return }
            require(reference == nil, "\(library): \(error), and zlib reads it")
        }
    }

    /// Whether `output` ends with the bytes of the last member, as the end of the file gives their checksum and length.
    /// Zeros may follow, which look like the end of a length.
    private func isVouchedFor(_ output: [UInt8], by file: [UInt8]) -> Bool {
        let zeroCount = file.reversed().prefix { $0 == 0 }.count
        return (0...zeroCount).contains { ends(output, withMemberOf: file.dropLast($0)) }
    }

    private func ends(_ output: [UInt8], withMemberOf file: ArraySlice<UInt8>) -> Bool {
        let trailer = file.suffix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let length = Int(trailer >> 32)
        guard length <= output.count else { return false }
        return crc32(0, Array(output.suffix(length)), UInt32(length)) == UInt(trailer & 0xFFFF_FFFF)
    }

    /// All members' bytes; nil unless members, and zeros after the last, are all that is there.
    private func zlibInflated(_ bytes: [UInt8]) -> [UInt8]? {
        guard !bytes.isEmpty else { return nil }
        var input = bytes
        return input.withUnsafeMutableBufferPointer { input in
            var stream = z_stream()
            // 15 window bits, + 16 for gzip and nothing but gzip.
            guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
                fatal("zlib does not start")
            }
            defer { inflateEnd(&stream) }
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            var output: [UInt8] = []
            var room = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let (status, count) = room.withUnsafeMutableBufferPointer { room in
                    stream.next_out = room.baseAddress
                    stream.avail_out = UInt32(room.count)
                    return (inflate(&stream, Z_NO_FLUSH), room.count - Int(stream.avail_out))
                }
                output += room[..<count]
                guard status == Z_OK || status == Z_STREAM_END, output.count <= Self.limit else { return nil }
                guard status == Z_STREAM_END else { continue }
                guard input.suffix(Int(stream.avail_in)).contains(where: { $0 != 0 }) else { return output }
                guard inflateReset(&stream) == Z_OK else { return nil }
            }
        }
    }
}
