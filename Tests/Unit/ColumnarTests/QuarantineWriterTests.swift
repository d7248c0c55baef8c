import JSON
import Testing

@testable import Columnar

@Suite struct QuarantineWriterTests {
    private func lines(_ rows: [RejectedRow]) throws -> [JSON] {
        var writer = QuarantineWriter()
        for row in rows { writer.append([row]) }
        var file = writer.takeOutput()
        file += writer.finish()
        let source = InflatedSource(MemorySource(file))
        var text = [UInt8](repeating: 0, count: 1 << 20)
        let count = try text.withUnsafeMutableBytes { try source.read(into: $0) }
        return try text[..<count].split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: Array($0)) }
    }

    @Test("each rejected row is one JSON object") func jsonLines() throws {
        let row = RejectedRow(
            line: 7, byteOffset: 123, column: "price", reason: .notANumber, message: "price: 'a\"b' is not a number",
            rawText: Array("1,\"a\"\"b\"\t\u{1}".utf8) + [0xFF], rawLength: 11)
        let masked = RejectedRow(
            line: 8, byteOffset: 140, column: nil, reason: .tooFewFields, message: "m", rawText: nil, rawLength: 3)
        let written = try lines([row, masked])
        #expect(
            written[0]
                == (try JSON(
                    parsing: """
                        {"line": 7, "byte_offset": 123, "column": "price", "reason": "not_a_number",
                         "message": "price: 'a\\"b' is not a number", "raw_text": "1,\\"a\\"\\"b\\"\\t\\u0001\u{FFFD}",
                         "raw_length": 11}
                        """)))
        #expect(
            written[1]
                == (try JSON(
                    parsing: """
                        {"line": 8, "byte_offset": 140, "column": null, "reason": "too_few_fields", "message": "m",
                         "raw_text": null, "raw_length": 3}
                        """)))
    }

    @Test("the same rows give the same bytes, and the gzip header has no time") func determinism() {
        func file() -> [UInt8] {
            var writer = QuarantineWriter()
            writer.append([
                RejectedRow(
                    line: 1, byteOffset: 0, column: nil, reason: .notJSON, message: "m", rawText: [0x61], rawLength: 1)
            ])
            return writer.finish()
        }
        #expect(file() == file())
        #expect(file()[4..<8] == [0, 0, 0, 0])
    }
}
