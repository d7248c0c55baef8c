import Testing

@testable import cupel

@Suite struct LayerNamesTests {
    private let layers = LayerNames(databases: ["silver": "dm_silver", "bronze": "x"])

    @Test(
        "a layer before a table's name is its database; in texts, comments and longer names it stays",
        arguments: [
            ("SELECT * FROM silver.beer b JOIN Bronze.beer", "SELECT * FROM dm_silver.beer b JOIN x.beer"),
            (
                "SELECT 'silver.beer', \"silver.x\" -- silver.beer\nFROM a.silver.b",
                "SELECT 'silver.beer', \"silver.x\" -- silver.beer\nFROM a.silver.b"
            ),
            ("SELECT silver FROM silvers.t /* silver.t */", "SELECT silver FROM silvers.t /* silver.t */"),
            ("SHOW TABLES IN silver", "SHOW TABLES IN dm_silver"), ("SELECT 'open silver.", "SELECT 'open silver."),
        ])
    func writing(statement: String, written: String) { #expect(layers.write(statement).text == written) }

    @Test("a place in Athena's message is one of the user's text") func places() {
        let written = layers.write("SELECT silver.a.b,\n silver.c.d, nope FROM silver.t")
        #expect(written.message("COLUMN_NOT_FOUND: line 2:17: Column") == "COLUMN_NOT_FOUND: line 2:14: Column")
        #expect(written.message("X: line 1:8: y") == "X: line 1:8: y")
        #expect(written.message("no place") == "no place")
    }
}
