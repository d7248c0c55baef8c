import JSON
import Testing

@Suite struct Base64Tests {
    /// The test vectors of RFC 4648, section 10.
    @Test(
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func theRFCsVectorsEncodeAndDecode(text: String, encoded: String) {
        #expect(text.utf8.base64 == encoded)
        #expect([UInt8](base64: encoded) == Array(text.utf8))
    }

    @Test func everyByteValueSurvivesAtEveryAlignment() {
        for skipped in 0..<3 {
            let bytes = Array((UInt8.min...UInt8.max).dropFirst(skipped))
            #expect([UInt8](base64: bytes.base64) == bytes)
        }
    }

    @Test(arguments: ["A", "Zg=", "Zg", "Z===", "====", "Zm 9", "Zm9v\n", "Zg-_"])
    func whatIsNotPaddedBase64IsRefused(text: String) {
        #expect([UInt8](base64: text) == nil)
    }
}
