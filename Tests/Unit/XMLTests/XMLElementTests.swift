import TestRandom
import Testing
import XML

@Suite struct XMLElementTests {
    @Test("names, text, nesting, references and CDATA are read") func wellFormed() throws {
        let text = """
            \u{FEFF}
              <?xml version="1.0" encoding="utf-8" standalone='yes'?><!-- c --><?style sheet?>
            <a:root xmlns:a='x>y' b = "/"><k>1 &lt;&amp;&gt;&quot;&apos;&#233;&#x1F37A;</k><!-- < --><e/><e a="1"/>
            <?i?><c><![CDATA[<&]]>]</c><é-1._ />x</a:root
            >\n<!----> <?end?>
            """
        let root = try XMLElement(parsing: text)
        #expect(root.name == "root" && root.attributes == ["b": "/"])
        #expect(root["k"]?.text == "1 <&>\"'é🍺")
        #expect(root.all("e").map(\.attributes) == [[:], ["a": "1"]])
        #expect(root["c"]?.text == "<&]")
        #expect(root.children.map(\.name) == ["k", "e", "e", "c", "é-1._"])
        #expect(root.text == "\nx")
    }

    @Test("an attribute is found by its name without the prefix, its white space as spaces") func attributes() throws {
        let text = """
            <Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type='Canonical&#x20;User' a="b
            \tc&#10;"/>
            """
        #expect(try XMLElement(parsing: text).attributes == ["type": "Canonical User", "a": "b  c\n"])
    }

    @Test("line ends become line feeds, unless they are references") func lineEnds() throws {
        #expect(try XMLElement(parsing: "<a>1\r\n2\r3\n4&#13;5<![CDATA[\r\n]]></a>").text == "1\n2\n3\n4\r5\n")
    }

    @Test(
        "text that is not one well-formed document is refused, at the byte that does not belong",
        arguments: [
            ("", 0), ("text", 0), ("<a>", 3), ("<a></b>", 5), ("<a><b></a></b>", 8), ("<a>&nix;</a>", 3),
            ("<a>&</a>", 3), ("<a/><b/>", 4), ("<a b=\"></a>", 7), ("<a", 2), ("<!-- <a/>", 9),
            ("<a><![CDATA[</a>", 16), ("<>x</>", 1), ("<a>&#0;</a>", 3), ("<a>&#xD800;</a>", 3), ("<a>&#+65;</a>", 3),
            ("<a>&#x110000;</a>", 3), ("<a>\u{1}</a>", 3), ("<a>]]></a>", 3), ("<!-- a -- b --><a/>", 9),
            ("<a b='1'c='2'/>", 8), ("<a b='1' b='2'/>", 10), ("<a b='<'/>", 6), ("<a b=1/>", 5), ("<1a/>", 1),
            ("<a:/>", 1), ("<a></a:a>", 5), ("<a><?xml version='1.0'?></a>", 5), ("<?xml?><a/>", 2),
            ("<?xml version='1.0' encoding='UTF-16'?><a/>", 39), ("<?xml encoding='UTF-8'?><a/>", 22),
            ("<a></a>x", 7), ("<a/ >", 2), ("< a/>", 1), ("<a></ a>", 5),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 0), ("<a><!ELEMENT b></a>", 4),
        ])
    func malformed(text: String, byte: Int) {
        let error = #expect(throws: XMLError.self) { try XMLElement(parsing: text) }
        #expect(error?.byte == byte)
    }

    @Test("bytes that are not UTF-8 are refused", arguments: [[0x3C, 0x61, 0x3E, 0xFF], [0x3C, 0xC3, 0x2F, 0x3E]])
    func notUTF8(bytes: [UInt8]) {
        #expect(throws: XMLError.self) { try XMLElement(parsing: bytes + Array("</a>".utf8)) }
    }

    @Test("elements nest 64 deep, and deeper nesting is refused and does not crash") func deepNesting() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        #expect(try XMLElement(parsing: nested(64)).name == "a")
        #expect(throws: XMLError.self) { try XMLElement(parsing: nested(65)) }
        #expect(throws: XMLError.self) { try XMLElement(parsing: String(repeating: "<a>", count: 100_000)) }
    }

    @Test("no document that was cut or changed by one byte crashes the parser") func damage() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let whole = Array(
            "<?xml version=\"1.0\"?><r a='1'>&lt;<b>é</b><!-- c --><![CDATA[x]]><?i j?><c d=\"&#65;\"/></r>".utf8)
        for length in 0..<whole.count {
            #expect(throws: XMLError.self, "\(length) bytes") { try XMLElement(parsing: Array(whole[..<length])) }
        }
        for _ in 0..<2000 {
            var bytes = whole
            let position = Int.random(in: 0..<bytes.count, using: &random)
            bytes[position] = "<>/&;?!-[]=\"' ax\u{0}".utf8.randomElement(using: &random) ?? 0xFF
            guard let element = try? XMLElement(parsing: bytes) else { continue }
            #expect(!element.name.isEmpty, "seed \(seed)")
        }
    }
}
