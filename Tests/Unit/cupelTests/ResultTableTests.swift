import Testing

@testable import cupel

@Suite struct ResultTableTests {
    private func column(_ name: String, _ type: String) -> AthenaClient.Column {
        AthenaClient.Column(name: name, type: type)
    }

    @Test("numbers are on the right, texts on the left; a wide text is cut to the terminal's width") func layout() {
        let columns = [column("id", "bigint"), column("name", "varchar"), column("abv", "double")]
        let rows: [[String?]] = [["7", String(repeating: "x", count: 100), "4.5"], ["12345", "ä\nb\u{1B}[31m", nil]]
        let table = ResultTable(columns, rows, width: 30)
        #expect(table.header == "   id  name                abv\n-----  ------------------  ---\n")
        #expect(table.line(of: rows[0]) == "    7  xxxxxxxxxxxxxxxxx…  4.5\n")
        #expect(table.line(of: rows[1]) == "12345  ä b [31m\n")
    }

    @Test("columns that do not fit side by side are written below each other") func upright() {
        let columns = (1...20).map { column("c\($0)", "varchar") }
        let table = ResultTable(columns, [columns.map { _ in "value" }], width: 80)
        #expect(table.header.isEmpty)
        #expect(table.line(of: columns.map { _ in "value" }).hasPrefix(" c1  value\n c2  value\n"))
    }
}
