import JSON
import Testing

@Suite struct JSONTests {
    @Test(
        "a compact text is written as it was read",
        arguments: [
            "null", "true", "[]", "{}", "[1,2.50,-0,1E+10,123456789012345678901234567890]",
            #"{"b":1,"a":[{"c":null}]}"#,
            #""\"\\\n\t\u0001é😀""#,
        ])
    func roundTrip(text: String) throws {
        #expect(try JSON(parsing: text).text == text)
    }

    @Test("escapes are decoded, and surrogate pairs joined") func escapes() throws {
        #expect(try JSON(parsing: #""\u00e9\uD83D\uDE00\/\b\f""#) == .string("é😀/\u{8}\u{C}"))
    }

    @Test(
        "half of a surrogate pair is refused, at its backslash",
        arguments: [
            (#""\uD83D""#, 1), (#""a\uD83Dx\uDE00""#, 2), (#""\uD83D\u0041""#, 1), (#""é\uDE00""#, 3),
            (#""\uD83D\uDE00\uDE00""#, 13), (#"{"\uDE00":1}"#, 2),
        ])
    func halfSurrogatePairs(text: String, byte: Int) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error?.reason == "half of a surrogate pair" && error?.byte == byte)
    }

    @Test(
        "invalid JSON is refused at its first wrong byte",
        arguments: [
            ("", 0), ("[1,]", 3), ("{\"a\":1,}", 7), ("01", 0), ("1.", 2), ("-", 1), ("tru", 0), ("\"\u{1}\"", 1),
            ("[1 2]", 3),
            ("\"a", 2), ("1 x", 2), ("{a:1}", 1), ("\"\\x\"", 2), ("\"\\u12g4\"", 3),
        ])
    func invalidTexts(text: String, byte: Int) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error?.byte == byte)
    }

    @Test(
        "an error says what is wrong, and where",
        arguments: [
            ("", "expected a value before the end of the text at byte 0"),
            ("[1,]", "expected a value, not ']' at byte 3"), ("nul", "expected a value, not an unknown word at byte 0"),
            ("\u{FEFF}1", "expected a value, not a byte order mark at byte 0"),
            (" \u{7F}", "expected a value, not byte 0x7f at byte 1"), ("{1:2}", "expected a name in quotes at byte 1"),
            (#"{"a" 1}"#, "expected ':' after the name at byte 5"), ("[1 2]", "expected ',' or ']', not '2' at byte 3"),
            (#"{"a":1"#, "expected ',' or '}' before the end of the text at byte 6"),
            ("1 2", "expected the end of the text, not '2' at byte 2"), ("-x", "expected a digit at byte 1"),
            ("007", "expected no more digits after a leading 0 at byte 0"),
            ("\"a", #"expected '"' before the end of the text at byte 2"#),
            ("\"\n\"", "an unescaped control character at byte 1"), (#""\q""#, "unknown escape 'q' at byte 2"),
            (#""\u00""#, "expected four hexadecimal digits at byte 3"),
        ])
    func messages(text: String, message: String) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error?.description == "not JSON: \(message)")
    }

    @Test("a string of invalid UTF-8 is refused") func invalidUTF8() {
        #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
    }

    @Test("nesting beyond the limit is refused and does not crash") func nestingLimit() {
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
        #expect(throws: JSONError.self) { try JSON(parsing: deep) }
    }

    @Test("names that look the same are two names if their code points differ", arguments: [2, 40])
    func namesByCodePoint(count: Int) throws {
        var object = try #require(JSON(parsing: #"{"\u00e9":1,"e\u0301":2}"#).object)
        for number in 2..<count { object["k\(number)"] = .int(number) }
        #expect(object.count == count)
        #expect(object["\u{e9}"] == 1 && object["e\u{301}"] == 2)
    }

    @Test("a text is a number only if all of it is", arguments: ["", " 1", "1 ", "1,2", "+1", "0x1", "1e", "NaN"])
    func numbersOfText(text: String) {
        #expect(JSONNumber(text) == nil)
        #expect(JSONNumber("-1.50E+3")?.text == "-1.50E+3")
    }

    @Test("objects keep their order, compare without it, and keep the last of two equal names") func objects() throws {
        let object = try JSON(parsing: #"{"z":1,"a":2,"z":3}"#)
        #expect(object.text == #"{"z":3,"a":2}"#)
        #expect(object == ["a": 2, "z": 3])
        #expect(object.hashValue == (["a": 2, "z": 3] as JSON).hashValue)
    }

    @Test("members of large objects are found, replaced and removed") func largeObjects() {
        var object = JSONObject()
        for number in 0..<100 { object["k\(number)"] = .int(number) }
        object["k50"] = nil
        object["k99"] = "last"
        #expect(object.count == 99)
        #expect(object["k50"] == nil)
        #expect(object["k51"]?.int == 51)
        #expect(object["k99"] == "last")
    }

    @Test("a value is nil as another type, and has no members or elements of others") func otherTypes() {
        let values: [JSON] = [nil, true, 1, "a", [1], ["a": 1]]
        func present(_ read: (JSON) -> Bool) -> [Int] { values.indices.filter { read(values[$0]) } }
        #expect(present(\.isNull) == [0])
        #expect(present { $0.bool != nil } == [1])
        #expect(present { $0.number != nil } == [2] && present { $0.int != nil } == [2])
        #expect(present { $0.string != nil } == [3])
        #expect(present { $0.array != nil } == [4] && present { $0[0] != nil } == [4])
        #expect(present { $0.object != nil } == [5] && present { $0["a"] != nil } == [5])
        #expect(values[4][1] == nil && values[4][-1] == nil && values[5]["b"] == nil)
    }

    @Test("NaN and the infinities are not JSON numbers; every other double reads back")
    func doubles() {
        for value in [Double.nan, .infinity, -.infinity] { #expect(JSONNumber(value) == nil) }
        for value in [0, -0.0, 0.1, 1e300, .leastNonzeroMagnitude, .greatestFiniteMagnitude] {
            #expect(JSONNumber(value)?.double == value)
        }
    }

    @Test("every character is written so that it reads back, and control characters are escaped")
    func writtenCharacters() throws {
        let text = String(String.UnicodeScalarView((0...0x2FF).compactMap(UnicodeScalar.init)))
        let written = JSON.string(text).bytes
        #expect(written.allSatisfy { $0 >= 0x20 })
        #expect(try JSON(parsing: written) == .string(text))
    }

    @Test("indented text reads back as the same value") func indentedText() throws {
        let value: JSON = ["a": [1, [], ["b": nil]], "c": [:]]
        #expect(try JSON(parsing: value.indentedText) == value)
        #expect(value.indentedText.hasPrefix("{\n  \"a\": [\n    1,"))
    }
}
