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

    @Test("indented text reads back as the same value") func indentedText() throws {
        let value: JSON = ["a": [1, [], ["b": nil]], "c": [:]]
        #expect(try JSON(parsing: value.indentedText) == value)
        #expect(value.indentedText.hasPrefix("{\n  \"a\": [\n    1,"))
    }
}
