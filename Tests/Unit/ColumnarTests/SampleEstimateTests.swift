import RawFile
import TestRandom
import Testing

@testable import Columnar

@Suite struct SampleEstimateTests {
    private func estimate(_ file: [UInt8], _ format: RawFormat, head: Int = 64 << 10) throws -> SampleEstimate {
        try SampleEstimate(
            head: Array(file.prefix(head)), compressedSize: file.count, trailer: Array(file.suffix(8)), format: format)
    }

    private func csv(rows: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: 7)
        let lines = (0..<rows).map { "\($0),\"a\nb \(UInt64.random(in: 0 ... .max, using: &generator))\",\($0 % 5)\n" }
        return Array(("id,name,n\n" + lines.joined()).utf8)
    }

    @Test("a file that fits into the sample is counted exactly") func exactCount() throws {
        let whole = try estimate(gzip(csv(rows: 300)), .csv)
        #expect(whole.recordCount == 300 && whole.isExact && whole.decompressedBytes == csv(rows: 300).count)
        #expect(try estimate(gzip(csv(rows: 300).dropLast()), .csv).recordCount == 300)
        #expect(try estimate(gzip(Array("{\"a\":1}\n\n{\"a\":2}".utf8)), .json).recordCount == 2)
        #expect(try estimate(gzip(Array("id\n".utf8)), .csv).recordCount == 0)
    }

    @Test("the estimate of a larger file is within a tenth", arguments: [10_000, 60_000])
    func estimateOfLargeFile(rows: Int) throws {
        let text = csv(rows: rows)
        let result = try estimate(gzip(text), .csv, head: 16 << 10)
        #expect(!result.isExact)
        #expect(result.decompressedBytes == text.count)
        #expect(abs(result.recordCount - rows) < rows / 10)
    }

    @Test("the length in the last member's trailer is not taken for the whole file's") func severalMembers() throws {
        let text = csv(rows: 30_000)
        let members = gzip(Array(text[..<(text.count - 500)])) + gzip(Array(text.suffix(500)))
        let result = try estimate(members, .csv, head: 16 << 10)
        #expect(abs(result.recordCount - 30_000) < 3_000)
    }

    @Test("a sample without a whole record counts one record") func longRecord() throws {
        var generator = SeededGenerator(seed: 3)
        let long = (0..<200_000).map { _ in UInt8.random(in: 0x61...0x7A, using: &generator) }
        let result = try estimate(gzip(Array("{\"a\":\"".utf8) + long + Array("\"}\n".utf8)), .json, head: 1000)
        #expect(result.recordCount == 1)
    }

    @Test("a file that is not gzip is an error") func notGzip() {
        #expect(throws: ColumnarError.notGzip(byte: 0)) { try estimate(Array("id,name\n1,a\n".utf8), .csv) }
        #expect(throws: ColumnarError.emptyFile) { try estimate([], .csv) }
    }
}
