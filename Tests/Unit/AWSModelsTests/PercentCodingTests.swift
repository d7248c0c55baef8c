import AWSModels
import Testing

@Suite struct PercentCodingTests {
    @Test(arguments: [
        ("raw/beer/a+b.csv.gz", "raw/beer/a b.csv.gz"), ("a%2Bb%25c", "a+b%c"), ("%E2%82%AC%c3%a9", "€é"),
        ("plain", "plain"), ("%F0%9F%8D%BA", "🍺"),
    ])
    func aKeyFromAnEventIsFormURLDecoded(encoded: String, decoded: String) {
        #expect(String(formURLDecoding: encoded) == decoded)
    }

    @Test(arguments: ["%", "%4", "%zz", "%FF", "a%C3", "%C3%28"])
    func aBrokenEscapeAndBytesThatAreNotUTF8AreRefused(encoded: String) {
        #expect(String(formURLDecoding: encoded) == nil)
    }

    @Test func onlyUnreservedBytesStayAsTheyAre() {
        #expect("aZ09-._~ /+é%".percentEncoded() == "aZ09-._~%20%2F%2B%C3%A9%25")
        #expect("/a b/c".percentEncoded(keepingSlashes: true) == "/a%20b/c")
    }
}
