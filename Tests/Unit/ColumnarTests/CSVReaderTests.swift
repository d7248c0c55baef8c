import Contracts
import Testing

@testable import Columnar

private func advice(_ delimiter: String) -> String {
    "let the contract say so with the custom property 'csvDelimiter: \(delimiter)', or separate all fields as the contract says"
}

private let noHeader =
    "add the header row, correct it, or let the contract say that there is none with the custom property 'csvHeader: absent'"

private let data =
    "it looks like a row of data; if the file has no header, let the contract say so with the custom property "
    + "'csvHeader: absent', or add the header row"

@Suite struct CSVReaderTests {
    private let orders: Contract

    init() throws {
        orders = try contract(columns: "id: bigint!", "name: string", "price: double")
    }

    /// The contract's own columns of each row.
    private func rows(_ text: String) throws -> [[String?]] {
        try readCSV(text, orders).rows.map { Array($0.prefix(3)) }
    }

    @Test("rows become typed columns, and each row of a batch file is an insert") func typedColumns() throws {
        let reading = try readCSV("id,name,price\n1,ale,2.5\n2,stout,3\n", orders)
        #expect(
            reading.rows == [
                ["1", "ale", "2.5", "insert"] + Array(repeating: nil, count: BronzeColumn.system.count - 1),
                ["2", "stout", "3.0", "insert"] + Array(repeating: nil, count: BronzeColumn.system.count - 1),
            ])
        #expect(reading.rejected.isEmpty)
    }

    @Test("rows after more blank lines than a batch holds are read") func manyBlankLines() throws {
        let text = "id,name,price\n" + String(repeating: "\n", count: 5000) + "1,ale,2.5\n"
        #expect(try readCSV(text.utf8, orders, batchBytes: 100).rows.map { $0[0] } == ["1"])
    }

    @Test("columns are read in any order, and optional columns may be absent") func columnOrder() throws {
        #expect(try rows("price,id,name\n2.5,1,ale\n") == [["1", "ale", "2.5"]])
        #expect(try rows("name,id\nale,1\n") == [["1", "ale", nil]])
    }

    @Test(
        "quotes, line endings and encodings are read as RFC 4180 defines them",
        arguments: [
            ("id,name,price\n1,\"a,b\",\n", "a,b"), ("id,name,price\n1,\"a\"\"b\",\n", "a\"b"),
            ("id,name,price\n1,\"a\nb\",\n", "a\nb"), ("id,name,price\n1,\"a\r\nb\",\n", "a\r\nb"),
            ("id,name,price\n1,\"\",\n", ""), ("id,name,price\n1,5\" nail,\n", "5\" nail"),
            ("id,name,price\n1,\"\"\"\",\n", "\""), ("\u{FEFF}id,name,price\n1,x,\n", "x"),
            ("id,name,price\r\n1,x,\r\n", "x"), ("id,name,price\n1,x,", "x"),
            ("\"id\",\"name\",price\n\"1\",x,\"\"\n", "x"),
            ("id,name,price\n1, x ,\n", " x "), ("id,name,price\n1,\"a\rb\",\n", "a\rb"),
            ("id,name,price\n1,葉山ビール,\n", "葉山ビール"),
        ])
    func rfc4180(text: String, name: String) throws {
        #expect(try rows(text) == [["1", name, nil]])
    }

    @Test("an empty field is null; a quoted empty field is null except in a text column") func emptyFields() throws {
        #expect(try rows("id,name,price\n1,,\n2,\"\",\"\"\n") == [["1", nil, nil], ["2", "", nil]])
    }

    @Test("blank lines are skipped, except in a file of a single column, where they are nulls")
    func blankLines() throws {
        #expect(try rows("id,name,price\n\n1,a,1\n\r\n\n2,b,2\n\n").count == 2)
        let single = try contract(columns: "name: string")
        #expect(try readCSV("name\na\n\nb\n", single).rows.map { $0[0] } == ["a", nil, "b"])
    }

    @Test("unknown columns are kept as JSON") func unknownColumns() throws {
        let reading = try readCSV("x,id,y\"y,z\n\"a\"\"\n\",1,,7\n,2,,\n", orders)
        #expect(reading.rows.map { $0.last ?? nil } == [#"{"x":"a\"\n","z":"7"}"#, nil])
    }

    @Test("change columns in the header are used, and an unknown operation is rejected") func changeColumns() throws {
        let text = "id,operation,_cdc_sequence\n1,delete,77\n2,,\n3,merge,1\n"
        let reading = try readCSV(text, orders)
        #expect(reading.rows.map { $0[3] } == ["delete", "insert"])
        #expect(reading.rows.map { $0[6] } == ["77", nil])
        #expect(reading.faults == ["4 unknown_operation"])
    }

    @Test(
        "a row that breaks the contract is rejected, and only that row",
        arguments: [
            ("1,a", "2 too_few_fields", nil), ("1,a,2,3", "2 too_many_fields", nil),
            ("x,a,2", "2 not_an_integer", "id: 'x' is not an integer"),
            ("9223372036854775808,a,2", "2 out_of_range", "id: '9223372036854775808' is outside"),
            (",a,2", "2 missing_value", "id: a value is required and missing"),
            ("1,a,abc", "2 not_a_number", "price: 'abc' is not a number"),
            ("1,\"a\"b,2", "2 misplaced_quote", "name: '\"a\"b' has text after its closing quote"),
        ] as [(String, String, String?)])
    func brokenRow(row: String, fault: String, message: String?) throws {
        let reading = try readCSV("id,name,price\n\(row)\n5,b,6\n", orders)
        #expect(reading.faults == [fault])
        #expect(reading.rows.map { Array($0.prefix(3)) } == [["5", "b", "6.0"]])
        #expect(reading.rejected[0].rawText == Array(row.utf8))
        #expect(reading.rejected[0].byteOffset == 14)
        if let message { #expect(reading.rejected[0].message.hasPrefix(message)) }
    }

    @Test("a row of invalid UTF-8 is rejected") func invalidUTF8() throws {
        var text = Array("id,name,price\n1,a".utf8)
        text += [0xFF] + Array("b,2\n2,é,3\n".utf8) + [0x33, 0x2C, 0xC3, 0x2C, 0x31, 0x0A] + Array("4,d,4\n".utf8)
        let reading = try readCSV(text, orders)
        #expect(reading.faults == ["2 invalid_utf8", "4 invalid_utf8"])
        #expect(reading.rows.map { $0[1] } == ["é", "d"])
    }

    @Test("lines and offsets are correct after quoted newlines and rejected rows") func linesAndOffsets() throws {
        let text = "id,name,price\n1,\"a\n\nb\",1\nx,c,1\n2,d,1\n3,\"e\nf\",y\n"
        let reading = try readCSV(text, orders)
        #expect(reading.faults == ["5 not_an_integer", "7 not_a_number"])
        #expect(reading.rejected.map(\.byteOffset) == [25, 37])
    }

    @Test("a row beyond the line limit is rejected without being held in memory") func lineLimit() throws {
        let long = String(repeating: "x", count: 300_000)
        for row in ["1,\(long),2", "1,\"\(long)\n\(long)\",2"] {
            let reading = try readCSV("id,name,price\n1,a,1\n\(row)\n2,b,2\n", orders, line: 1000)
            #expect(reading.faults == ["3 line_too_long"])
            #expect(reading.rows.count == 2)
            #expect(reading.rejected[0].rawText?.count ?? 0 <= RejectedRow.rawTextLimit)
            #expect(reading.rejected[0].rawText?.starts(with: "1,".utf8) == true)
        }
        let atLimit = try readCSV("id,name,price\n1,\(String(repeating: "y", count: 996)),2\n", orders, line: 1000)
        #expect(atLimit.rows.count == 1)
        let over = try readCSV(
            "id,name,price\n1,\(String(repeating: "y", count: 997)),2\r\n3,a,\r\n", orders, line: 1000)
        #expect(over.faults == ["2 line_too_long"])
        #expect(over.rows.count == 1)
    }

    @Test("a skipped row reports its full length", arguments: [("\n", 1, 7), ("\r\n", 64, 300), ("", 100, 256)])
    func skippedRowLength(ending: String, piece: Int, window: Int) throws {
        for length in [300_000, 300_001] {
            let row = "1,\(String(repeating: "x", count: length)),2"
            let text = "id,name,price\n\(row)\(ending)" + (ending.isEmpty ? "" : "2,b,2\n")
            let reading = try readCSV(text.utf8, orders, piece: piece, window: window, line: 1000)
            #expect(reading.rejected.map(\.rawLength) == [row.utf8.count])
        }
    }

    @Test(
        "a file that does not fit the table is an error",
        arguments: [
            ("", ColumnarError.emptyText), ("\n1,2\n", .emptyText),
            ("name,price\na,1\n", .missingColumns(["id"], header: ["name", "price"])),
            ("id,name,id\n1,a,2\n", .duplicateColumn("id")),
            (
                ",,\n",
                .badHeader(
                    reason:
                        "none of its 3 fields has a name; name them, or if this row is one of data, let the contract say so "
                        + "with the custom property 'csvHeader: absent'")
            ),
            ("id,\"na\"me\n", .badHeader(reason: "'\"na\"me' has text after its closing quote")),
            ("id,name,price\n1,a,1\n2,\"b,2\n3,c,3\n", .unterminatedQuote(line: 3, byte: 20)),
            ("id,\"name\n", .unterminatedQuote(line: 1, byte: 0)),
        ])
    func unreadableFiles(text: String, expected: ColumnarError) throws {
        #expect(throws: expected) { try readCSV(text, orders) }
    }

    @Test("a header beyond the line limit or of invalid UTF-8 is an error") func invalidHeaders() throws {
        #expect(throws: ColumnarError.headerTooLong(limit: 100)) {
            try readCSV(String(repeating: "a", count: 1000), orders, line: 100)
        }
        let long = Array((String(repeating: "a", count: 101) + ",id,name,price\n").utf8)
        for window in [16, 4096] {
            #expect(throws: ColumnarError.headerTooLong(limit: 100), "window \(window)") {
                try readCSV(long, orders, window: window, line: 100)
            }
        }
        #expect(throws: ColumnarError.headerNotUTF8) { try readCSV([0x69, 0xFF, 0x69, 0x0A], orders) }
    }

    @Test("a header of more than 10000 columns is an error") func headerColumnLimit() throws {
        let names = (0...10_000).map { "c\($0)" }.joined(separator: ",")
        #expect(throws: ColumnarError.badHeader(reason: "it has 10001 columns; at most 10000 are read")) {
            try readCSV("\(names)\n", orders)
        }
        #expect(throws: ColumnarError.self) { try readCSV(String(repeating: ",", count: 900_000) + "\n", orders) }
    }

    @Test("a header without rows is a table without rows") func headerOnly() throws {
        let reading = try readCSV("id,name,price\n", orders)
        #expect(reading.rows.isEmpty && reading.rejected.isEmpty)
    }

    @Test("batches end by rows and by bytes, however the text arrives") func batchLimits() throws {
        let text = "id,name,price\n" + (1...200).map { $0 % 7 == 0 ? "x,a,1\n" : "\($0),name\($0),1.5\n" }.joined()
        let whole = try readCSV(text.utf8, orders, batchRows: 30, batchBytes: 200)
        #expect(whole.batchSizes.reduce(0, +) == 200)
        #expect(whole.batchSizes.count > 10)
        for piece in [1, 2, 3, 7, 64, 1000] {
            for window in [64, 100, 4096] {
                let split = try readCSV(text.utf8, orders, piece: piece, window: window, batchRows: 30, batchBytes: 200)
                #expect(split.batchSizes == whole.batchSizes)
                #expect(split.rows == whole.rows)
                #expect(split.rejected == whole.rejected)
            }
        }
    }

    @Test("masked values appear in no row and no rejected row") func masking() throws {
        let people = try contract(
            columns: "id: bigint!", "email: string mask", "code: string hash", "note: string redact")
        let text = "id,email,code,note\n1,ann@example.org,x,secret\n2,,,\n3,ab,x,\"\"\nz,bob@example.org,q,secret\n"
        let reading = try readCSV(text, people, key: Array("key".utf8))
        #expect(reading.rows.map { $0[1] } == ["a*************g", nil, "**"])
        // Python: hmac.new(b"key", b"x", "sha256").hexdigest()
        #expect(reading.rows[0][2] == "4fc3b7eaf34d7e594a6f51d9517ba543abf41067b27587ffd82ba3584e4d3cdd")
        #expect(reading.rows[0][2] == reading.rows[2][2])
        #expect(reading.rows.map { $0[3] } == ["[redacted]", nil, "[redacted]"])
        #expect(reading.rejected.count == 1)
        #expect(reading.rejected[0].rawText == nil)
    }

    @Test("unknown fields are redacted in the rescued data of a contract that hides a column")
    func redactedUnknownFields() throws {
        let people = try contract(columns: "id: bigint!", "e_mail: string mask")
        func rescued(_ text: String) throws -> String? { try readCSV(text, people).rows[0].last ?? nil }
        let named = "{\"E-Mail\":\"[redacted]\",\"Note\":\"[redacted]\"}"
        #expect(try rescued("id,e_mail,E-Mail,Note\n1,a,ann@example.org,x\n") == named)
        // A name that is none may be a value.
        #expect(try rescued("id,e_mail,ann@example.org\n1,a,x\n") == "{\"field 3\":\"[redacted]\"}")
        // Without the hidden column, an unknown name may be what is left of its own.
        let numbered = "{\"field 2\":\"[redacted]\",\"field 3\":\"[redacted]\"}"
        #expect(try rescued("id,E-Mail,Note\n1,ann@example.org,x\n") == numbered)
    }

    @Test("one classified column hides the values of all in messages", arguments: ["internal", "public"])
    func classified(name: String) throws {
        let people = try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: draft,
                 schema: [{name: people, properties: [{name: id, logicalType: integer},
                   {name: note, logicalType: string, classification: \(name)}]}]}
                """, file: "c")
        let row = try readCSV("id,note,operation\nann,1,insert\n", people).rejected[0]
        #expect(row.message == (name == "public" ? "id: 'ann' is not an integer" : "id: the value is not an integer"))
        #expect((row.rawText == nil) == (name != "public") && row.rawLength == 12)
        let operation = try readCSV("id,note,operation\n1,a,ann\n", people).rejected[0].message
        #expect(operation.contains("ann") == (name == "public"))
    }

    @Test(
        "the error does not show a first row that is not a header if the contract masks",
        arguments: [
            "ann@example.org,7\n1,2\n", "ann@example.org,ann@example.org\n", "\"ann@example.org\"x,7\n",
        ])
    func hiddenHeader(text: String) throws {
        let people = try contract(columns: "id: bigint!", "email: string mask")
        let error = #expect(throws: ColumnarError.self) { try readCSV(text, people) }
        #expect(error?.description.contains("example") == false)
    }

    @Test(
        "a header without a column of a contract that hides one is an error that shows no name",
        arguments: ["7,ann@example.org\n8,bob@example.org\n", "iD;email\n7;ann@example.org\n"])
    func foreignHeader(text: String) throws {
        let people = try contract(columns: "id: bigint", "email: string mask")
        let error = #expect(throws: ColumnarError.self) { try readCSV(text, people) }
        #expect(error?.code == "BadHeader" && error?.description.contains("example") == false)
    }

    @Test(
        "a header that names no column is an error that says why",
        arguments: [
            ("id;email\n7;a\n", "its names are separated by semicolons; \(advice("semicolon"))"),
            ("x\tid\n7\ta\n", "its names are separated by tabs; \(advice("tab"))"),
            ("x,a\ny,b\n", "none of its 2 names is a column of the contract (x, a); \(noHeader)"),
            ("7,a\n8,b\n", "none of its 2 names is a column of the contract, and \(data)"),
        ])
    func foreignHeader(text: String, reason: String) throws {
        let people = try contract(columns: "id: bigint", "email: string")
        #expect(throws: ColumnarError.badHeader(reason: reason)) { try readCSV(text, people) }
    }

    /// The beginnings of files that are no tables, and how messages name these.
    private static let foreignFiles: [(bytes: [UInt8], kind: String)] = [
        ([0x1F, 0x8B, 0x08, 0x00], "gzip"), ([0x28, 0xB5, 0x2F, 0xFD], "Zstandard"),
        (text("PK\u{3}\u{4}"), "zip"), (text("PK\u{3}\u{4}  [Content_Types].xml"), "Excel"), (text("PAR1"), "Parquet"),
        (text(" <!DOCTYPE html>"), "HTML"), (text("<html><body>"), "HTML"), (text("<?xml version='1.0'?>"), "XML"),
        (text("[ {\"id\":1}]"), "JSON"), (text("BZh9"), "bzip2"), (text("Obj\u{1}"), "Avro"), (text("%PDF-1.7"), "PDF"),
        ([UInt8](repeating: 0x61, count: 257) + text("ustar"), "tar"),
    ]

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("a file that is no text is an error that says what it seems to be", arguments: foreignFiles)
    func otherFiles(bytes: [UInt8], kind: String) throws {
        let error = #expect(throws: ColumnarError.self) { try readCSV(bytes + Array("id,name\n".utf8), orders) }
        #expect(
            error?.code == "ForeignFile" && error?.description.contains(kind) == true, "\(String(describing: error))")
        guard kind != "JSON", bytes.allSatisfy({ $0 < 0x80 }) else { return }
        let inJSON = #expect(throws: ColumnarError.self) {
            try readJSON(String(decoding: bytes, as: UTF8.self) + "{\"id\":1}\n", orders)
        }
        #expect(inJSON?.code == "ForeignFile" && inJSON?.description.contains(kind) == true)
    }

    @Test("a return alone outside quotes breaks its row, also in a file of one column, and inside quotes it is text")
    func returnsInFields() throws {
        let reading = try readCSV("id,name,price\n1,a\rb,1\n2,\"a\rb\",2\r\n3,c,\r4\n5,d,5\r\n", orders)
        #expect(reading.faults == ["2 misplaced_return", "4 misplaced_return"])
        #expect(reading.rejected[1].message.hasPrefix("field 3 has a carriage return outside quotes"))
        #expect(reading.rows.map { $0[0] } == ["2", "5"] && reading.rows[0][1] == "a\rb")
        let names = try readCSV("name\na\rb\rc\nd\r\n", try contract(columns: "name: string"))
        #expect(names.faults == ["2 misplaced_return"] && names.rows.map { $0[0] } == ["d"])
        // In a long run of regular rows, it is found too.
        let many = (0..<5_000).map { "\($0),x\($0 == 4_321 ? "\r" : "")y,1\n" }.joined()
        let found = try readCSV(Array(("id,name,price\n" + many).utf8), orders, window: 1 << 18)
        #expect(found.faults == ["4323 misplaced_return"] && found.rows.count == 4_999)
    }

    @Test("names may differ in case and in spaces around them, as long as only one field can be meant")
    func foldedNames() throws {
        let reading = try readCSV("Name , ID,x\na,1,y\n", orders)
        #expect(reading.rows.map { $0[0] } == ["1"] && reading.rows[0][1] == "a")
        // The field of the very name is the column.
        let exact = try readCSV("ID,id,name\n7,1,a\n", orders)
        #expect(exact.rows.map { $0[0] } == ["1"])
        #expect(throws: ColumnarError.self) { try readCSV("ID, id ,name\n7,1,a\n", orders) }
    }

    @Test("a missing column names the one that differs in case or spaces only, or the line that Excel adds")
    func nearlyRightHeaders() throws {
        for (text, advice) in [
            ("ID, id ,price\n1,a,1\n", "'ID' and ' id ' could both be the column 'id'"),
            ("id,Price,price \n1,2,3\n", "'Price' and 'price ' could both be the column 'price'"),
            ("sep=;\nid;name\n", "one that Excel writes for itself"),
        ] {
            let error = #expect(throws: ColumnarError.self) { try readCSV(text, orders) }
            #expect(error?.description.contains(advice) == true, "\(error?.description ?? "")")
        }
        let other = #expect(throws: ColumnarError.self) { try readCSV("x,name\n1,a\n", orders) }
        #expect(other?.description.contains("differs") == false)
    }

    @Test("line ends may be carriage returns alone, but not beside others")
    func carriageReturns() throws {
        for text in ["id,name,price\r1,\"a\rb\",1\r2,b,2\r", "\u{FEFF}\"id\",name,price\r\"1\",\"a\rb\",1\r2,b,2"] {
            let reading = try readCSV(text, orders)
            #expect(reading.faults.isEmpty && reading.rows.map { $0[0] } == ["1", "2"])
            #expect(reading.rows[0][1] == "a\rb")
        }
        let error = #expect(throws: ColumnarError.self) { try readCSV("id,name\r1,a\r2,b\n", orders) }
        #expect(error?.description.contains("carriage return without a line feed; end each line with LF") == true)
        let mixed = try readCSV("id,name,price\n1,a,1\r2,b,2\n3,c,3\n", orders)
        #expect(mixed.faults == ["2 too_many_fields"] && mixed.rows.map { $0[0] } == ["3"])
        #expect(mixed.rejected[0].message.hasSuffix("a carriage return is in it: end each line with LF or CRLF"))
    }

    @Test("the column Op of a DMS file is the operation, unless the contract has one of that name")
    func operationsOfDMS() throws {
        let text = "Op,id,name,price\nI,1,a,1\nU,1,b,\nD,1,,\n,2,c,\nX,3,d,\n"
        let reading = try readCSV(text, try contract(columns: "id: bigint!", "name: string!", "price: double"))
        #expect(reading.rows.map { $0[3] } == ["insert", "update", "delete", "insert"])
        #expect(reading.rows.allSatisfy { $0.last == .some(nil) })
        #expect(reading.faults == ["6 unknown_operation"])
        let own = try readCSV("Op,id\nD,1\n", try contract(columns: "Op: string", "id: bigint!"))
        #expect(own.rows.map { Array($0.prefix(3)) } == [["D", "1", "insert"]])
        let later = try readCSV("id,Op\n1,D\n", orders)
        #expect(later.rows.map { $0.last ?? nil } == [#"{"Op":"D"}"#])
    }

    @Test("hashing without a masking key is an error that names the columns") func missingMaskingKey() throws {
        let people = try contract(columns: "id: bigint!", "email: string hash")
        #expect(throws: ColumnarError.missingMaskingKey(columns: ["email"])) { try readCSV("id,email\n", people) }
    }
}
