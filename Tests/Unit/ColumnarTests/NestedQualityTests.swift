import Contracts
import Testing

@testable import Columnar

/// A table of `id` and of `columns`, with `rules`, written in YAML.
private func table(_ columns: String, rules: String = "") throws -> Contract {
    try Contract(
        parsing: """
            {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, schema: [{name: t,
              quality: [\(rules)], properties: [{name: id, logicalType: integer, physicalType: bigint}, \(columns)]}]}
            """, file: "fixture")
}

/// Constraints inside structs and lists: a row that breaks one is rejected.
@Suite struct NestedConstraintTests {
    private static let columns = """
        {name: p, logicalType: object, properties: [
          {name: code, logicalType: string, logicalTypeOptions: {minLength: 2, pattern: '^[a-z]+$'}},
          {name: born, logicalType: date, logicalTypeOptions: {minimum: '1900-01-01'}}]},
        {name: lines, logicalType: array, items: {logicalType: object, properties: [
          {name: price, logicalType: number, physicalType: 'decimal(6,2)', logicalTypeOptions: {minimum: 0, maximum: 99.5}},
          {name: note, logicalType: string, logicalTypeOptions: {maxLength: 3}}]}},
        {name: tags, logicalType: array, items: {logicalType: string,
          customProperties: [{property: validValues, value: [a, b]}]}}
        """

    @Test(
        "a row that breaks a nested constraint is rejected with the path",
        arguments: [
            (#""p":{"code":"x"}"#, "p.code", "too_short", #"p.code: '"x"' has 1 characters; expected at least 2"#),
            (#""p":{"code":"XY"}"#, "p.code", "pattern_mismatch", #"p.code: '"XY"' does not match ^[a-z]+$"#),
            (
                #""p":{"born":"1899-12-31"}"#, "p.born", "below_minimum",
                #"p.born: '"1899-12-31"' is less than 1900-01-01"#
            ),
            (
                #""lines":[{"price":1},{"price":99.51}]"#, "lines[].price", "above_maximum",
                "lines[1].price: '99.51' is greater than 99.5"
            ),
            (
                #""lines":[{"note":"abcd"}]"#, "lines[].note", "too_long",
                #"lines[0].note: '"abcd"' has 4 characters; expected at most 3"#
            ),
            (#""tags":["a","c"]"#, "tags[]", "invalid_value", #"tags[1]: '"c"' is none of the valid values"#),
            // A row with several faults is rejected for the fault of the first column.
            (
                #""tags":["c"],"p":{"code":"x"}"#, "p.code", "too_short",
                #"p.code: '"x"' has 1 characters; expected at least 2"#
            ),
        ])
    func rejection(json: String, place: String, reason: String, message: String) throws {
        let good =
            #"{"id":1,"p":{"code":"ab","born":null},"lines":[{"price":0},null,{"price":99.5}],"tags":["a",null]}"#
        let text = [good, "{\"id\":2,\(json)}", #"{"id":3,"p":null,"lines":[],"tags":null}"#, good].joined(
            separator: "\n")
        let reading = try readJSON(text, table(Self.columns))
        #expect(reading.rows.count == 3)
        let rejected = try #require(reading.rejected.first)
        #expect(reading.rejected.count == 1 && rejected.line == 2)
        #expect(rejected.column == place && rejected.reason.rawValue == reason)
        #expect(rejected.message == message)
        // One classified column hides the values of all, since a value may stand under any name.
        let classified = try table("{name: mail, logicalType: string, classification: internal}, " + Self.columns)
        let hidden = try #require(try readJSON(text, classified).rejected.first)
        #expect(hidden.message == message.replacing(/'.*?' (?=has|does|is)/, with: "the value "))
        #expect(hidden.rawText == nil && hidden.rawLength == rejected.rawLength)
    }

    @Test("a bound that is not a value of its type is an error that names the path") func invalidBound() throws {
        let contract = try table(
            "{name: a, logicalType: array, items: {logicalType: date, logicalTypeOptions: {minimum: '2020-02-30'}}}")
        let error = #expect(throws: ColumnarError.self) { try readJSON("{}", contract) }
        #expect(error?.code == "BadConstraint" && "\(error!)".contains("a[]"))
    }
}

/// The standard's metrics, counted over rows for fields of structs and over elements for lists.
@Suite struct NestedRuleTests {
    private func measured(_ lines: [String], _ contract: Contract, batchRows: Int) throws -> [Double] {
        let inspector = try QualityInspector(contract)
        let text = lines.enumerated().map { "{\"id\":\($0),\($1)}\n" }.joined()
        let reader = try NDJSONReader(
            MemorySource(Array(text.utf8)), contract: contract, limits: ReaderLimits(batchRows: batchRows))
        var batch = RecordBatch(contract.bronzeColumns)
        while try reader.read(into: &batch) {
            inspector.measure(batch)
            #expect(batch.rejected.map(\.message) == [])
        }
        return inspector.results.map(\.measured)
    }

    private static let metrics = """
        {metric: nullValues, mustBe: 0}, {metric: nullValues, unit: percent, mustBe: 0},
        {metric: missingValues, mustBe: 0, arguments: {missingValues: [x]}},
        {metric: invalidValues, mustBe: 0, arguments: {validValues: [a, x]}}
        """

    @Test("a field of a struct is measured as a column, and a null struct is a null field", arguments: [1, 3, 100])
    func structFields(batchRows: Int) throws {
        let nested = try table(
            """
            {name: p, logicalType: object, quality: [{metric: nullValues, mustBe: 0}], properties: [
              {name: n, logicalType: integer}, {name: q, logicalType: object, required: true, properties: [
                {name: v, logicalType: string, quality: [\(Self.metrics), {metric: duplicateValues, mustBe: 0}]},
                {name: l, logicalType: array, quality: [{metric: nullValues, mustBe: 0}], items: {logicalType: integer}}]}]}
            """,
            rules: "{metric: duplicateValues, mustBe: 0, arguments: {properties: [id, p.q.v]}}, "
                + "{metric: duplicateValues, mustBe: 0, arguments: {properties: [p.q.v, p.n]}}")
        let values: [String?] = ["a", nil, "x", "a", nil, "b", "x", "", "b", "a"]
        let lines = values.enumerated().map { row, value -> String in
            switch row {
            case 1: #""p":null"#
            case 4: #""p":{"n":7,"q":{"l":[1,2]}}"#
            default: "\"p\":{\"n\":\(row % 3),\"q\":{\"v\":\"\(value!)\"\(row == 5 ? ",\"l\":[3,4,null]" : "")}}"
            }
        }
        let flat = try table(
            "{name: v, logicalType: string, quality: [\(Self.metrics), {metric: duplicateValues, mustBe: 0}]}")
        let column = values.map { $0.map { "\"v\":\"\($0)\"" } ?? "\"v\":null" }
        let expected = try measured(column, flat, batchRows: 7)
        #expect(expected == [2, 20, 4, 3, 4])
        // (a, 0) occurs three times and (b, 2) twice. The struct is null in one row, the list in eight.
        #expect(try measured(lines, nested, batchRows: batchRows) == [0, 3, 1] + expected + [8])
    }

    @Test("list elements count individually, and shares are of elements", arguments: [1, 2, 100])
    func listElements(batchRows: Int) throws {
        let contract = try table(
            """
            {name: tags, logicalType: array, quality: [{metric: nullValues, mustBe: 0}],
             items: {logicalType: string, quality: [\(Self.metrics)]}},
            {name: lines, logicalType: array, items: {logicalType: object, quality: [{metric: nullValues, mustBe: 0}],
             properties: [{name: v, logicalType: string, quality: [\(Self.metrics)]},
               {name: inner, logicalType: array, quality: [{metric: nullValues, mustBe: 0}],
                items: {logicalType: integer, quality: [{metric: nullValues, unit: percent, mustBe: 0},
                  {metric: invalidValues, mustBe: 0, arguments: {maximum: 5}}]}}]}}
            """)
        let lines = [
            #""tags":["a",null,"x","b"],"lines":[{"v":"a","inner":[1,null,9]},null,{"v":null,"inner":[]}]"#,
            #""tags":[],"lines":[]"#, #""tags":null"#,
            #""tags":[null],"lines":[{"v":"b","inner":null},{"v":"x","inner":[6]}]"#,
        ]
        #expect(
            try measured(lines, contract, batchRows: batchRows) == [
                // tags: one list is null; of five elements two are null, one is x, one is neither a nor x
                1, 2, 40, 3, 1,
                // five lines: one is null, and another has no v
                1, 2, 40, 3, 1,
                // inner: two lists are null, one with its line; of four elements one is null and two are too large
                2, 25, 2,
            ])
    }
}
