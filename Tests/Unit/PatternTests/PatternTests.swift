import Pattern
import TestRandom
import Testing

@Suite struct PatternTests {
    private func matches(_ pattern: String, _ text: String) throws -> Bool {
        var matcher = PatternMatcher(try Pattern(pattern))
        return matcher.matches(text)
    }

    static let cases: [(pattern: String, yes: [String], no: [String])] = [
        ("", ["", "x"], []),
        ("abc", ["abc", "xabcx"], ["ab", "acb", ""]),
        ("^abc$", ["abc"], ["abcx", "xabc", "abc\n", ""]),
        ("^$", [""], ["x"]),
        ("^a|b$", ["ax", "xb"], ["xa", "bx"]),
        ("^[A-Z]{2}$", ["DE"], ["D", "DEU", "de", "ÄÖ"]),
        ("^[A-Z]{2,}$", ["DE", "DEU"], ["D"]),
        ("^[A-Z]{2,3}$", ["DE", "DEU"], ["D", "ABCD"]),
        ("^[^0-9]+$", ["abc", "äöü東京"], ["", "a1"]),
        ("^.$", ["a", "ä", "東", "😀"], ["", "ab", "\n", "\u{2028}"]),
        ("^[ä-ü]$", ["ä", "ö", "ü"], ["a", "Ä", "ý"]),
        ("^[\\u4e00-\\u9fff]+$", ["東京"], ["とう", "a"]),
        ("^\\u{1F600}$", ["😀"], ["😁"]),
        ("^\\uD83D\\uDE00$", ["😀"], ["😁"]),
        ("^\\d{3}-\\d{4}$", ["555-1234"], ["555-123", "٥٥٥-١٢٣٤"]),
        ("^[\\w.+-]+@[\\w-]+\\.[a-z]{2,}$", ["ann.b+c@example.org"], ["ann@example", "@example.org"]),
        ("^\\S+\\s\\S+$", ["a b", "a\u{A0}b", "a\tb"], ["ab", "a  b"]),
        ("^(?:ab|a)(c|bcd)$", ["abc", "abcd", "abbcd", "ac"], ["abcdd", "a"]),
        ("^(?<year>\\d{4})-(0[1-9]|1[0-2])$", ["2026-02"], ["2026-13"]),
        ("^(a*)*$", ["", "aaa"], ["aab"]),
        ("^a+?b??$", ["a", "aab"], ["b"]),
        ("^[]$", [], ["", "a"]),
        ("^[^]$", ["a", "\n"], ["", "ab"]),
        ("^\\x41[\\]\\-\\b]\\.$", ["A].", "A-.", "A\u{8}."], ["Ab.", "A]x"]),
        ("^a{,3}$", ["a{,3}"], ["aa"]),
        ("^a{0}b$", ["b"], ["ab"]),
        ("^(a|b){2}c?$", ["ab", "bbc"], ["a", "abcc"]),
        ("[a-z]$", ["1a"], ["a1"]),
        ("\\$\\^", ["$^"], ["$"]),
    ]

    @Test("a pattern matches as ECMA-262 defines", arguments: cases)
    func ecma262(known: (pattern: String, yes: [String], no: [String])) throws {
        for text in known.yes {
            #expect(try matches(known.pattern, text), "\(known.pattern) on \(text.debugDescription)")
        }
        for text in known.no {
            #expect(try !matches(known.pattern, text), "\(known.pattern) on \(text.debugDescription)")
        }
    }

    @Test(
        "unsupported syntax is refused by name",
        arguments: [
            ("(?=a)", "look-ahead"), ("(?!a)b", "look-ahead"), ("(?<=a)b", "look-behind"), ("(?i)a", "flags"),
            ("(a)\\1", "back-reference"), ("\\bword", "boundary"), ("\\p{L}", "Unicode properties"),
            ("\\q", "not an escape sequence"),
            ("(a", "not closed"), ("a)", "without '('"), ("[a", "not closed"), ("*a", "nothing to repeat"),
            ("a**", "repeats a repetition"), ("^*a", "cannot be repeated"), ("[z-a]", "range"), ("[\\d-z]", "range"),
            ("a{3,2}", "the counts are reversed"), ("a{1001}", "1000 repetitions"), ("((a{1000}){1000})", "too large"),
            ("\\", "backslash"),
            ("\\xZ1", "hexadecimal"), ("\\uD800", "surrogate"), ("(?<name", "name is not closed"),
            (String(repeating: "(", count: 100), "nested"),
        ])
    func unsupportedSyntax(pattern: String, reason: String) throws {
        let error = #expect(throws: PatternError.self) { try Pattern(pattern) }
        #expect(error?.description.contains(reason) == true, "\(error.map(String.init(describing:)) ?? "")")
    }

    @Test("patterns that backtrack exponentially elsewhere take one step a byte") func noBacktracking() throws {
        for pattern in ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(x+x+)+y", "^(.*)*(.*)*(.*)*b$"] {
            let text = String(repeating: pattern.contains("x") ? "x" : "a", count: 100_000) + "!"
            #expect(try !matches(pattern, text))
        }
    }

    @Test("answers stay correct when states beyond the memory limit are discarded") func stateLimit() throws {
        // Whether the 13th character from the end is an a takes 2^13 states.
        var matcher = PatternMatcher(try Pattern("^[ab]*a[ab]{12}$"))
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let text = (0..<40).map { _ in Bool.random(using: &random) ? "a" : "b" }.joined()
            #expect(matcher.matches(text) == (text.dropLast(12).last == "a"), "seed 7: \(text)")
        }
    }

    @Test("random patterns match what Swift's own Regex matches") func randomPatterns() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let pattern = Self.pattern(depth: 3, &random)
            let referee = try Regex(pattern).matchingSemantics(.unicodeScalar)
            var matcher = PatternMatcher(try Pattern(pattern))
            for _ in 0..<20 {
                let text = (0..<Int.random(in: 0...8, using: &random))
                    .map { _ in ["a", "b", "ä", "東"].randomElement(using: &random)! }.joined()
                let isExpected = text.firstMatch(of: referee) != nil
                #expect(matcher.matches(text) == isExpected, "seed \(seed): \(pattern) on \(text)")
            }
        }
    }

    @Test("many texts at once match as each of them does") func manyTexts() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let patterns = (0..<100).map { _ in Self.pattern(depth: 3, &random) }
        // The last two patterns take more states than the kernel follows, and more than are kept.
        for pattern in patterns + ["^[a-z0-9]+@[a-z]+\\.[a-z]{2,}$", "^[A-Z]{2}$", "a[ab]{5}$", "^[ab]*a[ab]{12}$"] {
            var one = PatternMatcher(try Pattern(pattern))
            var many = one
            let texts = (0..<60).map { _ in
                (0..<Int.random(in: 0...20, using: &random))
                    .map { _ in ["a", "b", "A", "@", ".com", "ä", "東"].randomElement(using: &random)! }.joined()
            }
            var bytes: [UInt8] = []
            var offsets: [UInt32] = [0]
            for text in texts {
                bytes += text.utf8
                offsets.append(UInt32(bytes.count))
            }
            // Twice, since the second run uses the states that the first one cached.
            for _ in 0..<2 {
                var mismatches: [Int] = []
                bytes.withUnsafeBufferPointer { bytes in
                    offsets.withUnsafeBufferPointer { offsets in
                        var next = 0
                        while let index = many.firstMismatch(in: bytes, offsets: offsets, from: next) {
                            mismatches.append(index)
                            next = index + 1
                        }
                    }
                }
                #expect(mismatches == texts.indices.filter { !one.matches(texts[$0]) }, "seed \(seed): \(pattern)")
            }
        }
    }

    private static func pattern(depth: Int, _ random: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 4), using: &random) {
        case 0: "a"
        case 1: ["b", "ä", "東", "."].randomElement(using: &random)!
        case 2: ["[ab]", "[^a]", "[ä-東]", "[^ä]"].randomElement(using: &random)!
        case 3: ["[^ab]", "b", "\\d", "\\S"].randomElement(using: &random)!
        case 4: "(\(pattern(depth: depth - 1, &random))|\(pattern(depth: depth - 1, &random)))"
        case 5:
            "(?:\(pattern(depth: depth - 1, &random)))" + ["*", "+", "?", "{2}", "{1,3}", "{0,2}?"].randomElement(
                using: &random)!
        case 6: "^\(pattern(depth: depth - 1, &random))"
        case 7: "\(pattern(depth: depth - 1, &random))$"
        default: pattern(depth: depth - 1, &random) + pattern(depth: depth - 1, &random)
        }
    }
}
