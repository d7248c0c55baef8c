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
            ("csvQuote", "both"), ("csvQuote", "','"), ("csvEscape", "','"), ("csvComment", "','"), ("csvNull", "''"),
            ("csvNull", "NULL"), ("csvNull", "[NA, null]"),
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

    @Test("fields may stand in any quote, or in none; other quotes are text then, in values, messages and quarantine")
    func quotes() throws {
        let columns = """
            {name: id, logicalType: integer, required: true}, {name: "it's", logicalType: string},
            {name: note, logicalType: string, physicalType: json}
            """
        let single = try contract(["csvQuote": "single"], columns: columns)
        let text = """
            id,'it''s',note
            '1','a,"b",''c''','{"x": "y''z"}'
            2,"d",'["e"]'
            x"',f"g",
            4,'h
            i',
            5,'',''

            """
        let reading = try read(text, single)
        #expect(
            own(reading) == [
                ["1", #"a,"b",'c'"#, #"{"x":"y'z"}"#], ["2", #""d""#, #"["e"]"#], ["4", "h\ni", nil], ["5", "", nil],
            ])
        #expect(reading.rejected.map(\.message) == [#"id: 'x"'' is not an integer"#])
        #expect(reading.rejected.first?.rawText.map { String(decoding: $0, as: UTF8.self) } == #"x"',f"g","#)
        let none = try contract(["csvQuote": "none"])
        let unquoted = try read("id,name,note\n1,\"a,b\"\n2,'c',\"\n", none)
        #expect(own(unquoted) == [["1", "\"a", "b\""], ["2", "'c'", "\""]])
        let mark = try contract(["csvQuote": "'~'", "csvDelimiter": "bar"])
        #expect(own(try read("id|name|note\n~1~|~a|b~~~|\"c\n", mark)) == [["1", "a|b~", "\"c"]])
    }

    @Test("an escape may be any mark, and the usual ones are text then") func marksOfEscape() throws {
        let table = try contract(["csvEscape": "'^'", "csvQuote": "single"])
        let reading = try read("id,name,note\n1,'a^'b^^\\',c^,d\n2,\"e\",f\\\n", table)
        #expect(reading.faults.isEmpty)
        #expect(own(reading) == [["1", "a'b^\\", "c,d"], ["2", "\"e\"", "f\\"]])
        // An escape that is the quote itself is what doubles it.
        let doubled = try contract(["csvEscape": "'\"'"])
        #expect(own(try read("id,name,note\n1,\"a\"\"b\",\n", doubled)) == [["1", "a\"b", nil]])
    }

    @Test("texts that stand for nulls are nulls in every column, but in quotes only where it holds no text")
    func nulls() throws {
        let columns = """
            {name: id, logicalType: integer}, {name: name, logicalType: string},
            {name: price, logicalType: number, physicalType: 'decimal(9,2)'}
            """
        let table = try contract(
            ["csvNull": "['NULL', '-999', N/A, \"o'k\"]", "csvQuote": "single"], columns: columns)
        let reading = try read(
            "id,name,price\n-999,NULL,N/A\n'NULL','NULL','-999'\n1,null,-999.0\n2,N/A ,1\n3,o'k,2\n,,\n", table)
        #expect(reading.faults.isEmpty)
        #expect(
            own(reading) == [
                [nil, nil, nil], [nil, "NULL", nil], ["1", "null", "-99900"], ["2", "N/A ", "100"], ["3", nil, "200"],
                [nil, nil, nil],
            ])
        let hint = try readCSV("id,name,price\nNULL,a,1\n", try contract([:], columns: columns))
        #expect(hint.rejected.first?.message.contains("'csvNull'") == true)
    }

    @Test("long runs around nulls and quotes are read right") func manyNulls() throws {
        let table = try contract(["csvNull": "'NULL'", "csvQuote": "single"])
        let count = 20_000
        let lines = (0..<count).map { row in
            "\(row),\(row % 7 == 0 ? "NULL" : "'v\"\(row)'"),\(row % 5 == 0 ? "\"" : "n")\n"
        }
        let reading = try readCSV(("id,name,note\n" + lines.joined()).utf8, table, window: 256 << 10)
        #expect(reading.faults.isEmpty && reading.rows.count == count)
        for (row, values) in reading.rows.enumerated() {
            guard values[1] == (row % 7 == 0 ? nil : "v\"\(row)"), values[2] == (row % 5 == 0 ? "\"" : "n") else {
                Issue.record("row \(row) is \(values)")
                return
            }
        }
    }

    @Test("a field without a name is no column: it may be empty, and what is in it is kept as rescued data")
    func unnamedFields() throws {
        let trailing = try read("id,name,note,\n1,a,b,\n2,c,d,\r\n", try contract([:]))
        #expect(trailing.faults.isEmpty && own(trailing) == [["1", "a", "b"], ["2", "c", "d"]])
        #expect(trailing.rows.allSatisfy { $0.last == .some(nil) })
        // As programs write the numbers of rows.
        let numbered = try read(",id,name,note\n0,1,a,b\n", try contract([:]))
        #expect(own(numbered) == [["1", "a", "b"]])
        #expect(numbered.rows[0].last == "{\"field 1\":\"0\"}")
        let several = try read("id,,name,,\n1,,a,,\n", try contract([:]))
        #expect(own(several) == [["1", "a", nil]] && several.rows[0].last == .some(nil))
    }

    @Test("each row may end with a delimiter that the header lacks, if the first row does")
    func trailingDelimiters() throws {
        let whole = try read("id,name,note\n1,a,b,\n2,c,,\n3,d,e,x\n", try contract([:]))
        #expect(own(whole) == [["1", "a", "b"], ["2", "c", nil], ["3", "d", "e"]] && whole.faults.isEmpty)
        #expect(whole.rows.map { $0.last.flatMap { $0 } } == [nil, nil, "{\"field 4\":\"x\"}"])
        let returns = try read("id;name;note\r\n1;a;b;\r\n2;c;d;", try contract(["csvDelimiter": "semicolon"]))
        #expect(own(returns) == [["1", "a", "b"], ["2", "c", "d"]] && returns.faults.isEmpty)
        let headerless = try read("1,a,b,\n2,c,d,\n", try contract(["csvHeader": "absent"]))
        #expect(own(headerless) == [["1", "a", "b"], ["2", "c", "d"]] && headerless.faults.isEmpty)
        // One longer row is more likely to have a delimiter in a value.
        let ragged = try read("id,name,note\n1,a,b\n2,c, d,\n", try contract(["quarantineRows": "1"]))
        #expect(own(ragged) == [["1", "a", "b"]] && ragged.faults == ["3 too_many_fields"])
        let shorter = try read("id,name,note\n1,a,b,\n2,c,d\n", try contract(["quarantineRows": "1"]))
        #expect(own(shorter) == [["1", "a", "b"]] && shorter.rejected[0].message.contains("the first row has 4"))
        #expect(try read("id,name,note\n", try contract([:])).rows.isEmpty)
    }

    @Test("a header that is not looked at gives way to the contract's names, and must be as long")
    func positionalHeader() throws {
        let table = try contract(["csvHeader": "positional"])
        let reading = try read("Nummer,\"Na\nme\",Notiz\n1,a,b\nx,c,d\n", table)
        #expect(own(reading) == [["1", "a", "b"]] && reading.faults == ["4 not_an_integer"])
        #expect(try read("Op,A,B,C\nD,1,,\n", table).rows.first?[3] == "delete")
        let error = #expect(throws: ColumnarError.self) { try read("a,b\n1,2\n", table) }
        #expect(error.map { "\($0)" }?.contains("as many") == true)
    }

    @Test("what is probably wrong about a dialect is said, with the property that reads it") func advice() throws {
        let table = try contract([:])
        for (text, property) in [
            ("1,ann,x\n2,bob,y\n", "csvHeader: absent"), ("1,1,x\n2,bob,y\n", "csvHeader: absent"),
            (",ann,x\n", "csvHeader: absent"), ("ID;Name;Note\n1;a;b\n", "csvDelimiter: semicolon"),
        ] {
            let error = #expect(throws: ColumnarError.self) { try read(text, table) }
            #expect(error.map { "\($0)" }?.contains(property) == true, "\(text): \(String(describing: error))")
        }
        let escaped = try readCSV(
            "id,name,note\n1,\"a \\\"b\\\" c\",x\n2,\"a \\\"b, c\\\"\",x\n", table)
        #expect(escaped.rejected.count == 2)
        #expect(escaped.rejected.allSatisfy { $0.message.contains("csvEscape: backslash") }, "\(escaped.rejected)")
        let unnamed = try contract(["csvHeader": "absent"])
        let header = #expect(throws: ColumnarError.self) { try read("Name,NOTE,id\n", unnamed) }
        #expect(header.map { "\($0)" }?.contains("csvHeader: absent") == true)
    }
}
