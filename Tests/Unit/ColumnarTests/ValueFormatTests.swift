import Contracts
import Testing

@testable import Columnar

/// Numbers and dates as people write them, in contracts that say how.
@Suite struct ValueFormatTests {
    private func contract(_ column: String) throws -> Contract {
        try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft,
                 schema: [{name: t, properties: [\(column)]}]}
                """, file: "fixture")
    }

    private func number(_ format: String?, _ type: String = "number, physicalType: 'decimal(12,2)'") throws -> Contract
    {
        let custom = format.map { ", customProperties: [{property: numberFormat, value: \"\($0)\"}]" } ?? ""
        return try contract("{name: v, logicalType: \(type)\(custom)}")
    }

    /// The values in CSV and in JSON, which must be the same; a fault as its reason.
    private func read(_ texts: [String], _ contract: Contract) throws -> [String] {
        func results(_ reading: Reading, firstLine: Int) -> [String] {
            var rows = reading.rows.makeIterator()
            let faults = Dictionary(
                uniqueKeysWithValues: reading.rejected.map { ($0.line - firstLine, $0.reason.rawValue) })
            return texts.indices.map { faults[$0] ?? rows.next().flatMap { $0[0] } ?? "null" }
        }
        let csv = try readCSV("v\n" + texts.map { "\"\($0)\"\n" }.joined(), contract)
        let json = try readJSON(texts.map { "{\"v\":\"\($0)\"}\n" }.joined(), contract)
        let (fromCSV, fromJSON) = (results(csv, firstLine: 2), results(json, firstLine: 1))
        #expect(fromCSV == fromJSON)
        return fromCSV
    }

    @Test(
        "a number is read with the marks that the contract names, and with no others",
        arguments: [
            (
                "1.234,56", ["1.234,56", "-1.234.567,8", "1234,56", "12", "0,5", ",5"],
                ["1,234.56", "1.2", "12.34,5", "1234.567", "1,", "1.234.", "1e3", "€1"]
            ),
            (
                "1,234.56", ["1,234.56", "-1,234,567.8", "1234.56", "12", "0.5", ".5"],
                ["1.234,56", "1,2", "12,34.5", "1234,567", "1.", "1,234,", "", "$1"]
            ),
            (
                "1 234,56", ["1\u{202F}234,56", "-1\u{A0}234 567,8", "1234,56", "12", "0,5", ",5"],
                ["1.234,56", "1 2", "1  234", " 1", "1 ", "1.5", "1,", "-"]
            ),
            (
                "1 234.56", ["1\u{2009}234.56", "-1 234 567.8", "1234.56", "12", "0.5", ".5"],
                ["1,234.56", "1 2", "1 234,5", "1\u{200B}234"]
            ),
            (
                "1'234,56", ["1’234,56", "-1'234'567,8", "1234,56", "12", "0,5", ",5"], ["1'234.56", "1.234,56"]
            ),
            (
                "1'234.56", ["1'234.56", "-1'234'567.8", "1234.56", "12", "0.5", ".5"],
                ["1,234.56", "1'2", "1234'567", "'123", "1'", "1.", "(5)", "+5"]
            ),
        ])
    func numbers(format: String, right: [String], wrong: [String]) throws {
        #expect(try read(right, try number(format)) == ["123456", "-123456780", "123456", "1200", "50", "50"])
        let refused = wrong.filter { !$0.isEmpty }
        #expect(try read(refused, try number(format)) == refused.map { _ in "not_a_decimal" })
    }

    @Test("integers and doubles have formats too, and a point between thousands is no decimal point")
    func otherNumbers() throws {
        #expect(
            try read(["1.234", "-12.345.678", "7"], try number("1.234,56", "integer")) == ["1234", "-12345678", "7"])
        #expect(try read(["1.234", "0,25"], try number("1.234,56", "number")) == ["1234.0", "0.25"])
        #expect(try read(["1.5"], try number("1.234,56", "integer")) == ["not_an_integer"])
        #expect(try read(["1,5"], try number("1.234,56", "integer")) == ["not_an_integer"])
    }

    @Test("without the property such a number breaks the contract, and the message names the property")
    func hint() throws {
        let types = ["integer", "number", "number, physicalType: 'decimal(9,2)'"]
        for (text, type) in [("1.234,56", types[2]), ("1,000", types[0]), ("1 000,5", types[1]), ("1'000", types[1])] {
            let reading = try readCSV("v\n\"\(text)\"\n", try number(nil, type))
            #expect(reading.rejected.count == 1 && reading.rejected[0].message.contains("'numberFormat'"), "\(text)")
        }
        for text in ["$5", "5%", "(5)", "5 EUR", "5-"] {
            let reading = try readCSV("v\n\"\(text)\"\n", try number(nil, "integer"))
            #expect(reading.rejected.count == 1 && reading.rejected[0].message.contains("numberFormat"), "\(text)")
        }
        for text in ["seven", "1.5.x"] {
            let reading = try readCSV("v\n\"\(text)\"\n", try number(nil, "integer"))
            #expect(reading.rejected.count == 1 && !reading.rejected[0].message.contains("numberFormat"), "\(text)")
        }
    }

    @Test(
        "a date is read in the contract's format alone",
        arguments: [
            ("dd.MM.yyyy", "31.12.2024", ["2024-12-31", "1.2.2024", "31.12.24", "31/12/2024", "32.01.2024"]),
            ("d.M.yyyy", "31.12.2024", ["2024-12-31", "31.13.2024", "031.12.2024"]),
            ("MM/dd/yyyy", "12/31/2024", ["31/12/2024", "12-31-2024"]),
            ("yyyyMMdd", "20241231", ["2024-12-31", "202412"]),
            ("dd/MM/yyyy", "31/12/2024", ["12/31/2024"]), ("yyyy/M/d", "2024/12/31", ["2024/1/0", "24/1/1"]),
        ])
    func dates(pattern: String, right: String, wrong: [String]) throws {
        let table = try contract("{name: v, logicalType: date, logicalTypeOptions: {format: '\(pattern)'}}")
        #expect(try read([right], table) == ["20088"])
        #expect(try read(wrong, table) == wrong.map { _ in "not_a_date" })
    }

    @Test("a single digit needs no zero before it where the format has one letter") func singleDigits() throws {
        let table = try contract("{name: v, logicalType: date, logicalTypeOptions: {format: d.M.yyyy}}")
        #expect(try read(["1.2.2024", "01.02.2024"], table) == ["19754", "19754"])
    }

    private static let unitFormats: [(format: String, right: [String], wrong: [String])] = [
        (
            "$1,234.56", ["$1,234.56", "-$1,234.56", "($1,234.56)", "$-1,234.56", "1234.56"],
            ["€1", "1 $ 1", "(1", "$", "$$1"]
        ),
        (
            "1.234,56 €", ["1.234,56 €", "-1.234,56\u{A0}€", "(1.234,56€)", "-€1.234,56", "1234,56"],
            ["$1", "1.234.56"]
        ),
        (
            "EUR 1'234.56", ["EUR 1'234.56", "-EUR 1’234.56", "EUR -1'234.56", "(1'234.56)", "1234.56 EUR"],
            ["USD 1"]
        ),
        (
            "(1,234.56)", ["1,234.56", "(1,234.56)", "-1,234.56", "(1234.56)", "1234.56"],
            ["()", "(-1)", "((1))"]
        ),
        ("1.234,56-", ["1.234,56", "1.234,56-", "-1.234,56", "1234,56-", "1234,56"], ["-1-", "1--", "-"]),
        (
            "1234,56%", ["1234,56%", "-1234,56 %", "-1234,56%", "(1234,56%)", "1234,56"],
            ["1.234,56%", "%", "1%%"]
        ),
    ]

    @Test(
        "currencies, percent signs, parentheses and a minus behind are read where the contract shows them",
        arguments: unitFormats)
    func units(format: String, right: [String], wrong: [String]) throws {
        #expect(try read(right, try number(format)) == ["123456", "-123456", "-123456", "-123456", "123456"])
        #expect(try read(wrong, try number(format)) == wrong.map { _ in "not_a_decimal" })
    }

    private static let timestampFormats: [(pattern: String, right: String, wrong: String)] = [
        ("dd/MM/yyyy HH:mm:ss", "31/12/2024 13:45:06", "31/12/2024 25:00:00"),
        ("M/d/yyyy h:mm:ss a", "12/31/2024 1:45:06 PM", "12/31/2024 13:45:06 PM"),
        ("dd-MMM-yyyy HH:mm:ss", "31-DEC-2024 13:45:06", "31-Dez-2024 13:45:06"),
        ("d MMMM yyyy HH:mm:ss", "31 December 2024 13:45:06", "31 Decem 2024 13:45:06"),
        ("EEE, dd MMM yyyy HH:mm:ss Z", "Tue, 31 Dec 2024 15:45:06 +0200", "Tue, 31 Dec 2024 15:45:06 +2"),
        ("dd.MM.yy HH:mm:ss.SSS", "31.12.24 13:45:06.000", "31.12.2024 13:45:06.000"),
        ("yyyyMMddHHmmss", "20241231134506", "2024123113450"),
        ("yyyy-MM-dd'T'HH.mm.ss'Z'", "2024-12-31T13.45.06Z", "2024-12-31T13:45:06Z"),
        ("%d/%m/%Y %I:%M:%S %p", "31/12/2024 01:45:06 pm", "31/12/2024 00:45:06 pm"),
        ("%Y%m%dT%H%M%S%z", "20241231T084506-05:00", "20241231T084506"),
        ("epoch_s", "1735652706", "1735652706000000000000000000000000"), ("epoch_ms", "1735652706000.0", "1e12"),
        ("epoch_us", "1735652706000000", "12:00"),
        ("epoch_ns", "1735652706000000000", "1.7356527060000000001"),
    ]

    @Test("a timestamp is read in the contract's format alone", arguments: timestampFormats)
    func timestamps(pattern: String, right: String, wrong: String) throws {
        let options = "logicalTypeOptions: {format: \"\(pattern)\"}"
        let table = try contract("{name: v, logicalType: timestamp, physicalType: timestamp, \(options)}")
        #expect(try read([right], table) == ["1735652706000000"])
        let refused = [wrong, "2024-12-31 13:45:06", "yesterday"]
        #expect(try read(refused, table) == refused.map { _ in "not_a_timestamp" })
    }

    @Test("numbers since 1970 keep their fractions, before 1970 too, in the years 1 to 9999; JSON's numbers are read")
    func epochs() throws {
        func table(_ unit: String, _ type: String = "timestamp", _ custom: String = "") throws -> Contract {
            let options = "logicalTypeOptions: {format: \(unit)}\(custom)"
            return try contract("{name: v, logicalType: timestamp, physicalType: \(type), \(options)}")
        }
        #expect(
            try read(["1.25", "-1.25", "-0.5", "0", "-62135596800", "253402300799"], try table("epoch_s"))
                == ["1250000", "-1250000", "-500000", "0", "-62135596800000000", "253402300799000000"])
        let outside = ["-62135596801", "253402300800", "999999999999999", "9999999999999999999"]
        #expect(try read(outside, try table("epoch_s")) == outside.map { _ in "not_a_timestamp" })
        #expect(try read(["-1", "1500.001"], try table("epoch_ms")) == ["-1000", "1500001"])
        #expect(try read(["1999", "1000"], try table("epoch_ns")) == ["out_of_range", "1"])
        let custom = ", customProperties: [{property: excessFraction, value: truncate}]"
        #expect(try read(["1999"], try table("epoch_ns", "timestamp_ntz", custom)) == ["1"])
        let json = try readJSON("{\"v\":1735652706000}\n", try table("epoch_ms"))
        #expect(json.rows.first?[0] == "1735652706000000")
    }

    @Test("a local time has no zone in a format either, and a date only midnight") func zonesInFormats() throws {
        func table(_ type: String, _ format: String) throws -> Contract {
            try contract("{name: v, \(type), logicalTypeOptions: {format: '\(format)'}}")
        }
        let local = try table("logicalType: timestamp, physicalType: timestamp_ntz", "yyyyMMdd HHmm X")
        #expect(try read(["20241231 1345 Z"], local) == ["not_a_timestamp"])
        let date = try table("logicalType: date", "M/d/yyyy H:mm:ss")
        #expect(try read(["12/31/2024 0:00:00", "12/31/2024 1:00:00"], date) == ["20088", "not_a_date"])
        let time = try table("logicalType: time", "h:mm a")
        #expect(try read(["1:45 PM", "12:00 AM", "13:45 PM"], time) == ["49500000000", "0", "not_a_time"])
    }

    @Test("a timestamp in another form is refused with advice on its format") func timestampAdvice() throws {
        let table = try contract("{name: v, logicalType: timestamp}")
        for (text, word) in [
            ("31/12/2024 13:45", "format"), ("1735652706", "epoch_s"), ("1735652706000", "epoch_ms"),
            ("1735652706000000", "epoch_us"), ("1735652706000000000", "epoch_ns"), ("NULL", "csvNull"),
        ] {
            #expect(try readCSV("v\n\(text)\n", table).rejected.first?.message.contains(word) == true, "\(text)")
        }
    }

    @Test("formats that cannot be read are refused") func declarations() throws {
        let refused = [
            "{name: v, logicalType: date, logicalTypeOptions: {format: dMyyyy}}",
            "{name: v, logicalType: date, logicalTypeOptions: {format: dd.MM}}",
            "{name: v, logicalType: date, logicalTypeOptions: {format: 'HH:mm'}}",
            "{name: v, logicalType: date, logicalTypeOptions: {format: epoch_s}}",
            "{name: v, logicalType: timestamp, logicalTypeOptions: {format: 'HH:mm:ss.S'}}",
            "{name: v, logicalType: timestamp, logicalTypeOptions: {format: 'dd.MM.yyyy hh:mm'}}",
            "{name: v, logicalType: timestamp, logicalTypeOptions: {format: 'dd.MM.yyyy Q'}}",
            "{name: v, logicalType: timestamp, logicalTypeOptions: {format: '%d/%m/%Y %Q'}}",
            "{name: v, logicalType: time, logicalTypeOptions: {format: 'yyyy-MM-dd'}}",
            "{name: v, logicalType: string, customProperties: [{property: numberFormat, value: '1.234,56'}]}",
            "{name: v, logicalType: number, customProperties: [{property: numberFormat, value: '1.234'}]}",
            "{name: v, logicalType: number, customProperties: [{property: numberFormat, value: '$1234.56%'}]}",
        ]
        for column in refused { #expect(throws: ContractError.self, "\(column)") { try contract(column) } }
        for pattern in ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX", "yyyy-MM-ddTHH:mm:ssZ"] {
            let table = try contract("{name: v, logicalType: timestamp, logicalTypeOptions: {format: \"\(pattern)\"}}")
            #expect(table.columns[0].format == nil, "\(pattern)")
        }
        _ = try contract("{name: v, logicalType: date, logicalTypeOptions: {format: yyyy-MM-dd}}")
        _ = try contract(
            "{name: v, logicalType: number, customProperties: [{property: numberFormat, value: '1234.56'}]}")
    }
}
