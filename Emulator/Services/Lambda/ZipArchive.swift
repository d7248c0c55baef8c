internal import EmulatorCore
internal import CZlib

/// A ZIP archive in memory, with stored or deflated entries, without encryption or ZIP64.
/// - SeeAlso: <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>
struct ZipArchive {
    struct Entry {
        /// A checked relative path, without `.` and `..`.
        let path: String
        let isDirectory: Bool
        let isExecutable: Bool
        fileprivate let isDeflated: Bool
        fileprivate let compressedSize: Int
        fileprivate let size: Int
        fileprivate let localHeader: Int
    }

    /// Why the bytes cannot be unpacked.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Lambda's limit on unpacked code, in bytes.
    private static let unpackedLimit = 250 << 20

    let entries: [Entry]
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) throws(Failure) {
        self.bytes = bytes
        let reader = LittleEndian(bytes: bytes)
        // The end record is 22 bytes, and a comment of up to 65,535 may follow it.
        let first = max(0, bytes.count - 22 - 65_535)
        guard bytes.count >= 22,
            let end = stride(from: bytes.count - 22, through: first, by: -1).first(where: {
                reader.word($0) == 0x0605_4B50
            })
        else { throw Failure(description: "the code is not a ZIP archive") }
        var entries: [Entry] = []
        var at = reader.word(end + 16)
        var unpacked = 0
        for _ in 0..<reader.half(end + 10) {
            guard at + 46 <= bytes.count, reader.word(at) == 0x0201_4B50 else {
                throw Failure(description: "the ZIP archive's directory is invalid at byte \(at)")
            }
            let nameLength = reader.half(at + 28)
            guard at + 46 + nameLength <= bytes.count else {
                throw Failure(description: "the ZIP archive's directory is truncated")
            }
            let name = String(decoding: bytes[(at + 46)..<(at + 46 + nameLength)], as: UTF8.self)
            let method = reader.half(at + 10)
            guard method == 0 || method == 8, reader.half(at + 8) & 1 == 0 else {
                throw Failure(
                    description: "\(name) is encrypted, or its compression method \(method) is not supported")
            }
            guard !name.hasPrefix("/"), !name.split(separator: "/").contains(where: { $0 == ".." || $0 == "." }) else {
                throw Failure(description: "\(name) would be unpacked outside of the function's folder")
            }
            unpacked += reader.word(at + 24)
            guard unpacked <= Self.unpackedLimit else {
                throw Failure(description: "the code is larger than \(Self.unpackedLimit) bytes when it is unpacked")
            }
            entries.append(
                Entry(
                    path: name, isDirectory: name.hasSuffix("/"),
                    isExecutable: reader.word(at + 38) >> 16 & 0o111 != 0, isDeflated: method == 8,
                    compressedSize: reader.word(at + 20), size: reader.word(at + 24), localHeader: reader.word(at + 42))
            )
            at += 46 + nameLength + reader.half(at + 30) + reader.half(at + 32)
        }
        self.entries = entries
    }

    func contents(of entry: Entry) throws(Failure) -> [UInt8] {
        let reader = LittleEndian(bytes: bytes)
        let header = entry.localHeader
        guard header + 30 <= bytes.count, reader.word(header) == 0x0403_4B50 else {
            throw Failure(description: "\(entry.path) is not at its position in the ZIP archive's directory")
        }
        let start = header + 30 + reader.half(header + 26) + reader.half(header + 28)
        guard start + entry.compressedSize <= bytes.count else {
            throw Failure(description: "\(entry.path) is truncated")
        }
        let packed = Array(bytes[start..<(start + entry.compressedSize)])
        guard entry.isDeflated else { return packed }
        var contents = [UInt8](repeating: 0, count: entry.size)
        guard inflateRaw(packed, into: &contents) else {
            throw Failure(
                description: "\(entry.path) is corrupt: its deflated data do not inflate to \(entry.size) bytes")
        }
        return contents
    }

    /// - Returns: whether the data fill `output` exactly.
    private func inflateRaw(_ input: [UInt8], into output: inout [UInt8]) -> Bool {
        var input = input
        let size = output.count
        return input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                var stream = z_stream()
                // Negative window bits mean data without zlib's header, as in ZIP.
                guard inflateInit2_(&stream, -15, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
                    return false
                }
                defer { inflateEnd(&stream) }
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                return inflate(&stream, Z_FINISH) == Z_STREAM_END && Int(stream.total_out) == size
            }
        }
    }
}

/// Little-endian numbers at positions in bytes; 0 beyond the end.
private struct LittleEndian {
    let bytes: [UInt8]

    func half(_ at: Int) -> Int { at + 2 <= bytes.count ? Int(bytes[at]) | Int(bytes[at + 1]) << 8 : 0 }
    func word(_ at: Int) -> Int { half(at) | half(at + 2) << 16 }
}
