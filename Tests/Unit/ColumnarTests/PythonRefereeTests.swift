import Contracts
import Foundation
import JSON
import TestReferee
import Testing

@testable import Columnar

/// Tables that Python's csv and json modules wrote, from a seed: the readers must find the values that Python had.
@Suite struct PythonRefereeTests {
    private struct Table {
        let text: [UInt8]
        let rows: [[String?]]
    }

    private static func tables(_ format: String, seed: UInt64, count: Int) throws -> [Table] {
        let lines = try Referee.run("columnar/random_rows.py", format, "\(seed)", "\(count)").split(separator: "\n")
        try #require(lines.count == count, "seed \(seed)")
        return try lines.map { line in
            let table = try JSON(parsing: String(line))
            let text = try #require([UInt8](base64: table["text"]?.string ?? ""))
            return Table(text: text, rows: table["rows"]?.array?.map { $0.array?.map(\.string) ?? [] } ?? [])
        }
    }

    @Test func csvThatPythonWroteReadsAsPythonMeantIt() throws {
        let seed = UInt64.random(in: 0...1 << 32)
        let contract = try contract(columns: "a: string", "b: string", "c: string")
        for (number, table) in try Self.tables("csv", seed: seed, count: 300).enumerated() {
            let reading = try readCSV(
                table.text, contract, piece: 1 + number % 97, window: 4 + number * 7 % 500, batchRows: 1 + number % 50)
            #expect(reading.rejected.isEmpty, "seed \(seed), table \(number)")
            #expect(reading.rows.map { Array($0.prefix(3)) } == table.rows, "seed \(seed), table \(number)")
        }
    }

    @Test func ndjsonThatPythonWroteReadsAsPythonMeantIt() throws {
        let seed = UInt64.random(in: 0...1 << 32)
        let contract = try contract(columns: "n: bigint", "s: string", "d: double")
        for (number, table) in try Self.tables("json", seed: seed, count: 200).enumerated() {
            let reading = try readJSON(
                table.text, contract, piece: 1 + number % 97, window: 4 + number * 7 % 900, batchRows: 1 + number % 50)
            #expect(reading.rejected.isEmpty, "seed \(seed), table \(number)")
            try #require(reading.rows.count == table.rows.count, "seed \(seed), table \(number)")
            for (row, expected) in zip(reading.rows, table.rows) {
                #expect(Array(row[..<2]) == Array(expected[..<2]), "seed \(seed), table \(number)")
                #expect(row[2].map(Self.bits) == expected[2].map(Self.bits), "seed \(seed), table \(number)")
                let rescued = (
                    try row.last?.map { try JSON(parsing: $0) }, try expected[3].map { try JSON(parsing: $0) }
                )
                #expect(rescued.0 == rescued.1, "seed \(seed), table \(number)")
            }
        }
    }

    private static func bits(_ text: String) -> UInt64? { Double(text)?.bitPattern }
}
