import Contracts
import RawFile
import TestRandom
import Testing

@testable import Columnar

/// A table of `id` and `v`, where `v` has the constraints in `options` and `properties`.
func constrained(
    _ logicalType: String, _ physicalType: String, _ options: String = "", properties: String = ""
) throws -> Contract {
    try Contract(
        parsing: """
            {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, schema: [{name: t, properties: [
              {name: id, logicalType: integer, physicalType: bigint, required: true},
              {name: v, logicalType: \(logicalType), physicalType: '\(physicalType)',
               logicalTypeOptions: {\(options)}, customProperties: [\(properties)]}]}]}
            """, file: "fixture")
}

@Suite struct ConstraintTests {
    struct Case: Sendable {
        let type: (String, String)
        var options = ""
        var properties = ""
        let kept: [String]
        let rejected: [(value: String, reason: String)]
    }

    static let cases = [
        Case(
            type: ("integer", "bigint"), options: "minimum: -5, maximum: 10", kept: ["-5", "0", "10"],
            rejected: [("-6", "below_minimum"), ("11", "above_maximum"), ("9223372036854775807", "above_maximum")]),
        Case(
            type: ("integer", "int"), options: "exclusiveMinimum: 0, exclusiveMaximum: 3", kept: ["1", "2"],
            rejected: [("0", "below_minimum"), ("3", "above_maximum")]),
        Case(
            type: ("integer", "bigint"), options: "minimum: 0, exclusiveMinimum: true", kept: ["1"],
            rejected: [("0", "below_minimum")]),
        Case(
            type: ("integer", "bigint"), options: "exclusiveMinimum: 9223372036854775807", kept: [],
            rejected: [("9223372036854775807", "invalid_value"), ("1", "below_minimum")]),
        Case(
            type: ("integer", "uint32"), options: "minimum: 7, maximum: 3000000000, multipleOf: 3",
            kept: ["9", "3000000000"],
            rejected: [("6", "below_minimum"), ("4294967295", "above_maximum"), ("2999999999", "not_a_multiple")]),
        Case(
            type: ("integer", "uint64"), options: "minimum: 7, multipleOf: 2", kept: ["8", "18446744073709551614"],
            rejected: [("0", "below_minimum"), ("18446744073709551615", "not_a_multiple")]),
        Case(
            type: ("integer", "bigint"), options: "multipleOf: 5", kept: ["0", "-10"],
            rejected: [("3", "not_a_multiple")]),
        Case(
            type: ("integer", "int"), properties: "{property: validValues, value: [1, 2, 5]}", kept: ["1", "5"],
            rejected: [("3", "invalid_value")]),
        Case(
            type: ("number", "double"), options: "minimum: 0, exclusiveMaximum: 5.5", kept: ["0", "-0.0", "5.4999"],
            rejected: [("-1e-300", "below_minimum"), ("5.5", "above_maximum")]),
        Case(
            type: ("number", "float"), options: "maximum: 1.5", kept: ["1.5"], rejected: [("1.6", "above_maximum")]),
        Case(
            type: ("number", "decimal(6,2)"), options: "minimum: 0.01, maximum: 999.99", kept: ["0.01", "999.99"],
            rejected: [("0", "below_minimum"), ("1000", "above_maximum")]),
        Case(
            type: ("date", "date"), options: "minimum: '2020-02-29', exclusiveMaximum: '2021-01-01'",
            kept: ["2020-02-29", "2020-12-31"],
            rejected: [("2020-02-28", "below_minimum"), ("2021-01-01", "above_maximum")]),
        Case(
            type: ("timestamp", "timestamp"), options: "minimum: '2020-01-01T00:00:00Z'",
            kept: ["2020-01-01T00:00:00Z", "2020-01-01T02:00:00+01:00"],
            rejected: [("2020-01-01T00:30:00+01:00", "below_minimum")]),
        Case(
            type: ("string", "string"), options: "minLength: 2, maxLength: 3", kept: ["ab", "äöü", "東京"],
            rejected: [("a", "too_short"), ("ä", "too_short"), ("abcd", "too_long"), ("東東東東", "too_long")]),
        Case(
            type: ("string", "string"), options: "pattern: '^[A-Z]{2}$'", kept: ["DE"],
            rejected: [("De", "pattern_mismatch"), ("DEU", "pattern_mismatch")]),
        Case(
            type: ("string", "string"), properties: "{property: validValues, value: [new, paid, 'null', 7]}",
            kept: ["new", "7", "null"], rejected: [("old", "invalid_value"), ("New", "invalid_value")]),
    ]

    @Test("a value that breaks a constraint is rejected; a null breaks none", arguments: cases, [RawFormat.csv, .json])
    func constraints(known: Case, format: RawFormat) throws {
        let table = try constrained(known.type.0, known.type.1, known.options, properties: known.properties)
        // Every second row has no value, so that the counts of values and rows differ.
        let values = known.kept.flatMap { [$0, ""] } + known.rejected.flatMap { [$0.value, ""] }
        let isQuoted = ["string", "date", "timestamp"].contains(known.type.0)
        let lines = values.enumerated().map { id, value in
            switch format {
            case .csv: "\(id),\(value)\n"
            case .json: "{\"id\": \(id), \"v\": \(value.isEmpty ? "null" : isQuoted ? "\"\(value)\"" : value)}\n"
            }
        }
        let text = (format == .csv ? "id,v\n" : "") + lines.joined()
        let reading = format == .csv ? try readCSV(text, table) : try readJSON(text, table)
        #expect(reading.rows.count == known.kept.count * 2 + known.rejected.count)
        #expect(reading.rejected.map(\.reason.rawValue) == known.rejected.map(\.reason))
        #expect(reading.rejected.allSatisfy { $0.column == "v" })
        let first = (format == .csv ? 2 : 1) + known.kept.count * 2
        #expect(reading.rejected.map(\.line) == known.rejected.indices.map { first + $0 * 2 })
    }

    @Test("the message says what is wrong and hides a masked value") func messages() throws {
        let shown = try readCSV("id,v\n1,abc\n", try constrained("string", "string", "maxLength: 2"))
        #expect(shown.rejected[0].message == "v: 'abc' has 3 characters; expected at most 2")
        let hidden = try constrained(
            "string", "string", "maxLength: 2", properties: "{property: masking, value: mask}")
        let reading = try readCSV("id,v\n1,abc\n2,ab\n", hidden)
        #expect(reading.rejected[0].message == "v: the value has 3 characters; expected at most 2")
        #expect(reading.rejected[0].rawText == nil && reading.rows.count == 1)
    }

    @Test("a row with several faults is rejected for the first") func firstFault() throws {
        let table = try constrained("integer", "int", "minimum: 0")
        #expect(try readCSV("id,v\nx,-1\n1,x\n", table).faults == ["2 not_an_integer", "3 not_an_integer"])
    }

    @Test("broken rows are found wherever slices and batches end") func batchBoundaries() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let values = (0..<20_000).map { _ in Int.random(in: 0..<50, using: &random) }
        let text = "id,v\n" + values.enumerated().map { "\($0),\($1 == 0 ? "" : String($1))\n" }.joined()
        let table = try constrained("integer", "int", "maximum: 45")
        let reading = try readCSV(text.utf8, table, window: 4096, batchRows: 777)
        let broken = values.indices.filter { values[$0] > 45 }
        #expect(reading.rejected.map(\.line) == broken.map { $0 + 2 }, "seed \(seed)")
        #expect(reading.rows.count == values.count - broken.count, "seed \(seed)")
    }

    @Test(
        "a bound that is not a value of the column fails the file, not its rows",
        arguments: [
            ("date", "date", "minimum: '2020-02-30'"), ("number", "decimal(4,1)", "minimum: 0.05"),
            ("integer", "int", "maximum: 3000000000"),
        ])
    func invalidBounds(logicalType: String, physicalType: String, options: String) throws {
        let table = try constrained(logicalType, physicalType, options)
        let error = #expect(throws: ColumnarError.self) { try readCSV("id,v\n1,\n", table) }
        #expect(error?.code == "BadConstraint" && error?.description.contains("v") == true)
    }
}
