import Digest
import TestRandom
import Testing

@testable import Columnar

/// Decompresses a gzip file that arrives in pieces.
func inflate(
    _ bytes: [UInt8], by library: InflateLibrary, piece: Int = .max, buffer: Int = 1000,
    limits: InflateLimits = InflateLimits()
) throws -> (bytes: [UInt8], checksum: String?) {
    let source = InflatedSource(
        MemorySource(bytes, pieceSize: piece), limits: limits, hashing: .sha256, isSample: false,
        library: library)
    var output: [UInt8] = []
    var room = [UInt8](repeating: 0, count: buffer)
    while true {
        let count = try room.withUnsafeMutableBytes { try source.read(into: $0) }
        guard count > 0 else { return (output, source.checksum()) }
        output += room[..<count]
    }
}

@Suite struct InflatedSourceTests {
    private static let libraries = InflateLibrary.allCases
    private let text = Array((0..<5000).map { "line \($0 * 7919 % 1000)\n" }.joined().utf8)

    @Test(
        "the decompressed bytes are the original ones, whatever the sizes of pieces and buffers",
        arguments: [1, 2, 3, 10, 17, 1000, .max], libraries)
    func anyPieces(piece: Int, library: InflateLibrary) throws {
        for buffer in [1, 13, 100_000] where piece > 1 || buffer > 1 {
            #expect(try inflate(gzip(text), by: library, piece: piece, buffer: buffer).bytes == text)
        }
    }

    @Test("consecutive members are joined, empty ones included", arguments: [1, 5, 100, .max], libraries)
    func members(piece: Int, library: InflateLibrary) throws {
        let members = gzip(Array(text[..<1000])) + gzip([]) + gzip(Array(text[1000...]))
        #expect(try inflate(members, by: library, piece: piece).bytes == text)
    }

    @Test("the checksum is the SHA-256 of the decompressed bytes", arguments: libraries)
    func checksumOfDecompressedBytes(library: InflateLibrary) throws {
        #expect(
            try inflate(gzip(Array("abc".utf8)), by: library).checksum
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(try inflate(gzip([]), by: library).bytes == [])
    }

    @Test("every truncation is an error with its offset", arguments: libraries)
    func truncation(library: InflateLibrary) throws {
        let bytes = gzip(Array(text[..<300]))
        for length in 2..<bytes.count {
            let error = #expect(throws: ColumnarError.self) { try inflate(Array(bytes[..<length]), by: library) }
            #expect(error == .truncatedGzip(byte: length))
        }
    }

    @Test("a file that is not gzip and a damaged gzip file are different errors", arguments: libraries)
    func notGzipOrDamaged(library: InflateLibrary) throws {
        #expect(throws: ColumnarError.emptyFile) { try inflate([], by: library) }
        #expect(throws: ColumnarError.notGzip(byte: 0)) { try inflate([0x1F], by: library) }
        #expect(throws: ColumnarError.notGzip(byte: 0)) { try inflate(Array("id,name\n1,ale\n".utf8), by: library) }
        let archive = #expect(throws: ColumnarError.self) {
            try inflate(Array("PK\u{3}\u{4}abcdefghijklmnopqrstuv".utf8), by: library)
        }
        #expect(archive?.description.hasPrefix("not gzip: the file begins like a zip file") == true)
        var bytes = gzip(text)
        bytes[bytes.count - 6] ^= 1
        #expect(throws: ColumnarError.wrongChecksum(byte: bytes.count)) { try inflate(bytes, by: library) }
        bytes[bytes.count - 6] ^= 1
        bytes[bytes.count - 2] ^= 1
        #expect(throws: ColumnarError.wrongChecksum(byte: bytes.count)) { try inflate(bytes, by: library) }
    }

    @Test("a damaged byte is always an error", arguments: libraries) func damage(library: InflateLibrary) throws {
        let bytes = gzip(Array(text[..<2000]))
        for index in 10..<bytes.count {
            var damaged = bytes
            damaged[index] ^= 0x55
            #expect(throws: ColumnarError.self, "byte \(index)") { try inflate(damaged, by: library) }
        }
    }

    @Test("zeros after the last member are padding, as gzip has it", arguments: [1, 4, .max], libraries)
    func padding(piece: Int, library: InflateLibrary) throws {
        let bytes = gzip(Array(text[..<100]))
        for count in [1, 2, 511, 200_000] {
            let padded = bytes + [UInt8](repeating: 0, count: count)
            #expect(try inflate(padded, by: library, piece: piece).bytes == Array(text[..<100]))
        }
        #expect(throws: ColumnarError.notGzip(byte: 0)) { try inflate([0, 0, 0], by: library, piece: piece) }
    }

    @Test("garbage after the last member is an error at its first byte", arguments: [1, 4, .max], libraries)
    func trailingGarbage(piece: Int, library: InflateLibrary) throws {
        let bytes = gzip(Array(text[..<100]))
        for garbage in [[0x61, 0x62], [0x00, 0x00, 0x61], Array("garbage and more of it, and more".utf8)] as [[UInt8]] {
            #expect(throws: ColumnarError.trailingGarbage(byte: bytes.count)) {
                try inflate(bytes + garbage, by: library, piece: piece)
            }
        }
    }

    @Test("more bytes than the limit and a suspicious compression ratio are errors", arguments: libraries)
    func limits(library: InflateLibrary) throws {
        #expect(throws: ColumnarError.self) {
            try inflate(gzip(text), by: library, limits: InflateLimits(bytes: text.count - 1))
        }
        #expect(try inflate(gzip(text), by: library, limits: InflateLimits(bytes: text.count)).bytes == text)
        let bomb = gzip([UInt8](repeating: 0x61, count: 80 << 20))
        let error = #expect(throws: ColumnarError.self) { try inflate(bomb, by: library, buffer: 1 << 20) }
        #expect(error?.code == "SuspiciousRatio")
    }

    /// Found by fuzzing: one bit of a member of 100,000 letters makes its set of distance codes incomplete.
    @Test(
        "an incomplete set of codes is accepted by ISA-L only if the checksum matches, by zlib never",
        arguments: libraries)
    func incompleteCodes(library: InflateLibrary) throws {
        let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
        let codes: [UInt8] = [0xED, 0xC1, 0x31, 1, 0, 0, 0, 0xC2, 0xA0, 0xAC, 0xEB, 0x5F, 0xC2, 0x1A, 0x1E, 0x48, 1]
        let trailer: [UInt8] = [0x87, 0xFA, 0xE2, 0x1B, 0xA0, 0x86, 1, 0]
        let bytes = header + codes + Array(repeating: 0, count: 96) + [0xAF, 6] + trailer
        if library == .zlib {
            #expect(throws: ColumnarError.self) { try inflate(bytes, by: library) }
            return
        }
        let letters = [UInt8](repeating: UInt8(ascii: "a"), count: 100_000)
        #expect(try inflate(bytes, by: library).bytes == letters)
        let wrong = bytes[..<125] + [0x88] + bytes[126...]
        #expect(throws: ColumnarError.self) { try inflate(Array(wrong), by: library) }
    }

    @Test("both libraries accept and refuse the same files", arguments: 0..<200 as Range<UInt64>)
    func sameOutcome(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var bytes = gzip(Array(text[..<Int.random(in: 0..<3000, using: &generator)]))
        for _ in 0..<Int.random(in: 0..<3, using: &generator) {
            bytes[Int.random(in: 2..<bytes.count, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
        }
        let outcomes = Self.libraries.map { library in
            Result { try inflate(bytes, by: library, piece: Int.random(in: 1...500, using: &generator)).bytes }
        }
        for outcome in outcomes {
            #expect((try? outcome.get()) == (try? outcomes[0].get()), "seed \(seed)")
        }
    }
}
