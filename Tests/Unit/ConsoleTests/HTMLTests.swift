import JSON
import Testing

@testable import Console

/// Rows, keys and log lines are hostile.
@Suite struct HTMLTests {
    @Test("a value in a page cannot leave its element or its attribute")
    func escaping() {
        let hostile = "<script>alert(\"1\")</script>' onload='x&y"
        let html: HTML = "<a title=\"\(hostile)\" data-x='\(hostile)'>\(hostile)</a>"
        #expect(!html.text.contains("<script"))
        #expect(!html.text.contains("' onload"))
        #expect(html.text.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39; onload=&#39;x&amp;y"))
    }

    @Test("control characters and marks of direction are shown, and have no effect")
    func controls() {
        #expect(HTML.escaped("a\u{0}b\u{1B}[31m\u{202E}c\u{2066}") == "a\u{FFFD}b\u{FFFD}[31m\u{FFFD}c\u{FFFD}")
        #expect(HTML.escaped("a\tb\nc é 日本") == "a\tb\nc é 日本")
    }

    @Test("markup in markup is not escaped again")
    func nesting() {
        let cells: [HTML] = ["<b>\("<")</b>", "<i>1</i>"]
        #expect(("<p>\(cells)</p>" as HTML).text == "<p><b>&lt;</b><i>1</i></p>")
    }

    @Test("numbers, sizes and times are written as people read them")
    func quantities() {
        #expect(Shown.count(1_234_567) == "1,234,567")
        #expect(Shown.count(nil) == "–")
        #expect(Shown.bytes(999) == "999 B")
        #expect(Shown.bytes(1_250_000) == "1.3 MB")
        #expect(Shown.duration(950) == "950 ms")
        #expect(Shown.duration(61_000) == "1 min 1 s")
        #expect(Shown.measured(JSONNumber(8.080808080808081).map(JSON.number)) == "8.08")
        #expect(Shown.measured(198) == "198" && Shown.measured("none") == "none" && Shown.measured(nil) == "–")
        #expect(Shown.pretty(#"{"a":[1,{}]}"#) == "{\n  \"a\": [\n    1,\n    {}\n  ]\n}")
        #expect(Shown.pretty("no JSON") == "no JSON")
    }
}
