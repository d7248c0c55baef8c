import Testing

@testable import EmulatorCore

@Suite struct TextWriterTests {
    @Test("what is written is there, whether it fits the room that was made or not", arguments: [0, 64, 5000, 100_000])
    func capacity(_ capacity: Int) {
        let bytes = TextWriter.bytes(capacity: capacity) { text in
            for number in 0..<1000 {
                text.append(Int64(number))
                text.append(",")
            }
        }
        #expect(String(decoding: bytes, as: UTF8.self) == (0..<1000).map { "\($0)," }.joined())
    }

    @Test(
        "numbers are decimal, with zeros before them up to the width",
        arguments: [
            (0, 0, "0"), (0, 1, "0"), (7, 3, "007"), (1234, 3, "1234"), (-5, 0, "-5"),
            (.max, 20, "09223372036854775807"),
            (.min, 0, "-9223372036854775808"),
        ] as [(Int64, Int, String)])
    func numbers(_ number: Int64, _ width: Int, _ expected: String) {
        let bytes = TextWriter.bytes(capacity: 8) { $0.append(number, width: width) }
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test("base64 and JSON strings are written with what they need") func strings() {
        let bytes = TextWriter.bytes(capacity: 0) { text in
            text.append(base64: Array("Kölsch".utf8)[...])
            text.append(json: "a \"b\" \n Ä")
            text.append(json: "plain")
        }
        #expect(String(decoding: bytes, as: UTF8.self) == #"S8O2bHNjaA==""# + #"a \"b\" \n Ä""# + #""plain""#)
    }
}
