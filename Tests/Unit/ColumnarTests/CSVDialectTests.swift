import Contracts
import Testing

@testable import Columnar

/// CSV files in the dialects that a contract can describe.
@Suite struct CSVDialectTests {
    private static let columns = """
        {name: id, logicalType: integer, physicalType: bigint, required: true},
        {name: name, logicalType: string}, {name: note, logicalType: string}
        """

    private func contract(_ properties: [String: String], columns: String = columns) throws -> Contract {
        let custom = properties.map { "{property: \($0.key), value: \($0.value)}" }.joined(separator: ", ")
        return try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, customProperties: [\(custom)],
                 schema: [{name: t, properties: [\(columns)]}]}
                """, file: "fixture")
    }

    /// The rows as the contract's columns, whatever the pieces are in which the text comes.
    private func read(_ text: String, _ contract: Contract) throws -> Reading {
        var reading: Reading?
        for piece in [1, 3, 7, Int.max] {
            let next = try readCSV(text.utf8, contract, piece: piece)
            if let reading { #expect(reading.rows == next.rows && reading.faults == next.faults, "pieces of \(piece)") }
            reading = next
        }
        return try #require(reading)
    }

    private func own(_ reading: Reading) -> [[String?]] { reading.rows.map { Array($0.prefix(3)) } }

    @Test(
        "fields are separated as the contract says, and commas are text then",
        arguments: [("semicolon", ";"), ("tab", "\t"), ("bar", "|")])
    func delimiter(name: String, mark: String) throws {
        let text = ["id,name,note", "1,a|b;c\td,\"x,y\"", "2,\"q\"\"\(mark)\",", ""].map { line in
            // The commas between fields become marks; the others stay.
            line.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false).joined(separator: mark)
        }.joined(separator: "\n").replacing("a|b;c\td", with: "a,b")
        let reading = try read(text, try contract(["csvDelimiter": name]))
        #expect(reading.faults.isEmpty)
        #expect(own(reading) == [["1", "a,b", "x,y"], ["2", "q\"\(mark)", nil]])
    }

    @Test("a file with another delimiter than the contract's fails, and the message names the property")
    func otherDelimiter() throws {
        for (text, name, property) in [
            ("id;name;note\n1;a;b\n", "comma", "csvDelimiter: semicolon"),
            ("id,name,note\n1,a,b\n", "tab", "csvDelimiter: comma"),
        ] {
            let table = try contract(["csvDelimiter": name], columns: "{name: name, logicalType: string}")
            let error = #expect(throws: ColumnarError.self) { try read(text, table) }
            #expect(error.map { "\($0)" }?.contains(property) == true)
        }
    }

    @Test("without a header, fields are the contract's columns in their order, from the first line on")
    func noHeader() throws {
        let table = try contract(["csvHeader": "absent"])
        let reading = try read("1,a,b\n2,,\"\"\nx,c,d\n4,e\n", table)
        #expect(own(reading) == [["1", "a", "b"], ["2", nil, ""]])
        #expect(reading.faults == ["3 not_an_integer", "4 too_few_fields"])
        #expect(reading.rejected[1].message == "the row has 2 fields; the contract has 3")
        #expect(reading.rejected.map(\.byteOffset) == [12, 18])
        #expect(try read("", table).rows.isEmpty)
        #expect(own(try read("\u{FEFF}1,a,b", table)) == [["1", "a", "b"]])
    }

    @Test("without a header, a header fails the file") func unexpectedHeader() throws {
        let table = try contract(
            ["csvHeader": "absent"], columns: "{name: a, logicalType: string}, {name: b, logicalType: string}")
        let error = #expect(throws: ColumnarError.self) { try read("a,b\n1,2\n", table) }
        #expect(error.map { "\($0)" }?.contains("csvHeader: absent") == true)
        #expect(try read("a,c\n1,2\n", table).rows.count == 2)
    }

    @Test("without a header, DMS writes the operation before the columns") func operationOfDMS() throws {
        let reading = try read("I,1,a,b\nU,2,c,d\nD,3,,\n", try contract(["csvHeader": "absent"]))
        #expect(own(reading) == [["1", "a", "b"], ["2", "c", "d"], ["3", nil, nil]])
        #expect(reading.rows.map { $0[3] } == ["insert", "update", "delete"])
        #expect(try read("X,1,a,b\n", try contract(["csvHeader": "absent"])).faults == ["1 too_many_fields"])
    }

    @Test("behind a backslash, quotes, delimiters, newlines and backslashes are text; \\N alone is null")
    func escapes() throws {
        let table = try contract(["csvEscape": "backslash"])
        let text = #"""
            id,name,note
            1,"say \"hi\", \\ there",a\,b
            2,line one\
            line two,\N
            3,"doubled "" too","\\"
            4,C:\\dir\\,"C:\\"
            5,"two
            lines\"
            more",plain
            """#
        let reading = try read(text, table)
        #expect(reading.faults.isEmpty)
        #expect(
            own(reading) == [
                ["1", #"say "hi", \ there"#, "a,b"], ["2", "line one\nline two", nil], ["3", #"doubled " too"#, #"\"#],
                ["4", #"C:\dir\"#, #"C:\"#], ["5", "two\nlines\"\nmore", "plain"],
            ])
    }

    @Test("a backslash before a letter or digit is refused, on its line, and the rows around it are read")
    func badEscapes() throws {
        let table = try contract(["csvEscape": "backslash"])
        let reading = try read("id,name,note\n1,a,b\n2,\"x\\\ny\",C:\\dir\n3,\\0,a\n4,\"\\N\",\n5,ok,ok\n", table)
        #expect(own(reading) == [["1", "a", "b"], ["5", "ok", "ok"]])
        #expect(reading.faults == ["3 misplaced_escape", "5 misplaced_escape", "6 misplaced_escape"])
    }

    @Test("without the property, a backslash is text") func noEscapes() throws {
        let reading = try read("id,name,note\n1,C:\\dir\\,\\N\n", try contract([:]))
        #expect(own(reading) == [["1", #"C:\dir\"#, #"\N"#]])
    }

    @Test("rows with escapes are read right in any number, long ones too") func manyRows() throws {
        let table = try contract(["csvEscape": "backslash", "csvDelimiter": "bar"])
        let count = 20_000
        let lines = (0..<count).map { "\($0)|\"v\\\"\($0)\"|\(String(repeating: "\\|", count: $0 % 3))\n" }
        let reading = try readCSV(("id|name|note\n" + lines.joined()).utf8, table, window: 256 << 10)
        #expect(reading.faults.isEmpty && reading.rows.count == count)
        for (row, values) in reading.rows.enumerated() {
            let marks = String(repeating: "|", count: row % 3)
            guard values[0] == "\(row)", values[1] == "v\"\(row)", values[2] == (marks.isEmpty ? nil : marks) else {
                Issue.record("row \(row) is \(values)")
                return
            }
        }
        let long = "1|\"" + String(repeating: "\\\"\n", count: 200) + "\"|x\n2|b|c\n"
        let short = try readCSV(("id|name|note\n" + long).utf8, table, line: 100)
        #expect(short.faults == ["2 line_too_long"] && short.rows.map { $0[0] } == ["2"])
    }

    @Test("each property has its own values") func declaration() {
        for (name, value) in [
            ("csvHeader", "false"), ("csvDelimiter", "';;'"), ("csvDelimiter", "x"), ("csvComment", "'//'"),
            ("csvSkipLines", "-1"), ("csvEncoding", "ebcdic"), ("csvEscape", "none"),
        ] {
            #expect(throws: ContractError.self) { try contract([name: value]) }
        }
    }

    @Test("any mark may separate fields, lines before the header are left out, and so are comments outside quotes")
    func marksAndLines() throws {
        let text = "\u{FEFF}Report \"of\nMonday\n# none\nid^name^note\n1^a,b^\"x\n# y\"\n#2^no^no\n3^c^#d\n#"
        let table = try contract(["csvDelimiter": "'^'", "csvSkipLines": "2", "csvComment": "'#'"])
        let reading = try read(text, table)
        #expect(reading.faults.isEmpty)
        #expect(own(reading) == [["1", "a,b", "x\n# y"], ["3", "c", "#d"]])
    }
}
