import Testing

@testable import Columnar

private func inflate(
    _ bytes: [UInt8], piece: Int = .max, buffer: Int = 1000, limits: InflateLimits = InflateLimits()
) throws -> (bytes: [UInt8], checksum: String?) {
    let source = InflatedSource(MemorySource(bytes, pieceSize: piece), limits: limits)
    var output: [UInt8] = []
    var room = [UInt8](repeating: 0, count: buffer)
    while true {
        let count = try room.withUnsafeMutableBytes { try source.read(into: $0) }
        guard count > 0 else { return (output, source.checksum()) }
        output += room[..<count]
    }
}

@Suite struct InflatedSourceTests {
    private let text = Array((0..<5000).map { "line \($0 * 7919 % 1000)\n" }.joined().utf8)

    @Test(arguments: [1, 2, 3, 10, 17, 1000, .max]) func `gzip comes out as it went in, in any pieces`(piece: Int)
        throws
    {
        for buffer in [1, 13, 100_000] where piece > 1 || buffer > 1 {
            #expect(try inflate(gzip(text), piece: piece, buffer: buffer).bytes == text)
        }
    }

    @Test(arguments: [1, 5, 100, .max]) func `members follow one another, empty ones too`(piece: Int) throws {
        let members = gzip(Array(text[..<1000])) + gzip([]) + gzip(Array(text[1000...]))
        #expect(try inflate(members, piece: piece).bytes == text)
    }

    @Test func `the checksum is that of the decompressed bytes`() throws {
        #expect(
            try inflate(gzip(Array("abc".utf8))).checksum
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(try inflate(gzip([])).bytes == [])
    }

    @Test func `every truncation is an error, and says where`() throws {
        let bytes = gzip(Array(text[..<300]))
        for length in 2..<bytes.count {
            let error = #expect(throws: ColumnarError.self) { try inflate(Array(bytes[..<length])) }
            #expect(error == .truncatedGzip(byte: length))
        }
    }

    @Test func `what is not gzip is told apart from what is damaged`() throws {
        #expect(throws: ColumnarError.emptyFile) { try inflate([]) }
        #expect(throws: ColumnarError.notGzip(byte: 0)) { try inflate([0x1F]) }
        #expect(throws: ColumnarError.notGzip(byte: 0)) { try inflate(Array("id,name\n1,ale\n".utf8)) }
        #expect(throws: ColumnarError.notGzip(byte: 0)) {
            try inflate(Array("PK\u{3}\u{4}abcdefghijklmnopqrstuv".utf8))
        }
        var bytes = gzip(text)
        bytes[bytes.count - 6] ^= 1
        #expect(throws: ColumnarError.wrongChecksum(byte: bytes.count)) { try inflate(bytes) }
        bytes[bytes.count - 6] ^= 1
        bytes[bytes.count - 2] ^= 1
        #expect(throws: ColumnarError.wrongChecksum(byte: bytes.count)) { try inflate(bytes) }
    }

    @Test func `damage inside never passes`() throws {
        let bytes = gzip(Array(text[..<2000]))
        for index in 10..<bytes.count {
            var damaged = bytes
            damaged[index] ^= 0x55
            #expect(throws: ColumnarError.self, "byte \(index)") { try inflate(damaged) }
        }
    }

    @Test(arguments: [1, 4, .max]) func `garbage behind the last member is an error at its first byte`(piece: Int)
        throws
    {
        let bytes = gzip(Array(text[..<100]))
        for garbage in [[0x00], [0x61, 0x62], Array("garbage and more of it, and more".utf8)] as [[UInt8]] {
            #expect(throws: ColumnarError.trailingGarbage(byte: bytes.count)) {
                try inflate(bytes + garbage, piece: piece)
            }
        }
    }

    @Test func `too many bytes, or far too many for the input, are an error`() throws {
        #expect(throws: ColumnarError.self) { try inflate(gzip(text), limits: InflateLimits(bytes: text.count - 1)) }
        #expect(try inflate(gzip(text), limits: InflateLimits(bytes: text.count)).bytes == text)
        let bomb = gzip([UInt8](repeating: 0x61, count: 80 << 20))
        let error = #expect(throws: ColumnarError.self) { try inflate(bomb, buffer: 1 << 20) }
        #expect(error?.code == "SuspiciousRatio")
    }
}
