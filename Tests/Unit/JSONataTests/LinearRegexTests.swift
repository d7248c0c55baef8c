import Testing

@testable import JSONata

struct LinearRegexTests {
    /// The first match and its groups; nil in place of a group that took no part.
    private func match(_ pattern: String, _ text: String, flags: String = "") throws -> [String?]? {
        let regex = try LinearRegex(
            pattern, ignoresCase: flags.contains("i"), isMultiline: flags.contains("m"))
        let scalars = Array(text.unicodeScalars)
        let slots = RegexMatcher(regex.program).firstMatch(in: scalars.map(\.value), from: 0) { _ in }
        return slots.map { slots in
            stride(from: 0, to: slots.count, by: 2).map { slot in
                guard slots[slot] >= 0, slots[slot + 1] >= 0 else { return nil }
                var view = String.UnicodeScalarView()
                view.append(contentsOf: scalars[slots[slot]..<slots[slot + 1]])
                return String(view)
            }
        }
    }

    @Test(
        "the leftmost match wins, and of those the one that backtracking finds first",
        arguments: [
            ("a|ab", "xab", ["a"]), ("ab|a", "xab", ["ab"]), ("a+?", "aaa", ["a"]), ("a{2,3}", "aaaa", ["aaa"]),
            ("a{2,3}?", "aaaa", ["aa"]), ("(a+)(b+)?", "aac", ["aa", "aa", nil]), ("(?:x|(y))z", "yz", ["yz", "y"]),
            ("(a|b)*", "abab", ["abab", "b"]), ("(?<word>\\w+)-(\\d+)", "on ab-12", ["ab-12", "ab", "12"]),
            ("^\\s*$", "  ", ["  "]), ("[^,]+", ",,ab,c", ["ab"]), ("[a-c\\d-]+", "x-b2", ["-b2"]),
            ("\\bcat\\b", "concat cat", ["cat"]), ("\\Bcat", "concat", ["cat"]), ("\\u0041\\x42", "AB", ["AB"]),
            ("\\p{Lu}\\p{Ll}+", "xÄrger", ["Ärger"]), ("[\\]\\\\]", "a]", ["]"]), ("a{,2}", "a{,2}", ["a{,2}"]),
            (".", "\n😀", ["😀"]), ("[\\W]+", "ab!?", ["!?"]), ("x*", "y", [""]),
        ] as [(String, String, [String?])])
    func matches(pattern: String, text: String, expected: [String?]) throws {
        #expect(try match(pattern, text) == expected)
    }

    @Test("flags ignore case, and tie ^ and $ to lines")
    func flags() throws {
        #expect(try match("straße", "STRAßE", flags: "i") == ["STRAßE"])
        #expect(try match("[a-c]+", "xBC", flags: "i") == ["BC"])
        #expect(try match("^b$", "a\nb\nc") == nil)
        #expect(try match("^b$", "a\nb\nc", flags: "m") == ["b"])
    }

    @Test("a whole match leaves nothing over")
    func wholeMatch() throws {
        #expect(try LinearRegex("a|ab").matchesWhole("ab"))
        #expect(try !LinearRegex("a").matchesWhole("ab"))
        #expect(try !LinearRegex("b").matchesWhole("ab"))
    }

    @Test(
        "what no automaton decides is refused, and so are syntax errors",
        arguments: [
            "(a)\\1", "(?=a)", "(?!a)", "(?<=a)b", "(", ")", "[a", "*", "a**", "a{3,2}", "a{1001}", "[b-a]", "\\",
            "(((((a{30}){30}){30}){30}){30})", "\\p{Greek}",
        ])
    func refused(pattern: String) {
        #expect(throws: LinearRegexError.self) { try LinearRegex(pattern) }
    }
}
