import AWSModels
import Testing

@Suite struct PercentCodingTests {
    @Test(
        "a key in an event is form URL decoded",
        arguments: [
            ("raw/beer/a+b.csv.gz", "raw/beer/a b.csv.gz"), ("a%2Bb%25c", "a+b%c"), ("%E2%82%AC%c3%a9", "€é"),
            ("plain", "plain"), ("%F0%9F%8D%BA", "🍺"),
        ])
    func formURLDecoding(encoded: String, decoded: String) {
        #expect(String(formURLDecoding: encoded) == decoded)
    }

    @Test("broken escapes and invalid UTF-8 are refused", arguments: ["%", "%4", "%zz", "%FF", "a%C3", "%C3%28"])
    func invalidEscapes(encoded: String) {
        #expect(String(formURLDecoding: encoded) == nil)
    }

    @Test("every byte but the unreserved ones is percent-encoded") func percentEncoding() {
        #expect("aZ09-._~ /+é%".percentEncoded() == "aZ09-._~%20%2F%2B%C3%A9%25")
        #expect("/a b/c".percentEncoded(keepingSlashes: true) == "/a%20b/c")
    }
}
