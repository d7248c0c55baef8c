import Columns
import TestRandom
import Testing

@Suite struct PresenceTests {
    private func bits(_ rows: [Bool]) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: (rows.count + 63) / 64)
        for (row, isPresent) in rows.enumerated() where isPresent { words[row >> 6] |= 1 << UInt64(row & 63) }
        return words
    }

    @Test("bits that are added at any offset, in pieces of any length, are those of the rows")
    func append() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let before = (0..<Int.random(in: 0...70, using: &random)).map { _ in Bool.random(using: &random) }
            var expected: [Bool] = []
            var presence = Presence()
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let piece = (0..<Int.random(in: 0...200, using: &random)).map { _ in Bool.random(using: &random) }
                if Bool.random(using: &random) {
                    presence.append(bits(before + piece), from: before.count, rows: piece.count)
                    expected += piece
                } else {
                    presence.appendPresent(piece.count)
                    expected += piece.map { _ in true }
                }
            }
            #expect(presence.rowCount == expected.count, "seed \(seed)")
            if let words = presence.words { #expect(words == bits(expected), "seed \(seed)") }
            #expect(presence.words != nil || !expected.contains(false), "seed \(seed)")
            let kept = Int.random(in: 0...expected.count, using: &random)
            presence.truncate(to: kept)
            if let words = presence.words { #expect(words == bits(Array(expected[..<kept])), "seed \(seed)") }
        }
    }

    @Test("there are no words as long as every row has a value")
    func allPresent() {
        var presence = Presence()
        presence.appendPresent(100)
        #expect(presence.words == nil && presence.rowCount == 100)
        presence.append([0b01], rows: 2)
        #expect(presence.words == [UInt64.max, (1 << 37) - 1])
    }
}
