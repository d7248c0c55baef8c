import Columns
import Contracts
import Foundation
import Testing
import TestReferee

@testable import Columnar

/// Texts of numbers and their bits, from a script that computes with exact fractions and Python's own floats.
private func reference(_ kind: String, seed: UInt64, count: Int) throws -> [(text: String, bits: String)] {
    try Referee.run("numbers/reference.py", kind, "\(seed)", "\(count)").split(separator: "\n").map { line in
        let words = line.split(separator: " ")
        return (String(words[0]), String(words[1]))
    }
}

@Suite struct ReferenceNumberTests {
    @Test("numbers of any length are rounded as exact fractions are", arguments: ["double", "float"])
    func rounding(kind: String) throws {
        let seed = UInt64.random(in: 1...1_000_000)
        print("seed of \(kind)s: \(seed)")
        let numbers = try reference(kind, seed: seed, count: 1500)
        #expect(numbers.count > 7000)
        let table = try contract(columns: "id: bigint!", "v: \(kind)")
        let csv = numbers.enumerated().map { "\($0.offset),\($0.element.text)\n" }.joined()
        check(
            try bits(try CSVReader(source("id,v\n" + csv), contract: table), of: table, firstLine: 2), against: numbers,
            seed)
        // A JSON number has no leading zeros and has digits on both sides of the point; other texts are strings.
        let json = numbers.enumerated().map { index, number in
            let isBare = Array(number.text.utf8).withUnsafeBufferPointer(\.isJSONNumber)
            return "{\"id\":\(index),\"v\":\(isBare ? number.text : "\"\(number.text)\"")}\n"
        }.joined()
        check(
            try bits(try NDJSONReader(source(json), contract: table), of: table, firstLine: 1), against: numbers, seed)
    }

    private func source(_ text: String) -> MemorySource { MemorySource(Array(text.utf8), pieceSize: 1 << 16) }

    private func check(_ bits: [Int: String], against numbers: [(text: String, bits: String)], _ seed: UInt64) {
        #expect(bits.count == numbers.count)
        for (index, number) in numbers.enumerated() where bits[index] != number.bits {
            Issue.record("\(number.text) is \(bits[index] ?? "lost"), not \(number.bits); seed \(seed)")
        }
    }

    /// The bits of each value by row number; `range` for a row that is rejected as out of range.
    private func bits(_ reader: any RecordReader, of table: Contract, firstLine: Int) throws -> [Int: String] {
        var found: [Int: String] = [:]
        var batch = RecordBatch(table.bronzeColumns)
        while try reader.read(into: &batch) {
            guard case .int64(let ids) = batch.columns[0].leaves[0].values else { continue }
            for (row, id) in ids.enumerated() {
                switch batch.columns[1].leaves[0].values {
                case .double(let values): found[Int(id)] = String(format: "%016lx", values[row].bitPattern)
                case .float(let values): found[Int(id)] = String(format: "%08x", values[row].bitPattern)
                default: break
                }
            }
            for row in batch.rejected {
                found[row.line - firstLine] = row.reason == .outOfRange ? "range" : row.message
            }
        }
        return found
    }
}
