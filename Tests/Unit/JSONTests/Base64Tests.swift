import JSON
import Testing

@Suite struct Base64Tests {
    /// The test vectors of RFC 4648, section 10.
    @Test(
        "RFC 4648's test vectors encode and decode",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func rfcVectors(text: String, encoded: String) {
        #expect(text.utf8.base64 == encoded)
        #expect([UInt8](base64: encoded) == Array(text.utf8))
    }

    @Test("every byte value survives a round trip at every alignment") func roundTrip() {
        for skipped in 0..<3 {
            let bytes = Array((UInt8.min...UInt8.max).dropFirst(skipped))
            #expect([UInt8](base64: bytes.base64) == bytes)
        }
    }

    @Test(
        "text that is not padded base64 is refused",
        arguments: ["A", "Zg=", "Zg", "Z===", "====", "Zm 9", "Zm9v\n", "Zg-_"])
    func invalidTexts(text: String) {
        #expect([UInt8](base64: text) == nil)
    }
}
