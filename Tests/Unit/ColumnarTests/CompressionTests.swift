import CZstd
import Digest
import RawFile
import TestRandom
import Testing

@testable import Columnar

@Suite struct CompressionTests {
    private let text = Array((0..<20_000).map { "line \($0 * 7919 % 1000)\n" }.joined().utf8)

    /// One frame with a checksum.
    private func zstd(_ text: [UInt8]) throws -> [UInt8] {
        let context = try #require(ZSTD_createCCtx())
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        var frame = [UInt8](repeating: 0, count: ZSTD_compressBound(text.count))
        let count = ZSTD_compress2(context, &frame, frame.count, text, text.count)
        try #require(ZSTD_isError(count) == 0)
        return Array(frame[..<count])
    }

    private func read(
        _ file: [UInt8], _ compression: RawCompression, piece: Int = .max, buffer: Int = 1000,
        limits: InflateLimits = InflateLimits()
    ) throws -> (bytes: [UInt8], checksum: String?) {
        let source = compression.text(of: MemorySource(file, pieceSize: piece), limits: limits, hashing: .sha256)
        var output: [UInt8] = []
        var room = [UInt8](repeating: 0, count: buffer)
        while true {
            let count = try room.withUnsafeMutableBytes { try source.read(into: $0) }
            guard count > 0 else { return (output, source.checksum()) }
            output += room[..<count]
        }
    }

    @Test("a text reads the same in every compression and through every piece", arguments: [1, 7, 1000, .max])
    func anyPieces(piece: Int) throws {
        var digest = Digest(.sha256)
        text.withUnsafeBytes { digest.update($0) }
        let checksum = digest.finish().hexadecimal
        for (compression, file) in [(RawCompression.none, text), (.gzip, gzip(text)), (.zstd, try zstd(text))] {
            for buffer in [13, 100_000] {
                let result = try read(file, compression, piece: piece, buffer: buffer)
                #expect(result.bytes == text && result.checksum == checksum, "\(compression)")
            }
        }
    }

    @Test("consecutive Zstandard frames are joined, empty and skippable ones included", arguments: [1, 5, .max])
    func frames(piece: Int) throws {
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]
        let file = try zstd(Array(text[..<1000])) + zstd([]) + skippable + zstd(Array(text[1000...]))
        #expect(try read(file, .zstd, piece: piece).bytes == text)
    }

    @Test("every truncation of a Zstandard file is an error")
    func truncation() throws {
        let frame = try zstd(Array(text[..<300]))
        for length in 1..<frame.count {
            #expect(throws: ColumnarError.truncatedZstd(byte: length)) { try read(Array(frame[..<length]), .zstd) }
        }
    }

    @Test("a damaged Zstandard file is an error or, if the damage is outside the text, reads the same")
    func damage() throws {
        let frame = try zstd(Array(text[..<3000]))
        for position in frame.indices {
            var broken = frame
            broken[position] ^= 0xFF
            if let result = try? read(broken, .zstd) {
                #expect(result.bytes == Array(text[..<3000]), "byte \(position)")
            }
        }
    }

    @Test("text that is not compressed as its name says is an error that says so")
    func otherContent() throws {
        #expect(throws: ColumnarError.notZstd(byte: 0)) { try read(Array("id,name\n1,ale\n".utf8), .zstd) }
        let frame = try zstd(text)
        #expect(throws: ColumnarError.notZstd(byte: frame.count)) { try read(frame + Array("id,name\n".utf8), .zstd) }
        for compression in RawCompression.allCases {
            #expect(throws: ColumnarError.emptyFile) { try read([], compression) }
        }
    }

    @Test("limits hold for every compression")
    func limits() throws {
        let limits = InflateLimits(bytes: 1000)
        for (compression, file) in [(RawCompression.none, text), (.gzip, gzip(text)), (.zstd, try zstd(text))] {
            let error = #expect(throws: ColumnarError.self) { try read(file, compression, limits: limits) }
            #expect(error?.code == "TooLarge", "\(compression)")
        }
    }

    @Test("the records of a file are estimated from its front in every compression")
    func estimates() throws {
        var generator = SeededGenerator(seed: 5)
        let rows = (0..<40_000).map { "\($0),\(UInt64.random(in: 0...UInt64.max, using: &generator))\n" }.joined()
        let text = Array("id,number\n\(rows)".utf8)
        for (compression, file) in [(RawCompression.none, text), (.gzip, gzip(text)), (.zstd, try zstd(text))] {
            let estimate = try SampleEstimate(
                head: Array(file.prefix(64 << 10)), compressedSize: file.count, trailer: Array(file.suffix(4)),
                format: .csv, compression: compression)
            #expect(abs(estimate.recordCount - 40_000) < 4_000, "\(compression)")
        }
    }
}
