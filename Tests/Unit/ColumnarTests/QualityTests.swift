import Columns
import Contracts
import Testing
import TestRandom

@testable import Columnar

@Suite struct QualityTests {
    /// A table of `id` and `v`, with rules of `v` and of the table, written in YAML.
    private func table(_ type: String = "string", column rules: String = "", table tableRules: String = "") throws
        -> Contract
    {
        try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, schema: [{name: t,
                  quality: [\(tableRules)], properties: [
                  {name: id, logicalType: integer, physicalType: bigint, required: true},
                  {name: v, logicalType: \(type), quality: [\(rules)]}]}]}
                """, file: "fixture")
    }

    /// Measures a CSV text in batches of `batchRows`.
    private func results(
        _ text: String, _ contract: Contract, batchRows: Int = 3, memory: Int = QualityInspector.defaultMemory
    ) throws -> [QualityResult] {
        let inspector = try QualityInspector(contract, memory: memory)
        let reader = try CSVReader(
            MemorySource(Array(text.utf8)), contract: contract, limits: ReaderLimits(batchRows: batchRows))
        var batch = RecordBatch(contract.bronzeColumns)
        while try reader.read(into: &batch) { inspector.measure(batch) }
        return inspector.results
    }

    private func measured(
        _ values: [String?], _ rule: String, type: String = "string", header: String = "id,v"
    ) throws -> Double {
        let lines = values.enumerated().map { "\($0),\($1 ?? "")\n" }
        return try #require(try results("\(header)\n" + lines.joined(), table(type, column: "{\(rule)}")).first)
            .measured
    }

    // MARK: Metrics

    @Test(
        "the standard's metrics count text values",
        arguments: [
            ("metric: nullValues, mustBe: 0", 2.0), ("metric: nullValues, unit: percent, mustBe: 0", 25),
            ("metric: missingValues, mustBe: 0, arguments: {missingValues: [n/a, '', null]}", 4),
            ("metric: missingValues, mustBe: 0, arguments: {missingValues: ['']}", 3),
            ("metric: invalidValues, mustBe: 0, arguments: {validValues: [a, b]}", 3),
            ("metric: invalidValues, mustBe: 0, arguments: {pattern: '^[a-z]?$'}", 1),
            ("metric: invalidValues, mustBe: 0, arguments: {minLength: 1, maxLength: 2}", 2),
            ("metric: duplicateValues, mustBe: 0", 1), ("metric: duplicateValues, unit: percent, mustBe: 0", 12.5),
        ])
    func textMetrics(rule: String, count: Double) throws {
        #expect(try measured(["a", nil, "a", "b", nil, "n/a", "\"\"", "c"], rule) == count)
    }

    @Test(
        "the standard's metrics count numbers",
        arguments: [
            ("integer", "metric: invalidValues, mustBe: 0, arguments: {minimum: 0, maximum: 100}", 3.0),
            ("integer", "metric: invalidValues, mustBe: 0, arguments: {validValues: [-1, 7, 200]}", 0),
            ("integer", "metric: missingValues, mustBe: 0, arguments: {missingValues: [-1, n/a]}", 3),
            ("number", "metric: invalidValues, mustBe: 0, arguments: {exclusiveMaximum: 7.0}", 2),
            ("integer", "metric: duplicateValues, mustBe: 0", 1), ("number", "metric: duplicateValues, mustBe: 0", 1),
        ])
    func numberMetrics(type: String, rule: String, count: Double) throws {
        #expect(try measured(["-1", nil, "7", "-1", "200"], rule, type: type) == count)
    }

    @Test("rejected rows count for no metric") func quarantinedRows() throws {
        let contract = try table(
            "integer", column: "{metric: nullValues, mustBe: 0}, {metric: duplicateValues, mustBe: 0}",
            table: "{metric: rowCount, mustBe: 2}")
        let all = try results("id,v\n1,5\nx,5\n2,\ny,\n", contract)
        #expect(all.map(\.measured) == [2, 1, 0] && all.map(\.outcome) == [.passed, .failed, .passed])
    }

    @Test("updates and deletes do not repeat a key") func changeRows() throws {
        let text = "id,v,operation\n1,5,insert\n1,5,update\n1,5,delete\n2,6,insert\n2,6,\n"
        for rule in ["{metric: duplicateValues, mustBe: 0}"] {
            #expect(try results(text, table("integer", column: rule), batchRows: 2).map(\.measured) == [1])
            #expect(try results(text, table("string", column: rule), batchRows: 9).map(\.measured) == [1])
        }
    }

    @Test("duplicate values are counted over several columns together") func compositeKey() throws {
        let contract = try table(table: "{metric: duplicateValues, mustBe: 0, arguments: {properties: [id, v]}}")
        let text = "id,v\n1,a\n1,b\n2,a\n1,a\n3,\n3,\n2,a\n"
        #expect(try results(text, contract).map(\.measured) == [2])
    }

    @Test(
        "each operator compares the measured value",
        arguments: [
            ("mustBe: 3", true), ("mustBe: 2", false), ("mustNotBe: 3", false), ("mustNotBe: 2", true),
            ("mustBeGreaterThan: 3", false), ("mustBeGreaterOrEqualTo: 3", true), ("mustBeLessThan: 3", false),
            ("mustBeLessOrEqualTo: 3", true), ("mustBeBetween: [3, 4]", true), ("mustBeBetween: [4, 5]", false),
            ("mustNotBeBetween: [3, 4]", false), ("mustNotBeBetween: [4, 5]", true),
        ])
    func operators(comparison: String, isPassed: Bool) throws {
        let contract = try table(table: "{metric: rowCount, \(comparison), severity: error}")
        let result = try #require(try results("id,v\n1,\n2,\n3,\n", contract).first)
        #expect(result.outcome == (isPassed ? .passed : .failed) && result.isFatal == !isPassed)
    }

    @Test("a table without rows breaks no rule in percent") func emptyTable() throws {
        let contract = try table(
            column: "{metric: nullValues, unit: percent, mustBeLessThan: 1}",
            table: "{metric: rowCount, mustBeGreaterThan: 0}")
        #expect(try results("id,v\n", contract).map(\.outcome) == [.failed, .passed])
    }

    @Test("a result says what was measured and what the rule expects") func description() throws {
        let contract = try table(column: "{metric: nullValues, unit: percent, mustBeBetween: [0, 12.5]}")
        let result = try #require(try results("id,v\n1,\n2,\n3,a\n", contract).first)
        #expect("\(result)".hasPrefix("nullValues of v is 66.6"))
        #expect("\(result)".hasSuffix(", and mustBeBetween 0 and 12.5 percent"))
    }

    // MARK: Duplicate values

    enum Keys: String, CaseIterable, Sendable {
        case ascending, shuffled, farApart, negative, random, texts, longTexts, uuids
    }

    @Test("repeats are counted as a set counts them", arguments: Keys.allCases)
    func repeats(keys: Keys) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var values: [String] = (0..<6_000).map { index in
            switch keys {
            case .ascending, .shuffled: String(index)
            case .farApart: String(index * 1_000_003)
            case .negative: String(index - 3_000)
            case .random: String(Int64.random(in: .min ... .max, using: &random))
            case .texts: "k\(index)"
            case .longTexts: "a key that is longer than a word of the machine: \(index)"
            case .uuids:
                "\(String(UInt64.random(in: .min ... .max, using: &random), radix: 16))-\(index)"
            }
        }
        if keys != .ascending { values.shuffle(using: &random) }
        for _ in 0..<137 {
            values.insert(values.randomElement(using: &random)!, at: .random(in: 0..<6_000, using: &random))
        }
        let isText = [.texts, .longTexts, .uuids].contains(keys)
        let contract = try table(isText ? "string" : "integer", column: "{metric: duplicateValues, mustBe: 137}")
        let text = "id,v\n" + values.map { "1,\($0)\n" }.joined()
        let result = try #require(try results(text, contract, batchRows: 777).first)
        #expect(result.measured == Double(values.count - Set(values).count), "seed \(seed)")
        #expect(result.outcome == .passed, "seed \(seed)")
    }

    @Test("a rule that exceeds its memory is unchecked, unless the repeats counted so far decide it")
    func memoryLimit() throws {
        func outcome(_ values: [Int], _ comparison: String) throws -> QualityResult.Outcome? {
            let contract = try table("integer", column: "{metric: duplicateValues, \(comparison)}")
            let text = "id,v\n" + values.map { "1,\($0 &* 0x1E37_79B9_7F4A_7C15)\n" }.joined()
            return try results(text, contract, batchRows: 500, memory: 4096).first?.outcome
        }
        let different = Array(0..<2000)
        #expect(try outcome(different, "mustBe: 0") == .unchecked)
        #expect(try outcome([0, 0] + different, "mustBe: 0") == .failed)
        #expect(try outcome([0, 0] + different, "mustBeGreaterThan: 0") == .passed)
        #expect(try outcome(Array(0..<200), "mustBe: 0") == .passed)
    }

    @Test("an ascending key takes about one bit a row") func ascendingKey() throws {
        let columns = [BronzeColumn(name: "k", type: .int64, isRequired: true, fieldID: 1)]
        var counter = RepeatCounter(of: [try #require(MeasuredPlace("k", in: columns))], byteLimit: 128 << 10)
        var batch = RecordBatch(columns)
        for start in stride(from: 0, to: 1_000_000, by: 10_000) {
            batch.removeAll()
            batch.columns[0].leaves[0].values = .int64((0..<10_000).map { Int64(start + $0) })
            batch.rowCount = 10_000
            counter.count(batch, operations: batch.columns[0])
        }
        #expect(counter.repeats == 0 && !counter.isExhausted)
    }
}
