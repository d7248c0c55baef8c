import DuckDB
import Iceberg
import Testing

@Suite struct DuckDBTextTests {
    @Test("every quote in a name and a text is doubled, also before a combining mark") func quotes() {
        #expect(DuckDBText.name(#"a"b"#) == #""a""b""#)
        #expect(DuckDBText.string("it's") == "'it''s'")
        // A quote and an accent are one character of Swift's.
        #expect(Array(DuckDBText.string("a'\u{301}b").unicodeScalars) == Array("'a''\u{301}b'".unicodeScalars))
        #expect(Array(DuckDBText.name("a\"\u{301}").unicodeScalars) == Array("\"a\"\"\u{301}\"".unicodeScalars))
    }

    @Test("a text with line breaks stays in one line") func lines() {
        #expect(DuckDBText.string("a\n.shell'x") == "('a' || chr(10) || '.shell''x')")
        #expect(DuckDBText.name("a\nb") == "\"ab\"")
    }

    @Test("types have DuckDB's names, also inside of others") func types() {
        let fields = [
            IcebergField(id: 1, name: "a\"b", type: .list(elementID: 2, element: .long, isRequired: false))
        ]
        #expect(IcebergType.structure(fields).duckDBName == #"STRUCT("a""b" BIGINT[])"#)
        #expect(IcebergType.decimal(precision: 10, scale: 2).duckDBName == "DECIMAL(10, 2)")
    }
}
