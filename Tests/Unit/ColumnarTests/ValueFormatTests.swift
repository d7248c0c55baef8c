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
        for text in ["seven", "1.5.x", "$5"] {
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

    @Test("formats that have no effect are refused, or a warning for timestamps") func declarations() throws {
        let refused = [
            "{name: v, logicalType: date, logicalTypeOptions: {format: dMyyyy}}",
            "{name: v, logicalType: date, logicalTypeOptions: {format: dd.MM.yy}}",
            "{name: v, logicalType: date, logicalTypeOptions: {format: dd.MM}}",
            "{name: v, logicalType: string, customProperties: [{property: numberFormat, value: '1.234,56'}]}",
            "{name: v, logicalType: number, customProperties: [{property: numberFormat, value: '1.234'}]}",
        ]
        for column in refused { #expect(throws: ContractError.self, "\(column)") { try contract(column) } }
        for pattern in ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX", "yyyy-MM-ddTHH:mm:ssZ"] {
            let table = try contract("{name: v, logicalType: timestamp, logicalTypeOptions: {format: \"\(pattern)\"}}")
            #expect(table.warnings.isEmpty, "\(pattern)")
        }
        let other = try contract("{name: v, logicalType: timestamp, logicalTypeOptions: {format: 'dd.MM.yyyy HH:mm'}}")
        #expect(other.warnings.first.map { "\($0)" }?.contains("'dd.MM.yyyy HH:mm' has no effect") == true)
        _ = try contract("{name: v, logicalType: date, logicalTypeOptions: {format: yyyy-MM-dd}}")
    }
}
