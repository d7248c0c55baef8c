import Columnar
import Contracts
import Control
import JSON
import RawFile
import Testing

@testable import BronzeWriter

/// A contract of `id` and `score` with the given rules, written in YAML.
func ruled(_ rules: String, table: String = "beer") throws -> Contract {
    try Contract(
        parsing: """
            {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.2.0, status: draft,
             customProperties: [{property: quarantineRows, value: 2}],
             schema: [{name: \(table), quality: [{name: has_rows, metric: rowCount, mustBeGreaterThan: 1}], properties: [
               {name: id, logicalType: integer, physicalType: bigint, required: true},
               {name: score, logicalType: integer, physicalType: int, quality: [\(rules)]}]}]}
            """, file: "fixture")
}

@Suite struct QualityTests {
    static let text = "id,score\n1,1\n2,2\n3,\n4,2\nx,2\n"

    @Test(
        "rules give the same results in every format and with any number of threads",
        arguments: [RawFormat.csv, .json], [1, 3])
    func rules(format: RawFormat, threads: Int) throws {
        let contract = try ruled("{metric: nullValues, mustBe: 0}, {metric: duplicateValues, mustBe: 1}")
        let lines =
            "{\"id\":1,\"score\":1}\n{\"id\":2,\"score\":2}\n{\"id\":3}\n{\"id\":4,\"score\":2}\n{\"id\":\"x\"}\n"
        let result = try Attempt().run(
            gzip(format == .csv ? Self.text : lines), as: format, contract: contract, threads: threads)
        #expect(result.quality.map(\.measured) == [4, 1, 1])
        #expect(result.quality.map(\.outcome) == [.passed, .failed, .passed])
        #expect(result.writtenCount == 4 && result.quarantinedCount == 1)
    }

    @Test("a failed rule of severity error fails the file and leaves no output", arguments: [1, 3])
    func fatalRule(threads: Int) throws {
        let attempt = Attempt()
        let contract = try ruled("{name: all_there, metric: nullValues, mustBe: 0, severity: error}")
        let error = #expect(throws: ConversionError.self) {
            try attempt.run(gzip(Self.text), contract: contract, threads: threads)
        }
        #expect(error?.errorType == "QualityFailed")
        let text = error?.description ?? ""
        for part in ["1 of 2 quality rules", "beer 1.2.0", "all_there is 1, and mustBe 0", "replay"] {
            #expect(text.contains(part), "\(text)")
        }
        #expect(error?.measuredRules.map(\.outcome) == [.passed, .failed])
        #expect(attempt.output.state == .aborted && attempt.quarantine.state == .aborted)
    }

    @Test("a rule that exceeds the memory limit is unchecked and does not fail the file") func memoryLimit() throws {
        let contract = try ruled("{metric: duplicateValues, mustBe: 0, severity: error}")
        var options = FileConversion.Options()
        options.qualityMemory = 1024
        let rows = (0..<500).map { "\($0),\($0 * 1_000_003 % 2_000_000_011)\n" }.joined()
        let result = try FileConversion(contract: contract, format: .csv, options: options).run(
            from: { MemorySource(gzip("id,score\n" + rows)) }, to: { MemorySink() }, quarantine: { MemorySink() })
        #expect(result.quality.map(\.outcome) == [.passed, .unchecked])
    }
}
