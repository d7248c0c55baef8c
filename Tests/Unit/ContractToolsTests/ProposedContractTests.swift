import Columnar
import Columns
import Contracts
import Foundation
import JSON
import RawFile
import TestReferee
import Testing

@testable import ContractTools

/// Runs `body` with a new folder and removes the folder afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "contract-tools-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}

/// The contract that is proposed for a file with this name and text.
func proposal(_ text: String, name: String = "orders.csv", limits: ContractSample.Limits = .init()) throws -> String {
    try withTemporaryFolder { folder in
        let path = "\(folder)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: path))
        return try ProposedContract(try ContractSample(path: path, limits: limits), table: nil, path: path).text
    }
}

@Suite struct ProposedContractTests {
    /// The columns of the proposed contract as `name: type`, with `!` where required.
    private func columns(_ text: String, name: String = "orders.csv") throws -> [String] {
        let contract = try Contract(parsing: try proposal(text, name: name), file: "proposed")
        return contract.columns.map { "\($0.name): \($0.type)\($0.isRequired ? "!" : "")" }
    }

    /// Reads `text` with the contract proposed for it. No row may be rejected and no field rescued.
    private func expectReadable(_ text: String, name: String, rows: Int) throws {
        let contract = try Contract(parsing: try proposal(text, name: name), file: "proposed")
        let format = try #require(RawFileName("\(name).gz")?.format)
        let reader = try format.reader(of: MemorySource(Array(text.utf8)), contract: contract)
        var batch = RecordBatch(contract.bronzeColumns)
        var read = 0
        while try reader.read(into: &batch) {
            #expect(batch.rejected.map(\.message) == [])
            let rescued = try #require(batch.columns.first { $0.schema.name == BronzeColumn.rescuedData })
            #expect(rescued.leaves[0].values.count == 0)
            read += batch.rowCount
        }
        #expect(read == rows)
    }

    @Test("the delimiter of the header is proposed with the columns, and the file can be read by the proposal")
    func delimiters() throws {
        for (mark, name) in [(";", "semicolon"), ("\t", "tab"), ("|", "bar")] {
            let text = "id\(mark)\"a,b,c,d\"\(mark)name\n1\(mark)2,5\(mark)x\n"
            let proposed = try Contract(parsing: try proposal(text), file: "proposed")
            #expect(proposed.columns.map(\.name) == ["id", "a,b,c,d", "name"])
            #expect(CSVDialect.markName(proposed.dialect.delimiter) == name)
            try expectReadable(text, name: "orders.csv", rows: 1)
        }
        #expect(try Contract(parsing: try proposal("id,name\n1,a;b;c;d\n"), file: "proposed").dialect == .standard)
    }

    @Test("a column of midnights is one of timestamps, since later rows may have a time") func midnights() throws {
        #expect(try columns("at\n2024-01-01 00:00:00\n") == ["at: timestamp without time zone!"])
    }

    @Test(
        "the proposed type is the narrowest that accepts every value",
        arguments: [
            ("1\n-7\n9223372036854775807\n", "int64!"), ("1\n9223372036854775808\n", "decimal(20,0)!"),
            ("-1\n9223372036854775808\n", "decimal(38,0)!"), ("1.5\n2\n", "double!"), ("1.0\n2.0\n", "double!"),
            ("1e2\n3\n", "double!"), ("1e5\n.5\n", "double!"),
            ("12345678901234.567\n1\n", "decimal(38,3)!"), ("01234\n98765\n", "string!"), ("+1\n2\n", "string!"),
            ("0\n0.5\n-0.5\n", "double!"), ("true\nFALSE\n", "boolean!"), ("0\n1\n", "int64!"), ("y\nn\n", "string!"),
            ("2024-02-29\n1999-12-31\n", "date!"), ("2023-02-29\n", "string!"),
            ("2024-02-29T10:00:00Z\n2024-02-29 10:00:00.5+02:00\n", "timestamp!"),
            ("2024-02-29T10:00:00\n2024-02-29 10:00:00\n", "timestamp without time zone!"),
            ("2024-02-29T10:00:00\n2024-02-29T10:00:00Z\n", "timestamp!"),
            ("2024-02-29\n2024-02-29T10:00:00\n", "string!"),
            ("2024-02-29T10:00:00.1234567Z\n", "timestamp!"), ("10:00:00\n23:59:59.5\n", "string!"),
            ("123e4567-e89b-12d3-a456-426614174000\n", "string!"), ("\"{\"\"a\"\":1}\"\n[]\n", "json!"),
            ("1\nx\n", "string!"), ("NaN\n1.5\n", "string!"),
        ])
    func narrowestType(values: String, type: String) throws {
        #expect(try columns("v\n\(values)") == ["v: \(type)"])
        try expectReadable("v\n\(values)", name: "orders.csv", rows: values.count { $0 == "\n" })
    }

    @Test("a field with nulls is optional, and a field without values is text") func optionalFields() throws {
        #expect(try columns("a,b,c\n1,,\n,,x\n") == ["a: int64", "b: string", "c: string"])
        // In CSV, a quoted empty field is an empty text, and it is null in any other type.
        #expect(try columns("a,b\n\"\",\"\"\n1,x\n") == ["a: int64", "b: string!"])
    }

    @Test("NDJSON strings stay text and numbers stay numbers") func ndjson() throws {
        let text = """
            {"id":1,"code":"7","paid":true,"price":1.50,"at":"2024-02-29T10:00:00Z","note":null}
            {"id":2,"code":"8","paid":false,"price":2,"at":"2024-03-01T10:00:00Z","operation":"insert"}

            """
        #expect(
            try columns(text, name: "orders.ndjson") == [
                "id: int64!", "code: string!", "paid: boolean!", "price: decimal(16,2)!", "at: timestamp!",
                "note: string",
            ])
        try expectReadable(text, name: "orders.ndjson", rows: 2)
    }

    @Test("objects and arrays become structs and lists, or JSON if they differ too much") func nestedValues() throws {
        let text = """
            {"a":{"city":"x","zip":"01234","geo":{"lat":1.5}},"tags":["x","y"],"mixed":[1,"x",{}],"none":[],"odd":{"A":1,"a":2}}
            {"a":{"city":null},"tags":[],"mixed":[],"none":[],"odd":{},"both":1}
            {"a":null,"tags":[null],"lines":[{"sku":"x","n":1}],"both":[1]}

            """
        #expect(
            try columns(text, name: "orders.json") == [
                "a: struct<city: string, zip: string, geo: struct<lat: double>>", "tags: list<string>!", "mixed: json",
                "none: json", "odd: json", "lines: list<struct<sku: string, n: int64>>",
            ])
        let proposed = try proposal(text, name: "orders.json")
        #expect(
            proposed.contains(
                "# both is left out and stays in _rescued_data: objects, arrays and single values are mixed"))
    }

    @Test("the proposed key is the unique column named after the table") func primaryKey() throws {
        let rows = (1...60).map { "\($0),\(1000 - $0),\($0 % 3 == 0 ? "open" : "paid"),\(Double($0) / 8)" }
        let text = "number,order_id,state,price\n\(rows.joined(separator: "\n"))\n"
        let proposed = try proposal(text)
        #expect(try Contract(parsing: proposed, file: "proposed").primaryKey == ["order_id"])
        #expect(proposed.contains("2 values in 60 rows: \"open\", \"paid\""))
        #expect(proposed.components(separatedBy: "A candidate for the primary key").count == 2)
        #expect(proposed.contains("decimal(17,3) # money: kept exactly"))
    }

    @Test("personal data is pointed out, and its values are not shown") func personalData() throws {
        let rows = (1...100).map { "\($0),user\($0 % 2)@example.com,\($0 % 2 == 0 ? "red" : "blue")\n" }.joined()
        let proposed = try proposal("id,contact,color\n\(rows)")
        #expect(proposed.contains("# Personal data: email in 100 of 100 values."))
        #expect(!proposed.contains("@example.com") && proposed.contains("2 values in 100 rows: \"blue\", \"red\""))
        #expect(proposed.components(separatedBy: "Personal data").count == 2)
    }

    @Test("a proposal from the front of a file requires no column") func sampledRows() throws {
        let text = "id,name\n" + (1...500).map { "\($0),n\($0)\n" }.joined()
        let proposed = try proposal(text, limits: .init(rows: 100))
        #expect(proposed.contains("Proposed from 100 rows of orders.csv, the front of the file"))
        let contract = try Contract(parsing: proposed, file: "proposed")
        #expect(contract.column(named: "name")?.isRequired == false)
        #expect(proposed.contains("# required: true # no null in 100 rows"))
    }

    @Test("ambiguous names are quoted in YAML, and names that cannot be columns are left out")
    func columnNames() throws {
        let text = "no,\"a: b #\",1st,\"q\"\"\\\",é,operation,E\n1,2,3,4,5,insert,6\n"
        let contract = try Contract(parsing: try proposal(text), file: "proposed")
        #expect(contract.columns.map(\.name) == ["no", "a: b #", "1st", "q\"\\", "é", "E"])
        #expect(try proposal("a,A\n1,2\n").contains("# A is left out and stays in _rescued_data: its name differs"))
    }

    @Test("the proposed tolerance is the number of broken rows in the sample") func brokenRows() throws {
        let contract = try Contract(parsing: try proposal("a,b\n1,2\n3\n4,5,6\n7,8\n"), file: "proposed")
        #expect(contract.tolerance.rows == 2)
    }

    @Test("a file without a usable table name, format or row is an error") func noProposal() throws {
        #expect(throws: ContractToolsError.self) { try proposal("a,b\n") }
        let fault = #expect(throws: ContractToolsError.self) { try proposal("a,b\n1,2\n", name: "orders.json") }
        #expect(fault.map { "\($0)" }?.contains("line 1: not JSON") == true)
        #expect(fault.map { "\($0)" }?.contains("a name that ends in .csv") == true)
        #expect(throws: ContractToolsError.self) { try proposal("a\n1\n", name: "orders.xml") }
        #expect(throws: ContractToolsError.notATableName("")) { try proposal("a\n1\n", name: "2024.csv") }
        #expect(throws: ColumnarError.self) { try proposal("a\n1\n", name: "orders.csv.gz") }
        #expect(ProposedContract.tableName(from: "/x/Orders 2024-07.csv.gz") == "orders_2024_07")
    }

    @Test("the datacontract linter accepts a proposal with every feature") func publicLinter() throws {
        let text = """
            {"order_id":1,"no":"x","a":{"city":"x","geo":{"lat":1.5}},"tags":["x"],"lines":[{"sku":"x"}],"mixed":[1,"x"],"at":"2024-02-29T10:00:00Z"}
            {"order_id":2,"local":"2024-02-29T10:00:00","uuid":"123e4567-e89b-12d3-a456-426614174000","big":18446744073709551615}
            no JSON

            """
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardizedFileURL
        let linter =
            ProcessInfo.processInfo.environment["CUPEL_DATACONTRACT"]
            ?? root.appending(path: ".venv-contracts/bin/datacontract").path
        try withTemporaryFolder { folder in
            let path = "\(folder)/orders.odcs.yaml"
            try Data(try proposal(text, name: "orders.json").utf8).write(to: URL(filePath: path))
            try Referee.output(of: linter, ["lint", path])
        }
    }

    /// A file in a dialect, what its contract says of it, and its columns.
    struct Dialect: CustomTestStringConvertible {
        let text: String
        let property: String
        let columns: [String]
        var rows = 2
        var testDescription: String { property }
    }

    @Test(
        "the dialect of a file is found, and the proposal reads the file",
        arguments: [
            Dialect(
                text: "id,name\n1,'a,b'\n2,'c''d'\n", property: "csvQuote: single",
                columns: ["id: int64!", "name: string!"]),
            Dialect(
                text: "id,name\n1,\"a \\\"b\\\" c\"\n2,x\n", property: "csvEscape: backslash",
                columns: ["id: int64!", "name: string!"]),
            Dialect(
                text: "1,ann,2.25\n2,bob,3.50\n", property: "csvHeader: absent",
                columns: ["column_1: int64!", "column_2: string!", "column_3: decimal(16,2)!"]),
            Dialect(
                text: "I,1,ann\nU,2,bob\n", property: "csvHeader: absent",
                columns: ["column_1: int64!", "column_2: string!"]),
            Dialect(
                text: "# made\n# today\nid;name\n1;a\n2;b\n", property: "csvComment: '#'",
                columns: ["id: int64!", "name: string!"]),
            Dialect(
                text: "Report of Monday\n\nid;name\n1;a\n2;b\n", property: "csvSkipLines: 2",
                columns: ["id: int64!", "name: string!"]),
            Dialect(
                text: "Sales\nGenerated;2024-01-05;by;admin\n\nregion;units;total\nN;5;1\nS;7;2\n",
                property: "csvSkipLines: 3",
                columns: ["region: string!", "units: int64!", "total: int64!"]),
            Dialect(
                text: "\"Account\";\"x\"\n\n\"day\";\"amount\";\"text\"\n\"1\";\"7\";\"a\"\n\"2\";\"8\";\"b\"\n",
                property: "csvSkipLines: 2", columns: ["day: int64!", "amount: int64!", "text: string!"]),
            Dialect(
                text: "sep=;\nid;name\n1;a\n2;b\n", property: "csvSkipLines: 1",
                columns: ["id: int64!", "name: string!"]),
            Dialect(
                text: "id^name\n1^a\n2^b\n", property: "csvDelimiter: '^'", columns: ["id: int64!", "name: string!"]),
            Dialect(
                text: "id\u{1}name\n1\u{1}a\n2\u{1}b\n", property: "csvDelimiter: \"\\x01\"",
                columns: ["id: int64!", "name: string!"]),
            Dialect(
                text: "id,n,at\n1,NULL,2024-01-01\n2,5,NULL\n", property: "csvNull: [\"NULL\"]",
                columns: ["id: int64!", "n: int64", "at: date"]),
        ])
    func dialects(dialect: Dialect) throws {
        let proposed = try proposal(dialect.text)
        let (name, value) = try #require(
            dialect.property.firstRange(of: ": ").map {
                (dialect.property[..<$0.lowerBound], dialect.property[$0.upperBound...])
            })
        #expect(proposed.contains("- property: \(name)\n    value: \(value)\n"), "\(proposed)")
        #expect(try columns(dialect.text) == dialect.columns)
        try expectReadable(dialect.text, name: "orders.csv", rows: dialect.rows)
    }

    @Test(
        "how numbers and times are written is found, and the proposal reads them",
        arguments: [
            ("\"1.234,56\"\n\"7,00\"\n", "decimal(16,2)", "numberFormat, value: \"1.234,56\""),
            ("\"1,234,567\"\n12\n", "int64", "numberFormat, value: \"1,234.56\""),
            ("\"$1,234.50\"\n($3.00)\n", "decimal(16,2)", "numberFormat, value: \"$1,234.56\""),
            ("3.5 EUR\n-2 EUR\n", "decimal(16,2)", "numberFormat, value: \"1234.56 EUR\""),
            ("12.5%\n3%\n", "double", "numberFormat, value: \"1234.56%\""),
            ("31.12.2024\n01.02.2024\n", "date", "format: \"dd.MM.yyyy\""),
            ("12/31/2024\n1/2/2024\n", "date", "format: \"M/d/yyyy\""),
            ("20241231\n20240101\n", "date", "format: \"yyyyMMdd\""),
            ("05-01-24\n31-01-24\n", "date", "format: \"dd-MM-yy\""),
            ("31-DEC-2024\n01-JAN-2025\n", "date", "format: \"dd-MMM-yyyy\""),
            ("31/12/2024 13:45\n01/01/2025 00:00\n", "timestamp without time zone", "format: \"dd/MM/yyyy HH:mm\""),
            ("\"1\u{2009}234,50\"\n\"2,25\"\n", "decimal(16,2)", "numberFormat, value: \"1 234,56\""),
            ("1 234.50\n2.25\n", "decimal(16,2)", "numberFormat, value: \"1 234.56\""),
            ("31.12.24 9:05\n1.2.25 13:45\n", "timestamp without time zone", "format: \"d.M.yy H:mm\""),
            (
                "\"31/12/2024, 13:45:10\"\n\"01/01/2025, 00:00:00\"\n", "timestamp without time zone",
                "format: \"dd/MM/yyyy, HH:mm:ss\""
            ),
            (
                "12/31/2024 1:45 PM\n01/01/2025 11:00 AM\n", "timestamp without time zone",
                "format: \"MM/dd/yyyy h:mm a\""
            ),
        ])
    func formats(values: String, type: String, line: String) throws {
        let text = "v\n\(values)"
        let proposed = try proposal(text)
        // Digits alone are as likely to be a number.
        guard line != "format: \"yyyyMMdd\"" else {
            #expect(try columns(text) == ["v: int64!"])
            return
        }
        #expect(try columns(text) == ["v: \(type)!"], "\(proposed)")
        #expect(proposed.contains(line), "\(proposed)")
        try expectReadable(text, name: "orders.csv", rows: 2)
    }

    @Test(
        "names with numbers are no amounts",
        arguments: ["José 1\nJosé 2\n", "Room 12\nRoom 13\n", "A-1\nA-2\n", "SKU12\nSKU13\n"])
    func namesWithNumbers(values: String) throws {
        #expect(try columns("v\n\(values)") == ["v: string!"])
    }

    @Test("a short file in one byte a character is found") func shortEncoding() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/orders.csv"
            try Data([0x69, 0x64, 0x2C, 0x6E, 0x0A, 0x31, 0x2C, 0xE4, 0x0A]).write(to: URL(filePath: path))
            let proposed = try ProposedContract(try ContractSample(path: path), table: nil, path: path).text
            #expect(proposed.contains("value: windows-1252"))
        }
    }

    @Test("fields without a name are left out, and so are delimiters at the end of rows")
    func unnamedFields() throws {
        for text in ["id,name,\n1,a,\n2,b,\n", "id,name\n1,a,\n2,b,\n"] {
            #expect(try columns(text) == ["id: int64!", "name: string!"])
            try expectReadable(text, name: "orders.csv", rows: 2)
        }
        #expect(try columns(",id,name\n0,1,a\n1,2,b\n") == ["id: int64!", "name: string!"])
        let headerless = "7,a,\n8,b,\n"
        #expect(try columns(headerless) == ["column_1: int64!", "column_2: string!"])
        try expectReadable(headerless, name: "orders.csv", rows: 2)
        // A header that is longer than the rows is no line before them.
        #expect(
            try Contract(parsing: try proposal("a;b;c;d\n1;2;3\n4;5;6;7\n"), file: "p").dialect.skippedLineCount == 0)
    }

    @Test("what two formats fit is said, and so is what integers may count") func ambiguity() throws {
        #expect(try proposal("v\n01/02/2024\n").contains("also one of the format MM/dd/yyyy"))
        #expect(try !proposal("v\n12/31/2024\n").contains("also one of the format"))
        #expect(try proposal("v\n\"1,234\"\n").contains("also one of the format 1.234,56"))
        #expect(try !proposal("v\n\"1,234,567\"\n").contains("also one of the format"))
        #expect(try proposal("v\n1.234\n12.000\n7\n").contains("also one of the format 1.234,56"))
        for other in ["0.125\n1.250\n", "1.25\n1.234\n", "1234.567\n", "1.234\n1234\n"] {
            #expect(try !proposal("v\n\(other)").contains("also one of the format"))
        }
        let proposed = try proposal("created_at,v\n1735652706000,1735652706000\n")
        #expect(proposed.components(separatedBy: "{format: epoch_ms}").count == 2)
    }

    @Test(
        "money is a decimal: by its name, by its two decimals, or by its currency",
        arguments: [
            ("unitPrice\n9.5\n10\n", "decimal(16,2)"), ("tax_amount\n0.125\n3\n", "decimal(17,3)"),
            ("v\n9.50\n10.00\n", "decimal(16,2)"), ("v\n9.5\n10.25\n", "double"), ("ratio\n0.1234567\n", "double"),
            ("price\n1e3\n2.5\n", "double"), ("price\n10\n20\n", "int64"), ("enterprise\n9.5\n", "double"),
        ])
    func money(text: String, type: String) throws {
        #expect(try columns(text).map { $0.split(separator: " ", maxSplits: 1)[1] } == ["\(type)!"])
        try expectReadable(text, name: "orders.csv", rows: text.count { $0 == "\n" } - 1)
    }
}
