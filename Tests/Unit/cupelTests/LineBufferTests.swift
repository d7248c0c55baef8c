import Testing

@testable import cupel

@Suite struct LineBufferTests {
    private func type(_ text: String, into buffer: inout LineBuffer) {
        for character in text { buffer.press(.character(character)) }
    }

    @Test("characters go where the cursor is, and keys cut what is before and behind it") func editing() {
        var buffer = LineBuffer()
        type("SELECT ä", into: &buffer)
        for _ in 0..<2 { buffer.press(.left) }
        type("!", into: &buffer)
        #expect(buffer.text == "SELECT! ä" && buffer.cursor == 7)
        buffer.press(.backspace)
        buffer.press(.delete)
        #expect(buffer.text == "SELECTä")
        buffer.press(.cutToEnd)
        type(" 1 ", into: &buffer)
        buffer.press(.cutWord)
        #expect(buffer.text == "SELECT ")
        buffer.press(.cutLine)
        buffer.press(.backspace)
        buffer.press(.left)
        #expect(buffer.text.isEmpty && buffer.cursor == 0)
    }

    @Test("the arrows find earlier lines, and the new one again; a line that is repeated is kept once") func history() {
        var buffer = LineBuffer(history: ["a", "b"])
        type("new", into: &buffer)
        buffer.press(.up)
        #expect(buffer.text == "b" && buffer.cursor == 1)
        buffer.press(.up)
        buffer.press(.up)
        #expect(buffer.text == "a")
        buffer.press(.down)
        buffer.press(.down)
        buffer.press(.down)
        #expect(buffer.text == "new")
        buffer.remember("c")
        buffer.remember("c")
        #expect(buffer.history == ["a", "b", "c"] && buffer.text.isEmpty)
    }
}

@Suite struct QueryPromptTests {
    @Test(
        "the history keeps a statement in one line that means the same, or not at all",
        arguments: [
            ("SELECT 1 -- one\n, 2;", "SELECT 1  , 2;"),
            ("SELECT '--a'\n/* b\nc */ FROM t;", "SELECT '--a' /* b c */ FROM t;"),
            ("SELECT 'a\nb';", nil), ("SELECT \"--\n\";", nil), ("\n SELECT 1;\n", "SELECT 1;"),
            ("SELECT 1; -- end", "SELECT 1;"),
        ] as [(String, String?)])
    func history(statement: String, line: String?) { #expect(QueryPrompt.line(statement) == line) }
}
