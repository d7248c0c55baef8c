import Contracts
import Foundation
import TestRandom
import Testing

@testable import Columnar

/// Reads each text as the value of a required column: its value, or the reason of its rejection.
private func parse(_ texts: [String], as type: String) throws -> [String] {
    let table = try contract(columns: "id: bigint!", "v: \(type)!")
    let csv = "id,v\n" + texts.enumerated().map { "\($0),\($1)\n" }.joined()
    let reading = try readCSV(csv.utf8, table, window: 1 << 16)
    var values: [String: String] = [:]
    for row in reading.rows { values[row[0] ?? ""] = row[1] ?? "null" }
    for row in reading.rejected { values["\(row.line - 2)"] = row.reason.rawValue }
    return texts.indices.map { values["\($0)"] ?? "lost" }
}

private func expectValues(_ type: String, _ table: [(text: String, value: String)]) throws {
    let parsed = try parse(table.map(\.text), as: type)
    for (row, value) in zip(table, parsed) { #expect(value == row.value, "\(type) from '\(row.text)'") }
}

@Suite struct TypedParsingTests {
    @Test("64-bit integers are parsed or rejected with the reason") func int64() throws {
        try expectValues(
            "bigint",
            [
                ("0", "0"), ("-0", "0"), ("7", "7"), ("-12345678", "-12345678"), ("123456789", "123456789"),
                ("1234567890123456", "1234567890123456"), ("12345678901234567", "12345678901234567"),
                ("999999999999999999", "999999999999999999"), ("9223372036854775807", "9223372036854775807"),
                ("-9223372036854775808", "-9223372036854775808"), ("007", "7"), ("\"42\"", "42"),
                ("0000000000000000000000000000001", "1"), ("9223372036854775808", "out_of_range"),
                ("-9223372036854775809", "out_of_range"), ("99999999999999999999999", "out_of_range"),
                ("18446744073709551617", "out_of_range"), ("", "missing_value"), ("\"\"", "missing_value"),
                ("+7", "not_an_integer"), (" 7", "not_an_integer"), ("7 ", "not_an_integer"), ("1.0", "1"),
                ("1e3", "1000"), ("1.5", "not_an_integer"), ("1e", "not_an_integer"), ("0x10", "not_an_integer"),
                ("-", "not_an_integer"),
                ("--1", "not_an_integer"),
                ("1_000", "not_an_integer"), ("١", "not_an_integer"), ("12a45678", "not_an_integer"),
                ("1234567/", "not_an_integer"), ("1234567:", "not_an_integer"), ("NaN", "not_an_integer"),
            ])
    }

    @Test("a 32-bit integer out of range is rejected and never wraps") func int32() throws {
        try expectValues(
            "int",
            [
                ("2147483647", "2147483647"), ("-2147483648", "-2147483648"), ("2147483648", "out_of_range"),
                ("-2147483649", "out_of_range"), ("4294967297", "out_of_range"),
                ("9223372036854775808", "out_of_range"),
            ])
    }

    @Test("doubles are parsed or rejected with the reason") func doubleTexts() throws {
        try expectValues(
            "double",
            [
                ("0", "0.0"), ("-0", "-0.0"), ("-0.0", "-0.0"), ("4.5", "4.5"), ("-4.25", "-4.25"), ("100", "100.0"),
                ("0.1", "0.1"), (".5", "0.5"), ("5.", "5.0"), ("00.5", "0.5"), ("1e3", "1000.0"), ("1E-3", "0.001"),
                ("1e+3", "1000.0"), ("9007199254740993", "9007199254740992.0"),
                ("1.7976931348623157e308", "1.7976931348623157e+308"), ("5e-324", "5e-324"),
                ("2.2250738585072011e-308", "2.225073858507201e-308"), ("0e-999", "0.0"), ("1e309", "out_of_range"),
                ("1e-400", "out_of_range"), ("-1e999", "out_of_range"), ("", "missing_value"), ("NaN", "not_a_number"),
                ("inf", "not_a_number"), ("Infinity", "not_a_number"), ("0x1p3", "not_a_number"),
                ("+1", "not_a_number"),
                (" 1", "not_a_number"), ("1 ", "not_a_number"), ("1e", "not_a_number"), ("1e+", "not_a_number"),
                ("1.2.3", "not_a_number"), (".", "not_a_number"), ("-", "not_a_number"), ("e5", "not_a_number"),
                ("1;5", "not_a_number"), ("-.", "not_a_number"),
            ])
    }

    @Test("doubles are those of strtod", arguments: [1, 2, 3] as [UInt64]) func doublesLikeStrtod(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var texts: [String] = []
        for _ in 0..<4000 {
            let bits = Double(bitPattern: UInt64.random(in: 0 ... .max, using: &generator))
            if bits.isFinite { texts.append("\(bits)") }
            let digits = (0..<Int.random(in: 1...22, using: &generator)).map { _ in
                String(Int.random(in: 0...9, using: &generator))
            }
            let point = Int.random(in: 0...digits.count, using: &generator)
            texts.append(digits[..<point].joined() + "." + digits[point...].joined())
            texts.append(
                "\(Int.random(in: 0...100_000, using: &generator)).\(Int.random(in: 0...999, using: &generator))")
            texts.append("\(UInt64.random(in: (1 << 53) - 100...(1 << 53) + 100, using: &generator))")
        }
        // Halfway cases, where a digit far to the right decides.
        texts += [
            "9007199254740993.00000000000000000000001", "9007199254740993.0", "1.00000000000000011102230246251565",
        ]
        texts += ["1.00000000000000011102230246251566", "2.2250738585072012e-308", "6.631236846766476e-316"]
        let parsed = try parse(texts, as: "double")
        for (text, value) in zip(texts, parsed) {
            #expect(value == "\(strtod(text, nil))", "'\(text)', seed \(seed)")
        }
    }

    @Test("floats are rounded once, not through a double") func floats() throws {
        try expectValues(
            "float",
            [
                ("0.1", "0.1"), ("16777217", "16777216.0"), ("3.4028236e38", "out_of_range"), ("1e-50", "out_of_range"),
                // Rounded through a double, it would become 1.00000012.
                ("1.00000005960464477540", "1.0000001"), ("1.000000059604644775390625", "1.0"), ("x", "not_a_number"),
            ])
    }

    @Test("booleans are parsed or rejected with the reason") func booleanTexts() throws {
        let yes = ["true", "TRUE", "True", "t", "T", "yes", "Y", "1"].map { ($0, "true") }
        let no = ["false", "False", "f", "no", "N", "0"].map { ($0, "false") }
        let neither = ["2", "on", "truee", "falsehood", " true", "null"].map { ($0, "not_a_boolean") }
        try expectValues("boolean", yes + no + neither + [("", "missing_value")])
    }

    @Test("dates are parsed or rejected with the reason") func dateTexts() throws {
        try expectValues(
            "date",
            [
                ("1970-01-01", "0"), ("1969-12-31", "-1"), ("2000-02-29", "11016"), ("2024-02-29", "19782"),
                ("0001-01-01", "-719162"), ("9999-12-31", "2932896"), ("2023-02-29", "not_a_date"),
                ("1900-02-29", "not_a_date"), ("2024-13-01", "not_a_date"), ("2024-00-10", "not_a_date"),
                ("2024-04-31", "not_a_date"), ("0000-01-01", "not_a_date"), ("2024-1-1", "not_a_date"),
                ("2024/01/01", "not_a_date"), ("20240101", "not_a_date"), ("2024-01-01 ", "not_a_date"),
                ("2024-01-01T00:00:00Z", "19723"), ("12024-01-01", "not_a_date"),
                ("2024-01-01T00:00", "19723"), ("2024-01-01 00:00:00.000", "19723"),
                ("2024-01-01 00:00:00.0000000 +00:00", "19723"), ("2024-01-01 00:00:00+00:00", "19723"),
                ("2024-01-01T00:00:01", "not_a_date"), ("2024-01-01T00:00:00.001", "not_a_date"),
                ("2024-01-01T00:00:00+01:00", "not_a_date"), ("2024-01-01T", "not_a_date"),
                ("2024-01-01 00:00:", "not_a_date"), ("2024-02-30T00:00:00", "not_a_date"),
            ])
    }

    @Test("dates agree with Foundation's calendar") func datesLikeFoundation() throws {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = .gmt
        let days = Array(stride(from: -140_000, through: 140_000, by: 997))
        let texts = days.map { day -> String in
            let parts = calendar.dateComponents(
                [.year, .month, .day], from: Date(timeIntervalSince1970: Double(day) * 86400))
            return String(format: "%04d-%02d-%02d", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
        }
        #expect(try parse(texts, as: "date") == days.map(String.init))
    }

    @Test("timestamps are parsed or rejected with the reason") func timestampTexts() throws {
        try expectValues(
            "timestamp",
            [
                ("1970-01-01T00:00:00Z", "0"), ("1970-01-01 00:00:01", "1000000"),
                ("1970-01-01T00:00:00.5Z", "500000"), ("1970-01-01T00:00:00.000001", "1"),
                ("1970-01-01T00:00:00.123456000Z", "123456"), ("1970-01-01T01:00:00+01:00", "0"),
                ("1970-01-01T00:00:00-0130", "5400000000"), ("1970-01-01T00:00:00+00", "0"),
                ("1969-12-31T23:59:59.999999Z", "-1"), ("2012-01-11T12:35:48Z", "1326285348000000"),
                ("1970-01-01T00:00:00.1234567Z", "out_of_range"), ("1970-01-01", "not_a_timestamp"),
                ("1970-01-01T24:00:00Z", "not_a_timestamp"), ("1970-01-01T00:60:00Z", "not_a_timestamp"),
                ("2016-12-31T23:59:60Z", "not_a_timestamp"), ("1970-01-01T00:00:00.", "not_a_timestamp"),
                ("1970-01-01T00:00:00ZZ", "not_a_timestamp"), ("1970-01-01T00:00", "0"),
                ("1970-01-01T00:00:00+1", "not_a_timestamp"), ("1970-01-01T00:00:00+25:00", "not_a_timestamp"),
                ("1326285348", "not_a_timestamp"), ("1970-01-01T00:00:00+01:", "not_a_timestamp"),
            ])
    }

    @Test("a decimal keeps every digit or is rejected") func decimals() throws {
        try expectValues(
            "decimal(5,2)",
            [
                ("1", "100"), ("1.2", "120"), ("-1.23", "-123"), ("999.99", "99999"), ("0.10", "10"), (".5", "50"),
                ("5.", "500"), ("001.50", "150"), ("1.230", "123"), ("1.234", "out_of_range"), ("1000", "out_of_range"),
                ("1e2", "10000"), ("-1.5E-1", "-15"), ("1e-3", "out_of_range"), ("1e3", "out_of_range"),
                ("0e5", "0"), ("1e", "not_a_decimal"), ("", "missing_value"), (".", "not_a_decimal"),
                ("1.2.3", "not_a_decimal"),
                ("+1", "not_a_decimal"), ("x", "not_a_decimal"),
            ])
        try expectValues(
            "decimal(18,0)",
            [
                ("999999999999999999", "999999999999999999"), ("-999999999999999999", "-999999999999999999"),
                ("1000000000000000000", "out_of_range"), ("5.0", "5"), ("5.5", "out_of_range"),
            ])
    }
}
