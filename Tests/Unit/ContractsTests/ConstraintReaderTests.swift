import Testing

@testable import Contracts

@Suite struct ConstraintReaderTests {
    private func expectRefusal(of text: String, _ says: String, at location: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: ContractError.self, sourceLocation: location) {
            try Contract(parsing: text, file: "c.yaml")
        }
        #expect(
            error?.description.contains(says) == true, "\(error?.description ?? "")", sourceLocation: location)
    }

    @Test(
        "an option that cannot be applied is refused with its place",
        arguments: [
            ("string", "minimum: 1", "unknown key 'minimum'"),
            ("integer", "minLength: 1", "unknown key 'minLength'"),
            ("string", "pattern: '(?=a)'", "look-ahead"),
            ("string", "minLength: 3, maxLength: 2", "no text would be valid"),
            ("integer", "minimum: 1.5", "expected an integer, found '1.5'"),
            ("number", "minimum: low", "expected a number, found 'low'"),
            ("date", "minimum: '2020'", "expected a date, YYYY-MM-DD, found '2020'"),
            ("timestamp", "maximum: '2020-01-01'", "expected a timestamp"),
            ("number", "multipleOf: 0.5", "checked for integers only"),
            ("integer", "minimum: 1, exclusiveMinimum: 2", "remove one"),
            ("integer", "exclusiveMinimum: true", "needs 'minimum'"),
        ])
    func invalidOptions(type: String, options: String, says: String) {
        let text = contractText(columns: "      - {name: a, logicalType: \(type), logicalTypeOptions: {\(options)}}")
        expectRefusal(of: text, says)
    }

    @Test(
        "a column's rule that cannot be measured is refused with its place",
        arguments: [
            ("string", "metric: invalidValues, mustBe: 0", "the key 'arguments' is missing"),
            ("string", "metric: invalidValues, mustBe: 0, arguments: {valid: [a]}", "unknown key 'valid'"),
            ("string", "metric: invalidValues, mustBe: 0, arguments: {validValues: []}", "leaves no value valid"),
            ("integer", "metric: invalidValues, mustBe: 0, arguments: {pattern: a}", "'pattern' applies to text"),
            ("string", "metric: invalidValues, mustBe: 0, arguments: {minimum: 1}", "'minimum' applies to numbers"),
            ("string", "metric: nullValues, mustBe: 0, severity: fatal", "'fatal' is not one of info, warning, error"),
            ("string", "metric: missingValues, mustBe: 0, arguments: {}", "the key 'missingValues' is missing"),
            ("string", "metric: duplicateValues, mustBe: 0, arguments: {properties: [a]}", "unknown key 'properties'"),
        ])
    func invalidColumnRules(type: String, rule: String, says: String) {
        let text = contractText(columns: "      - {name: a, logicalType: \(type), quality: [{\(rule)}]}")
        expectRefusal(of: text, says)
    }

    @Test(
        "a table's rule that cannot be measured is refused",
        arguments: [
            ("metric: duplicateValues, mustBe: 0", "'arguments' with 'properties'"),
            (
                "metric: duplicateValues, mustBe: 0, arguments: {properties: [b]}",
                "the column 'b', which does not exist"
            ),
            (
                "metric: duplicateValues, mustBe: 0, arguments: {properties: [a, 'c[].d']}",
                "schema[0].quality[0]: duplicateValues of 'c[].d' cannot be measured"
            ),
            (
                "metric: duplicateValues, mustBe: 0, arguments: {properties: ['e.f']}",
                "'e.f' is the name of more than one field"
            ),
            ("metric: nullValues, mustBe: 0", "a rule of a column"),
            ("metric: rowCount, unit: percent, mustBe: 0", "remove 'unit: percent'"),
        ])
    func invalidTableRules(rule: String, says: String) {
        let text = contractText(
            tableParts: "    quality: [{\(rule)}]",
            columns: """
                      - {name: a, logicalType: string}
                      - {name: c, logicalType: array, items: {logicalType: object, properties: [{name: d, logicalType: string}]}}
                      - {name: e, logicalType: object, properties: [{name: f, logicalType: string}]}
                      - {name: e.f, logicalType: string}
                """)
        expectRefusal(of: text, says)
    }
}
