import Contracts
import Testing

@testable import Columnar

func readJSON(
    _ text: some Sequence<UInt8>, _ contract: Contract, piece: Int = .max, window: Int = 256, line: Int = 1 << 20,
    batchRows: Int = 1 << 15, batchBytes: Int = 4 << 20, key: [UInt8]? = nil
) throws -> Reading {
    var limits = ReaderLimits(batchRows: batchRows, batchBytes: batchBytes, lineBytes: line)
    limits.windowBytes = window
    let source = MemorySource(Array(text), pieceSize: piece)
    return try Reading(try NDJSONReader(source, contract: contract, limits: limits), contract, key: key)
}

func readJSON(_ text: String, _ contract: Contract, line: Int = 1 << 20) throws -> Reading {
    try readJSON(text.utf8, contract, line: line)
}

@Suite struct NDJSONReaderTests {
    private let orders: Contract

    init() throws {
        orders = try contract(columns: "id: bigint!", "name: string", "price: double", "paid: boolean")
    }

    /// The contract's own columns of each row.
    private func rows(_ text: String) throws -> [[String?]] {
        try readJSON(text, orders).rows.map { Array($0.prefix(4)) }
    }

    @Test("a value that a later one replaces must still be valid JSON") func replacedValue() throws {
        let reading = try readJSON(#"{"id":1,"name":"\ud[","name":"ale"}"# + "\n" + #"{"id":2,"id":3}"#, orders)
        #expect(reading.faults == ["1 not_json"])
        #expect(reading.rows.map { $0[0] } == ["3"])
    }

    @Test("a rejected line is kept without its carriage return") func carriageReturn() throws {
        let lines = #"{"id":1,"paid":true}"# + "\r\n" + #"{"id":1e,"paid":true}"# + "\r\n"
        for text in [lines, String(lines.dropFirst(21))] {
            let row = try #require(try readJSON(text, orders).rejected.first)
            #expect(row.rawText == Array(#"{"id":1e,"paid":true}"#.utf8) && row.rawLength == 21)
        }
    }

    @Test("objects become typed columns") func typedColumns() throws {
        let text = """
            {"id":1,"name":"ale","price":2.5,"paid":true}
            {"id":2,"name":"","price":3,"paid":false}
            {"id":3,"name":null,"price":null,"paid":null}
            {"id":4}

            """
        #expect(
            try rows(text) == [
                ["1", "ale", "2.5", "true"], ["2", "", "3.0", "false"], ["3", nil, nil, nil], ["4", nil, nil, nil],
            ])
    }

    @Test(
        "keys are read in any order, spacing and spelling, and the last of a name wins",
        arguments: [
            #"{"price":2.5,"name":"ale","id":1}"#, #" { "id" : 1 , "name" : "ale" , "price" : 2.5 } "#,
            "{\"id\":1,\t\"name\":\"ale\",\"price\":2.5}\r", #"{"id":1,"name":"a\u006ce","price":25e-1}"#,
            #"{"i\u0064":1,"name":"ale","price":2.50}"#, #"{"id":9,"name":"x","price":2.5,"id":1,"name":"ale"}"#,
            #"{"id":"1","name":"ale","price":"2.5"}"#, "\u{FEFF}" + #"{"id":1,"name":"ale","price":2.5}"#,
        ])
    func keyOrder(line: String) throws {
        // Two lines, so that the reader reads the second by the shape of the first.
        let second = line.hasPrefix("\u{FEFF}") ? String(line.unicodeScalars.dropFirst()) : line
        let expected: [String?] = ["1", "ale", "2.5", nil]
        #expect(try rows(line + "\n" + second + "\n") == [expected, expected])
        #expect(try rows(line + "\n" + second) == [expected, expected])
    }

    @Test("a column whose name needs escapes is found") func escapedName() throws {
        let odd = try Contract(
            parsing: #"""
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, schema: [{name: t,
                 properties: [{name: 'a"b\c', logicalType: integer}, {name: d, logicalType: integer}]}]}
                """#, file: "fixture")
        let line = #"{"a\"b\\c":1,"d":2}"#
        let reading = try readJSON("\(line)\n\(line)\n{\"d\":3,\"e\":4}\n", odd)
        #expect(reading.rows.map { Array($0.prefix(2)) } == [["1", "2"], ["1", "2"], [nil, "3"]])
    }

    @Test("strings are unescaped") func unescaping() throws {
        let text = #"{"id":1,"name":"\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00\u0000"}"# + "\n"
        #expect(try rows(text)[0][1] == "\"\\/\u{8}\u{C}\n\r\té\u{e9}😀\u{0}")
    }

    @Test("a number in a text column is kept digit for digit") func numberAsText() throws {
        let text = #"{"id":1,"name":12345678901234567890.10}"# + "\n" + #"{"id":2,"name":true}"# + "\n"
        #expect(try rows(text).map { $0[1] } == ["12345678901234567890.10", "true"])
    }

    @Test("integers keep all 64 bits") func integers() throws {
        let text = "{\"id\":9223372036854775807}\n{\"id\":-9223372036854775808}\n{\"id\":-0}\n"
        #expect(try rows(text).map { $0[0] } == ["9223372036854775807", "-9223372036854775808", "0"])
    }

    @Test("unknown fields are kept as they are written") func unknownFields() throws {
        let text = """
            {"x":{"a":[1, 2.50,{"b":null}]},"id":1,"y":"z\\n"}
            {"id":2}
            {"id":3,"_rescued_data":"q","big":123456789012345678901234567890}

            """
        let rescued = try readJSON(text, orders).rows.map { $0.last ?? nil }
        #expect(
            rescued == [
                #"{"x":{"a":[1, 2.50,{"b":null}]},"y":"z\n"}"#, nil,
                #"{"_rescued_data":"q","big":123456789012345678901234567890}"#,
            ])
    }

    @Test("the change columns of a line are kept") func changeColumns() throws {
        let text = """
            {"id":1,"operation":"update","_cdc_timestamp":"2024-01-01T00:00:00Z","_cdc_transaction_id":77,"_cdc_sequence":"49590338271490256608559692538361571095921575989136588898"}
            {"id":2,"operation":null}
            {"id":3,"operation":"upsert"}
            {"id":4,"operation":"delete"}

            """
        let reading = try readJSON(text, orders)
        #expect(
            reading.rows.map { Array($0[4...7]) } == [
                ["update", "2024-01-01T00:00:00Z", "77", "49590338271490256608559692538361571095921575989136588898"],
                ["insert", nil, nil, nil], ["delete", nil, nil, nil],
            ])
        #expect(reading.faults == ["3 unknown_operation"])
    }

    @Test(
        "a broken line is rejected, and only that line",
        arguments: [
            ("garbage", "not_json"), ("{\"id\":1", "not_json"), ("{\"id\":1}}", "not_json"),
            ("{\"id\":1} x", "not_json"),
            ("{\"id\":1,}", "not_json"), ("{\"id\" 1}", "not_json"), ("{id:1}", "not_json"),
            ("{\"id\":01}", "not_json"),
            ("{\"id\":+1}", "not_json"), ("{\"id\":1.}", "not_json"), ("{\"id\":.5}", "not_json"),
            ("{\"id\":}", "not_json"), ("{\"id\":tru}", "not_json"), ("{\"id\":NaN}", "not_json"),
            ("{\"id\":1,\"name\":\"a\tb\"}", "not_json"), ("{\"id\":1,\"name\":\"\\x\"}", "not_json"),
            ("{\"id\":1,\"name\":\"\\u12\"}", "not_json"), ("{\"id\":1,\"name\":\"a}", "not_json"),
            ("{\"id\":1,\"z\":\"\\q\"}", "not_json"), ("{\"id\":1,\"z\":[1,]}", "not_json"),
            ("{\"id\":1,\"name\":nul}", "not_json"), ("{\"id\":1 \"name\":\"a\"}", "not_json"),
            ("[1,2]", "not_an_object"), ("5", "not_an_object"), ("\"x\"", "not_an_object"), ("null", "not_an_object"),
            ("{\"id\":{\"a\":1}}", "nested_value"), ("{\"id\":1,\"name\":[]}", "nested_value"),
            ("{}", "missing_value"), ("{\"id\":null}", "missing_value"), ("{\"name\":\"a\"}", "missing_value"),
            ("{\"id\":1.5}", "not_an_integer"), ("{\"id\":1e-3}", "not_an_integer"),
            ("{\"id\":\"a\"}", "not_an_integer"),
            ("{\"id\":\"\"}", "not_an_integer"), ("{\"id\":true}", "not_an_integer"),
            ("{\"id\":9223372036854775808}", "out_of_range"), ("{\"id\":1,\"price\":1e999}", "out_of_range"),
            ("{\"id\":1,\"price\":\"x\"}", "not_a_number"), ("{\"id\":1,\"paid\":2}", "not_a_boolean"),
            ("{\"id\":1,\"name\":\"\\ud800\"}", "invalid_utf8"),
            ("{\"id\":1,\"name\":\"\\ud800\\u0041\"}", "invalid_utf8"),
            ("{\"id\":1,\"name\":\"\\udc00\"}", "invalid_utf8"),
            (
                "{\"id\":1,\"z\":" + String(repeating: "[", count: 400) + String(repeating: "]", count: 400) + "}",
                "not_json"
            ),
        ])
    func brokenLine(line: String, reason: String) throws {
        let text = "{\"id\":1,\"name\":\"a\"}\n\(line)\n{\"id\":2,\"name\":\"b\"}\n"
        let reading = try readJSON(text.utf8, orders, window: 4096)
        #expect(reading.faults == ["2 \(reason)"], "\(reading.rejected.first?.message ?? "")")
        #expect(reading.rows.map { Array($0.prefix(2)) } == [["1", "a"], ["2", "b"]])
        #expect(reading.rejected.first?.rawText == Array(line.utf8))
        #expect(reading.rejected.first?.byteOffset == 20)
    }

    @Test("nesting at the limit is kept") func nestingLimit() throws {
        let nested = String(repeating: "[", count: 399) + String(repeating: "]", count: 399)
        let reading = try readJSON("{\"id\":1,\"z\":\(nested)}\n", orders)
        #expect(reading.rows[0].last == "{\"z\":\(nested)}")
    }

    @Test("a line of invalid UTF-8 is rejected") func invalidUTF8() throws {
        let text =
            Array("{\"id\":1,\"name\":\"é\"}\n{\"id\":2,\"name\":\"".utf8) + [0xFF] + Array("\"}\n{\"id\":3}\n".utf8)
        let reading = try readJSON(text, orders)
        #expect(reading.faults == ["2 invalid_utf8"])
        #expect(reading.rows.map { $0[0] } == ["1", "3"])
    }

    @Test("blank lines count as lines and not as rows") func blankLines() throws {
        let reading = try readJSON("\n{\"id\":1}\n\n  \t\n\r\n{\"id\":x}\n", orders)
        #expect(reading.rows.count == 1)
        #expect(reading.faults == ["6 not_json"])
    }

    @Test("a line beyond the limit is rejected without being held in memory") func lineLimit() throws {
        let long = String(repeating: "x", count: 300_000)
        let text = "{\"id\":1}\n{\"id\":2,\"name\":\"\(long)\"}\n{\"id\":3}\n{\"id\":y}\n"
        let reading = try readJSON(text, orders, line: 1000)
        #expect(reading.faults == ["2 line_too_long", "4 not_json"])
        #expect(reading.rows.map { $0[0] } == ["1", "3"])
        #expect(try readJSON(text.utf8, orders, window: 1 << 20, line: 1000).faults == reading.faults)
        let unended = try readJSON("{\"id\":1}\n\(long)", orders, line: 1000)
        #expect(unended.faults == ["2 line_too_long"])
    }

    @Test("a skipped line reports its full length", arguments: [("\n", 1), ("", 64)])
    func skippedLineLength(ending: String, piece: Int) throws {
        let line = "{\"id\":2,\"name\":\"\(String(repeating: "x", count: 300_000))\"}"
        let reading = try readJSON("{\"id\":1}\n\(line)\(ending)".utf8, orders, piece: piece, line: 1000)
        #expect(reading.rejected.map(\.rawLength) == [line.utf8.count])
    }

    @Test(
        "unknown fields are redacted in the rescued data of a contract that hides a column, and names that are none",
        arguments: [
            (#"{"id": 1, "E-Mail": "ann", "x": 1}"#, #"{"E-Mail":"[redacted]","x":"[redacted]"}"#),
            (#"{"id": 1, "E\u006dail": "ann"}"#, #"{"[redacted]":"[redacted]"}"#),
            (#"{"id": 1, "person": {"name": "a", "email" : "ann"}}"#, #"{"person":"[redacted]"}"#),
            (#"{"id": 1, "people": [{"em\u0061il": "ann"}]}"#, #"{"people":"[redacted]"}"#),
            (#"{"id": 1, "ann@example.org": 7, "email": "a"}"#, #"{"[redacted]":"[redacted]"}"#),
            (
                #"{"id": 1, "+49 30 123": 7, "ünit/a-1.b_2": null}"#,
                #"{"[redacted]":"[redacted]","ünit/a-1.b_2":"[redacted]"}"#
            ),
            (#"{"id": 1, "email": "ann", "email": "bob"}"#, #"{"email":"[redacted]"}"#),
        ])
    func maskedColumnName(line: String, rescued: String) throws {
        let people = try contract(columns: "id: bigint!", "email: string mask")
        // Even the names of unknown fields may be values.
        #expect(try readJSON(line + "\n", people).rows[0].last == rescued)
    }

    @Test("a file without text is an error") func emptyText() {
        #expect(throws: ColumnarError.emptyText) { try readJSON("", orders) }
    }

    @Test("a window boundary at any byte changes no row") func windowBoundaries() throws {
        let text = Array(
            """
            {"id":1,"name":"x\\"y","price":1.5}
            {"id":2,"name":"葉","price":null}

            {"id":3,"u":{"a":"\\n"},"name":"z"}
            nonsense
            {"price":-0.5,"id":4}
            """.utf8)
        let whole = try readJSON(text, orders, window: 4096)
        #expect(whole.rows.count == 4)
        for window in 1...text.count + 1 {
            let split = try readJSON(text, orders, piece: 1, window: window)
            #expect(split.rows == whole.rows, "window \(window)")
            #expect(split.rejected == whole.rejected, "window \(window)")
        }
    }

    @Test("batches end by rows and by bytes, however the text arrives") func batchLimits() throws {
        let text = (1...300).map { $0 % 7 == 0 ? "oops\n" : "{\"id\":\($0),\"name\":\"n\($0)\"}\n" }.joined()
        let whole = try readJSON(text.utf8, orders, batchRows: 30, batchBytes: 500)
        #expect(whole.batchSizes.reduce(0, +) == 300)
        for window in [64, 100, 4096] {
            let split = try readJSON(text.utf8, orders, piece: 7, window: window, batchRows: 30, batchBytes: 500)
            #expect(split.batchSizes == whole.batchSizes)
            #expect(split.rows == whole.rows)
            #expect(split.rejected == whole.rejected)
        }
    }

    @Test("an object over several lines after others on one line is rejected with the advice to write it on one")
    func latePrettyPrinted() throws {
        let reading = try readJSON("{\"id\":2}\n{\n  \"id\": 1,\n  \"name\": \"a\"\n}\n", orders)
        #expect(reading.rows.map { $0[0] } == ["2"])
        let messages = reading.rejected.map(\.message)
        #expect(messages.prefix(2).allSatisfy { $0.hasSuffix("write each object on one line") }, "\(messages)")
    }

    @Test(
        "a key that differs in case or spaces from a column is that column's, unless the object has the column's own key"
    )
    func foldedKeys() throws {
        let text = """
            {"ID":1," Name ":"a"}
            {"id":2,"Id":3,"NAME":"b"}
            {"ID":4,"id":5,"name":"c","Operation":"x"}
            {"id":6,"name":"d"}

            """
        let reading = try readJSON(text, orders)
        #expect(reading.faults.isEmpty)
        #expect(reading.rows.map { [$0[0], $0[1]] } == [["1", "a"], ["2", "b"], ["5", "c"], ["6", "d"]])
        let rescued = reading.rows.map { $0.last ?? nil }
        #expect(rescued == [nil, "{\"Id\":3}", "{\"id\":4,\"Operation\":\"x\"}", nil])
    }

    @Test("a file in which no key is a column fails; nulls, empty objects and operations alone are keys enough")
    func foreignKeys() throws {
        let table = try contract(columns: "id: bigint", "name: string")
        let error = #expect(throws: ColumnarError.self) { try readJSON("{\"key\":1}\n{\"key\":2,\"x\":3}\n", table) }
        #expect(error?.code == "NoKnownKey" && error?.description.contains("\"key\"") == true)
        let hidden = try contract(columns: "id: bigint", "name: string mask")
        let quiet = #expect(throws: ColumnarError.self) { try readJSON("{\"ann@example.org\":1}\n", hidden) }
        #expect(quiet?.description.contains("example") == false)
        for text in [
            "{\"key\":1}\n{\"id\":null}\n", "{}\n", "{\"operation\":\"truncate\"}\n", "{\"key\":1}\n{\"ID\":1}\n",
        ] {
            #expect(try readJSON(text, table).rows.count > 0, "\(text)")
        }
    }
}
