import Contracts
import Foundation
import JSON
import TestReferee
import Testing

@testable import Columnar

/// Reads tables that Python's csv and json modules wrote from a seed. The readers must find the written values.
@Suite struct PythonRefereeTests {
    private struct Table {
        let text: [UInt8]
        let rows: [[String?]]
    }

    /// Of JSON, those in which some key is a column: a file without one is refused.
    private static func tables(_ format: String, seed: UInt64, count: Int, rows: Int = 60) throws -> [Table] {
        let lines = try Referee.run("columnar/random_rows.py", format, "\(seed)", "\(count)", "\(rows)")
            .split(separator: "\n")
        try #require(lines.count == count, "seed \(seed)")
        let tables = try lines.map { line in
            let table = try JSON(parsing: String(line))
            let text = try #require([UInt8](base64: table["text"]?.string ?? ""))
            return Table(text: text, rows: table["rows"]?.array?.map { $0.array?.map(\.string) ?? [] } ?? [])
        }
        return tables.filter { table in
            format == "csv" || table.rows.isEmpty || table.rows.contains { $0.prefix(3).contains { $0 != nil } }
        }
    }

    @Test("CSV that Python wrote has the values that Python wrote") func csv() throws {
        let seed = UInt64.random(in: 0...1 << 32)
        let contract = try contract(columns: "a: string", "b: string", "c: string")
        for (number, table) in try Self.tables("csv", seed: seed, count: 300).enumerated() {
            let reading = try readCSV(
                table.text, contract, piece: 1 + number % 97, window: 4 + number * 7 % 500, batchRows: 1 + number % 50)
            #expect(reading.rejected.isEmpty, "seed \(seed), table \(number)")
            #expect(reading.rows.map { Array($0.prefix(3)) } == table.rows, "seed \(seed), table \(number)")
        }
    }

    @Test("small CSV that Python wrote reads the same through a window of every size") func csvWindows() throws {
        let seed = UInt64.random(in: 0...1 << 32)
        let contract = try contract(columns: "a: string", "b: string", "c: string")
        for (number, table) in try Self.tables("csv", seed: seed, count: 20, rows: 4).enumerated() {
            // A window holds at least a byte order mark.
            for window in 4...max(4, table.text.count + 1) {
                let reading = try readCSV(table.text, contract, piece: 1 + (number + window) % 9, window: window)
                let place = "seed \(seed), table \(number), window \(window)"
                #expect(reading.rejected.isEmpty, "\(place)")
                #expect(reading.rows.map { Array($0.prefix(3)) } == table.rows, "\(place)")
            }
        }
    }

    @Test("NDJSON that Python wrote has the values that Python wrote") func ndjson() throws {
        let seed = UInt64.random(in: 0...1 << 32)
        let contract = try contract(columns: "n: bigint", "s: string", "d: double")
        for (number, table) in try Self.tables("json", seed: seed, count: 200).enumerated() {
            let reading = try readJSON(
                table.text, contract, piece: 1 + number % 97, window: 4 + number * 7 % 900, batchRows: 1 + number % 50)
            try Self.expect(reading, toHave: table, "seed \(seed), table \(number)")
        }
    }

    @Test("small NDJSON that Python wrote reads the same through a window of every size") func ndjsonWindows() throws {
        let seed = UInt64.random(in: 0...1 << 32)
        let contract = try contract(columns: "n: bigint", "s: string", "d: double")
        for (number, table) in try Self.tables("json", seed: seed, count: 20, rows: 4).enumerated() {
            let whole = try readJSON(table.text, contract, window: 1 << 16)
            try Self.expect(whole, toHave: table, "seed \(seed), table \(number)")
            for window in 4...max(4, table.text.count + 1) {
                let reading = try readJSON(table.text, contract, piece: 1 + (number + window) % 9, window: window)
                let place = "seed \(seed), table \(number), window \(window)"
                #expect(reading.rows == whole.rows && reading.rejected.isEmpty, "\(place)")
            }
        }
    }

    private static func expect(_ reading: Reading, toHave table: Table, _ place: Comment) throws {
        #expect(reading.rejected.isEmpty, place)
        try #require(reading.rows.count == table.rows.count, place)
        for (row, expected) in zip(reading.rows, table.rows) {
            #expect(Array(row[..<2]) == Array(expected[..<2]), place)
            #expect(row[2].map(bits) == expected[2].map(bits), place)
            let rescued = (
                try row.last?.map { try JSON(parsing: $0) }, try expected[3].map { try JSON(parsing: $0) }
            )
            #expect(rescued.0 == rescued.1, place)
        }
    }

    private static func bits(_ text: String) -> UInt64? { Double(text)?.bitPattern }
}
