import Contracts
import JSON
import TestRandom
import Testing

@testable import Columnar

@Suite struct NDJSONPropertyTests {
    private let table: Contract
    private let keys = ["n", "s", "d", "u", "v"]

    init() throws {
        table = try contract(columns: "n: bigint", "s: string", "d: double")
    }

    private func randomString(_ generator: inout SeededGenerator) -> String {
        let pieces = [
            "a", "é", "葉", "😀", "\\n", "\\\"", "\\u00e9", "\\ud83d\\ude00", " ", ",", "}", "{", ":", "x", "0",
        ]
        let length = Int.random(in: 0..<10, using: &generator)
        return "\"" + (0..<length).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined() + "\""
    }

    private func randomValue(_ key: String, _ generator: inout SeededGenerator, depth: Int = 0) -> String {
        if Int.random(in: 0..<8, using: &generator) == 0 { return "null" }
        switch key {
        case "n":
            return String(
                Int64.random(in: .min ... .max, using: &generator) >> Int.random(in: 0..<60, using: &generator))
        case "s": return randomString(&generator)
        case "d": return "\(Double.random(in: -1000...1000, using: &generator))"
        default:
            guard depth < 3, Bool.random(using: &generator) else { return randomString(&generator) }
            let inner = (0..<Int.random(in: 0..<3, using: &generator)).map { _ in
                randomValue(keys.randomElement(using: &generator) ?? "s", &generator, depth: depth + 1)
            }
            return "[" + inner.joined(separator: ", ") + "]"
        }
    }

    private func randomLine(_ shape: [String], _ generator: inout SeededGenerator) -> String {
        let space = Int.random(in: 0..<4, using: &generator) == 0 ? " " : ""
        let members = shape.map { "\"\($0)\"\(space):\(space)\(randomValue($0, &generator))" }
        return "{" + members.joined(separator: ",\(space)") + "}"
    }

    /// What the JSON module makes of a line: the three columns and the unknown fields.
    private func reference(_ line: String) throws -> (columns: [String?], rescued: JSON?) {
        guard case .object(let object) = try JSON(parsing: line) else { return ([], nil) }
        var columns: [String?] = [nil, nil, nil]
        var unknown = JSONObject()
        for (key, value) in object {
            guard let index = ["n", "s", "d"].firstIndex(of: key) else {
                unknown[key] = value
                continue
            }
            columns[index] =
                switch value {
                case .string(let text): text
                case .number(let number): index == 2 ? Double(number.text).map { "\($0)" } : number.text
                default: nil
                }
        }
        return (columns, unknown.isEmpty ? nil : .object(unknown))
    }

    @Test("random lines are read as the JSON module reads them", arguments: 0..<60)
    func randomLines(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var shape = keys.shuffled(using: &generator)
        let lines = (0..<Int.random(in: 1..<60, using: &generator)).map { _ -> String in
            if Int.random(in: 0..<6, using: &generator) == 0 {
                shape = Array(keys.shuffled(using: &generator).prefix(Int.random(in: 1...5, using: &generator)))
            }
            return randomLine(shape, &generator)
        }
        let reading = try readJSON(
            Array((lines.joined(separator: "\n") + "\n").utf8), table,
            piece: Int.random(in: 1..<300, using: &generator), window: Int.random(in: 1..<2000, using: &generator))
        #expect(reading.rejected.isEmpty, "seed \(seed)")
        #expect(reading.rows.count == lines.count, "seed \(seed)")
        for (line, row) in zip(lines, reading.rows) {
            let expected = try reference(line)
            #expect(Array(row.prefix(3)) == expected.columns, "seed \(seed): \(line)")
            #expect(try (row.last ?? nil).map { try JSON(parsing: $0) } == expected.rescued, "seed \(seed): \(line)")
        }
    }

    @Test("every line of a damaged text is either read or rejected", arguments: 0..<60)
    func brokenBytes(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed &+ 5000)
        let shape = keys.shuffled(using: &generator)
        var text = Array((0..<50).map { _ in randomLine(shape, &generator) + "\n" }.joined().utf8)
        for _ in 0..<Int.random(in: 1..<30, using: &generator) {
            let index = Int.random(in: 0..<text.count, using: &generator)
            text[index] = [0x22, 0x2C, 0x0A, 0xFF, 0x5C, 0x00, 0x7B, 0x7D].randomElement(using: &generator) ?? 0
        }
        let small = try readJSON(text, table, window: Int.random(in: 1..<300, using: &generator), batchRows: 13)
        let large = try readJSON(text, table, window: 1 << 16, batchRows: 13)
        #expect(small.rows == large.rows && small.rejected == large.rejected, "seed \(seed)")
        let lines = text.split(separator: 0x0A, omittingEmptySubsequences: true)
            .filter { !$0.allSatisfy { $0 == 0x20 } }
        #expect(large.rows.count + large.rejected.count == lines.count, "seed \(seed)")
    }
}
