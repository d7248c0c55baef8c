import Contracts
import RawFile
import TestRandom
import Testing

@testable import Columnar

/// Rows around the length limit give the same result, however much of them is in memory when they are read.
@Suite struct LongRowTests {
    private static let limit = 40
    private let table: Contract

    init() throws { table = try contract(columns: "a: string", "b: string") }

    private func read(_ text: [UInt8], as format: RawFormat, piece: Int, window: Int) throws -> Reading {
        var limits = ReaderLimits(batchRows: 3, batchBytes: 100, lineBytes: Self.limit)
        limits.windowBytes = window
        let source = MemorySource(text, pieceSize: piece)
        return try Reading(try format.reader(of: source, contract: table, limits: limits), table)
    }

    /// A row of exactly `length` bytes, without its ending.
    private func row(_ length: Int, as format: RawFormat, isQuoted: Bool) -> String {
        func filled(_ front: String, _ back: String) -> String {
            front + String(repeating: "x", count: length - front.utf8.count - back.utf8.count) + back
        }
        switch format {
        case .csv: return isQuoted ? filled("1,\"", "\n\r\n\"") : filled("1,", "")
        case .json:
            return isQuoted ? filled("{\"a\":\"1\",\"b\":\"\\n", "\"} ") : filled("{\"a\":\"1\",\"b\":\"", "\"}")
        }
    }

    @Test(
        "a row of any length around the limit reads the same through every window", arguments: RawFormat.allCases,
        [false, true])
    func rowLengths(format: RawFormat, isQuoted: Bool) throws {
        let header = format == .csv ? "a,b\n" : ""
        let small = row(24, as: format, isQuoted: false)
        for length in [30, 39, 40, 41, 42, 43, 44, 63, 79, 80, 81, 85] {
            let long = row(length, as: format, isQuoted: isQuoted)
            for (ending, isLast) in [
                ("\n", false), ("\r\n", false), ("\n", true), ("\r\n", true), ("", true), ("\r", true),
            ] {
                let text = Array((header + small + "\n" + long + ending + (isLast ? "" : small)).utf8)
                let whole = try read(text, as: format, piece: .max, window: 1 << 12)
                #expect(whole.rows.count + whole.rejected.count == (isLast ? 2 : 3))
                if length > Self.limit {
                    let rejected = try #require(whole.rejected.first)
                    #expect(rejected.rawLength == length, "\(text)")
                    #expect(rejected.rawText == Array(long.utf8.prefix(Self.limit)), "\(text)")
                    #expect(rejected.message.contains("has \(length) bytes"), "\(text)")
                }
                #expect(whole.rejected.count == (length > Self.limit ? 1 : 0))
                for window in 4...Self.limit * 3 {
                    let split = try read(text, as: format, piece: window % 7 + 1, window: window)
                    #expect(split.rows == whole.rows, "length \(length), window \(window)")
                    #expect(split.rejected == whole.rejected, "length \(length), window \(window)")
                    #expect(split.batchSizes == whole.batchSizes, "length \(length), window \(window)")
                }
            }
        }
    }

    /// Separators, quotes and line endings in any order, and rows of any length; most are broken.
    @Test("any text reads the same through every window", arguments: RawFormat.allCases, 0..<25 as Range<UInt64>)
    func anyText(format: RawFormat, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pieces =
            format == .csv
            ? ["x", "xxxxxxxxxx", ",", "\"", "\"\"", "\n", "\r\n", "\r", "é", "1,2\n"]
            : [
                "x", "xxxxxxxxxx", "{\"a\":\"", "\"}\n", "\"", "\n", "\r\n", "\r", "é", "{\"a\":\"1\",\"b\":\"2\"}\n",
                " ",
            ]
        var text = Array((format == .csv ? "a,b\n" : "").utf8)
        for _ in 0..<60 { text += Array((pieces.randomElement(using: &generator) ?? "").utf8) }
        func outcome(piece: Int, window: Int) -> Result<Reading, ColumnarError> {
            do {
                return .success(try read(text, as: format, piece: piece, window: window))
            } catch {
                return .failure(error as? ColumnarError ?? .emptyFile)
            }
        }
        let whole = outcome(piece: .max, window: 1 << 12)
        for window in 4...text.count + 1 {
            switch (whole, outcome(piece: Int.random(in: 1...50, using: &generator), window: window)) {
            case (.success(let whole), .success(let split)):
                #expect(split.rows == whole.rows, "seed \(seed), window \(window)")
                #expect(split.rejected == whole.rejected, "seed \(seed), window \(window)")
                #expect(split.batchSizes == whole.batchSizes, "seed \(seed), window \(window)")
            case (.failure(let whole), .failure(let split)): #expect(split == whole, "seed \(seed), window \(window)")
            default: Issue.record("seed \(seed), window \(window): one result is an error, the other is not")
            }
        }
    }
}
