import TestRandom
import Testing
import XML

@Suite struct XMLWriterTests {
    @Test("elements, attributes and values are written in order") func document() {
        let writer = XMLWriter("Root", namespace: "http://a/?b&c") { document in
            document.element("Text", "a<b>&\"c'\u{1}\n")
            document.element("Count", 3)
            document.element("IsLast", false)
            document.element("Absent", ifPresent: nil)
            document.element("Present", ifPresent: "")
            document.element("Nested", attributes: [("x:type", "a\"\n")]) { $0.characters("t") }
        }
        #expect(
            String(decoding: writer.bytes, as: UTF8.self) == """
                <?xml version="1.0" encoding="UTF-8"?>
                <Root xmlns="http://a/?b&amp;c"><Text>a&lt;b&gt;&amp;&quot;c'&#x1;
                </Text><Count>3</Count><IsLast>false</IsLast><Present></Present>\
                <Nested x:type="a&quot;&#xa;">t</Nested></Root>
                """)
    }

    @Test("any text and any attribute read back") func roundTrips() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                let limit = Bool.random(using: &random) ? 0x7F : 0x10FFFF
                scalars.append(Unicode.Scalar(UInt32.random(in: 1...UInt32(limit), using: &random)) ?? "\u{FFFD}")
            }
            let text = String(scalars)
            let writer = XMLWriter("r") { document in
                document.element("t", text)
                document.element("a", attributes: [("v", text)]) { _ in }
            }
            let root = try XMLElement(parsing: writer.bytes)
            #expect(root["t"]?.text == text, "seed \(seed)")
            #expect(root["a"]?.attributes["v"] == text, "seed \(seed)")
        }
    }
}
