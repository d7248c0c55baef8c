import TestRandom
import Testing

@testable import Columnar

@Suite struct IntegerSetTests {
    /// Inserts in pieces, as batches do, and compares every result with that of a plain set.
    private func check(_ values: [Int64], in pieces: Int = 256) {
        var set = IntegerSet()
        var known: Set<Int64> = []
        var rest = values[...]
        while !rest.isEmpty {
            let piece = rest.prefix(pieces)
            rest = rest.dropFirst(pieces)
            var repeats = 0
            for value in piece where !known.insert(value).inserted { repeats += 1 }
            #expect(set.insert(piece) == repeats)
        }
        #expect(set.count == known.count)
        var held: Set<Int64> = []
        set.forEach { #expect(held.insert($0).inserted) }
        #expect(held == known)
    }

    private let page = Int64(IntegerSet.pageBits)

    @Test("the set holds ascending keys with and without gaps") func ascendingKeys() {
        check(Array(-page..<3 * page))
        for gap in [2, 500, 600, 1000] as [Int64] { check((0..<3 * page).filter { $0 % gap != 1 }) }
    }

    @Test("a key that repeats on a full page is counted as a repeat") func repeatedKeys() {
        let lacking = (0..<3 * page).filter { $0 % 1000 != 7 }
        check(lacking + lacking)
        check(lacking + (0..<3 * page))
        check(lacking + [7, 7, 8, 2 * page + 8, 1007, 1007, page - 1])
    }

    @Test("keys in any order give the same set", arguments: [UInt64.random(in: 0 ... .max), 20])
    func anyOrder(seed: UInt64) {
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let all = Array(0..<2 * page)
        check(all.shuffled(using: &random) + all.prefix(1000))
        // Nearly in order: keys on both sides of a page boundary alternate.
        check(all.sorted { ($0 / 50, $0 & 1) < ($1 / 50, $1 & 1) })
        check((0..<20_000).map { _ in Int64.random(in: -3 * page...3 * page, using: &random) })
        check((0..<300).map { _ in Int64.random(in: .min ... .max, using: &random) } + [.min, .max, .min, -1, 0, -1])
    }

    @Test("ascending keys take less than 40 kB, however many") func ascendingKeyMemory() {
        var set = IntegerSet()
        for start in stride(from: 0 as Int64, to: 200 * page, by: 1 << 14) {
            let values = (start..<start + 1 << 14).filter { $0 % 1000 != 0 }
            #expect(set.insert(values[...]) == 0)
        }
        #expect(set.sizeInBytes < 40_000)
    }

    @Test("keys that jump between full pages are kept as bitmaps") func jumpingKeys() {
        var set = IntegerSet()
        #expect(set.insert(Array(0..<10 * page)[...]) == 0)
        #expect(set.sizeInBytes < 2 * IntegerSet.pageBits / 8)
        let jumps = (0..<400_000).map { Int64($0) * page % (10 * page) }
        #expect(set.insert(jumps[...]) == jumps.count)
        #expect(set.sizeInBytes == 10 * IntegerSet.pageBits / 8)
    }
}
