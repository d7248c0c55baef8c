import Contracts
import TestRandom
import Testing

@testable import Columnar

/// The rows of `text`, read one byte at a time as RFC 4180 defines them. The reader must agree with it. Nil is an
/// unquoted empty field.
private func referenceRows(_ text: [UInt8]) -> [[[UInt8]?]] {
    var rows: [[[UInt8]?]] = []
    var row: [[UInt8]?] = []
    var field: [UInt8] = []
    var (isQuoted, inQuotes) = (false, false)
    var index = 0
    func endField() {
        row.append(field.isEmpty && !isQuoted ? nil : field)
        (field, isQuoted) = ([], false)
    }
    while index < text.count {
        let byte = text[index]
        index += 1
        if inQuotes {
            if byte != UInt8(ascii: "\"") {
                field.append(byte)
            } else if index < text.count, text[index] == UInt8(ascii: "\"") {
                field.append(byte)
                index += 1
            } else {
                inQuotes = false
            }
        } else if byte == UInt8(ascii: "\""), field.isEmpty, !isQuoted {
            (isQuoted, inQuotes) = (true, true)
        } else if byte == UInt8(ascii: ",") {
            endField()
        } else if byte == UInt8(ascii: "\n") {
            if field.last == UInt8(ascii: "\r"), !isQuoted { field.removeLast() }
            endField()
            rows.append(row)
            row = []
        } else if byte != UInt8(ascii: "\r") || !isQuoted {
            field.append(byte)
        }
    }
    return rows
}

@Suite struct CSVPropertyTests {
    private let texts: Contract

    init() throws {
        texts = try contract(columns: "a: string", "b: string", "c: string")
    }

    private func randomField(_ generator: inout SeededGenerator) -> String {
        let alphabet = ["a", "b", "é", "葉", " ", "\r", "0", "-", "😀", "\t", "'"]
        let length = Int.random(in: 0..<12, using: &generator)
        var plain = (0..<length).map { _ in alphabet.randomElement(using: &generator) ?? "" }.joined()
        // Outside quotes a return breaks the row.
        plain.removeAll { $0 == "\r" }
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<5: return plain
        case 5: return "x\"\(plain)\"y"
        default:
            let inside = (0..<length).map { _ in
                (alphabet + [",", "\n", "\"\"", "\r\n"]).randomElement(using: &generator) ?? ""
            }
            return "\"\(inside.joined())\""
        }
    }

    private func randomText(_ generator: inout SeededGenerator, rows: Int) -> [UInt8] {
        var text = "a,b,c\n"
        for _ in 0..<rows {
            let fields = (0..<3).map { _ in randomField(&generator) }
            text += fields.joined(separator: ",") + (Bool.random(using: &generator) ? "\n" : "\r\n")
        }
        return Array(text.utf8)
    }

    @Test("random text is read as the reference reads it", arguments: 0..<60) func randomTexts(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let text = randomText(&generator, rows: Int.random(in: 0..<80, using: &generator))
        let expected = referenceRows(text).dropFirst().map { row in
            row.map { field in field.map { String(decoding: $0, as: UTF8.self) } }
        }
        let window = Int.random(in: 1..<600, using: &generator)
        let reading = try readCSV(text, texts, piece: Int.random(in: 1..<300, using: &generator), window: window)
        #expect(reading.rejected.isEmpty, "seed \(seed)")
        #expect(reading.rows.map { Array($0.prefix(3)) } == Array(expected), "seed \(seed)")
    }

    @Test("a window boundary at any byte changes no row") func windowBoundaries() throws {
        let text = Array("a,b,c\n1,\"x\"\"y\n,z\",\n\"\",é,\"葉\"\r\n,,\nlast,\"q\",5\"".utf8)
        let whole = try readCSV(text, texts, window: 4096)
        #expect(whole.rows.count == 4)
        for window in 1...text.count + 1 {
            let split = try readCSV(text, texts, piece: 1, window: window)
            #expect(split.rows == whole.rows, "window \(window)")
        }
    }

    @Test("every row of a damaged text is either read or rejected", arguments: 0..<40)
    func brokenBytes(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed &+ 1000)
        var text = randomText(&generator, rows: 60)
        for _ in 0..<Int.random(in: 1..<20, using: &generator) {
            let index = Int.random(in: 6..<text.count, using: &generator)
            text[index] = [0x22, 0x2C, 0x0A, 0xFF, 0xC3, 0x00, 0x61].randomElement(using: &generator) ?? 0
        }
        func read(_ window: Int) -> (rows: [[String?]], rejected: [RejectedRow], error: ColumnarError?) {
            do {
                let reading = try readCSV(text, texts, window: window, batchRows: 17)
                return (reading.rows, reading.rejected, nil)
            } catch {
                return ([], [], error as? ColumnarError)
            }
        }
        let small = read(Int.random(in: 1..<300, using: &generator))
        let large = read(1 << 16)
        #expect(small == large, "seed \(seed)")
        if large.error == nil {
            let lines = referenceRows(text + [0x0A]).dropFirst().filter { $0 != [nil] }
            #expect(large.rows.count + large.rejected.count == lines.count, "seed \(seed)")
        }
    }
}
