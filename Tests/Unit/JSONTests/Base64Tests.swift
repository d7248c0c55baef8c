import JSON
import Testing

@Suite struct Base64Tests {
    /// The test vectors of RFC 4648, section 10.
    @Test(
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func `the RFC's vectors encode and decode`(text: String, encoded: String) {
        #expect(text.utf8.base64 == encoded)
        #expect([UInt8](base64: encoded) == Array(text.utf8))
    }

    @Test func `every byte value survives at every alignment`() {
        for skipped in 0..<3 {
            let bytes = Array((UInt8.min...UInt8.max).dropFirst(skipped))
            #expect([UInt8](base64: bytes.base64) == bytes)
        }
    }

    @Test(arguments: ["A", "Zg=", "Zg", "Z===", "====", "Zm 9", "Zm9v\n", "Zg-_"])
    func `what is not padded base64 is refused`(text: String) {
        #expect([UInt8](base64: text) == nil)
    }
}
