import TestRandom
import Testing
import URLCoding

@Suite struct PercentCodingTests {
    @Test(
        "a key in an event is form URL decoded",
        arguments: [
            ("raw/beer/a+b.csv.gz", "raw/beer/a b.csv.gz"), ("a%2Bb%25c", "a+b%c"), ("%E2%82%AC%c3%a9", "€é"),
            ("plain", "plain"), ("%F0%9F%8D%BA", "🍺"), ("", ""),
        ])
    func formURLDecoding(encoded: String, decoded: String) {
        #expect(String(formURLDecoding: encoded) == decoded)
    }

    @Test(
        "broken escapes and invalid UTF-8 are refused",
        arguments: ["%", "%4", "%zz", "%FF", "a%C3", "%C3%28", "%+1", "%%41"])
    func invalidEscapes(encoded: String) {
        #expect(String(formURLDecoding: encoded) == nil)
        #expect(String(percentDecoding: encoded) == nil)
    }

    @Test("a plus is a space in a form only") func plus() {
        #expect(String(percentDecoding: "a+b%20c") == "a+b c")
        #expect(String(formURLDecoding: "a+b%20c") == "a b c")
    }

    @Test("every byte but the unreserved ones is percent-encoded") func percentEncoding() {
        #expect("aZ09-._~ /+é%".percentEncoded() == "aZ09-._~%20%2F%2B%C3%A9%25")
        #expect("/a b/c".percentEncoded(keeping: .path) == "/a%20b/c")
        #expect("a~b!".percentEncoded(keeping: .unreserved.adding("!").removing("~")) == "a%7Eb!")
    }

    @Test("a set has the characters it was made of, and no byte of another alphabet") func byteSets() {
        let set = URLByteSet("\u{0}a\u{7F}")
        #expect((UInt8.min...UInt8.max).filter { set.contains($0) } == [0x00, 0x61, 0x7F])
        #expect((UInt8.min...UInt8.max).filter { URLByteSet.unreserved.contains($0) }.count == 66)
    }

    @Test("any text encoded with any set that keeps no percent sign reads back") func roundTrips() {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let sets = [URLByteSet(""), .unreserved, .path, .path.adding("!$&'()*,;=:@"), .unreserved.removing("~")]
        for _ in 0..<500 {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                let limit = Bool.random(using: &random) ? 0x7F : 0x10FFFF
                scalars.append(Unicode.Scalar(UInt32.random(in: 0...UInt32(limit), using: &random)) ?? "\u{FFFD}")
            }
            let text = String(scalars)
            for set in sets {
                let encoded = text.percentEncoded(keeping: set)
                #expect(String(percentDecoding: encoded) == text, "seed \(seed): \(encoded)")
                #expect(String(formURLDecoding: encoded) == text, "seed \(seed): \(encoded)")
                #expect(encoded.utf8.allSatisfy { set.contains($0) || "%0123456789ABCDEF".utf8.contains($0) })
            }
        }
    }
}
