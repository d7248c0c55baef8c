import Testing

@testable import AWSClient

@Suite struct XMLElementTests {
    @Test("names, text, nesting, entities and CDATA are read") func wellFormed() {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?><!-- c -->
            <a:root xmlns:a='x>y' b = "/"><k>1 &lt;&amp;&gt;&quot;&apos;&#233;&#x1F37A;</k><!-- < --><e/><e a="1"/>
            <c><![CDATA[<&]]>]</c></a:root>
            """
        let root = XMLElement(parsing: Array(text.utf8))
        #expect(root?.name == "root")
        #expect(root?["k"]?.text == "1 <&>\"'é🍺")
        #expect(root?.all("e").count == 2)
        #expect(root?["c"]?.text == "<&]")
    }

    @Test(
        "text that is not one well-formed element is refused",
        arguments: [
            "", "text", "<a>", "<a></b>", "<a><b></a></b>", "<a>&nix;</a>", "<a>&</a>", "<a/><b/>", "<a b=\"></a>",
            "<a",
            "<!-- <a/>", "<a><![CDATA[</a>", "<>x</>",
        ])
    func malformed(text: String) {
        #expect(XMLElement(parsing: Array(text.utf8)) == nil)
    }

    @Test("deep nesting is refused and does not crash") func deepNesting() {
        #expect(XMLElement(parsing: Array(String(repeating: "<a>", count: 100_000).utf8)) == nil)
    }

    @Test("escaped text reads back") func escaping() {
        let text = "a<b>&\"c'"
        #expect(XMLElement(parsing: Array("<t>\(xmlEscaped(text))</t>".utf8))?.text == text)
    }
}
