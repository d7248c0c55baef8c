import TestRandom
import Testing

@testable import SilverMerge

@Suite struct KeyTableTests {
    func key(_ number: Int64, _ text: String) -> KeyBytes {
        var key = KeyBytes()
        key.append(number)
        key.append(text: text.utf8)
        return key
    }

    @Test("each key has one number, found again among many") func numbers() {
        var table = KeyTable(expecting: 1)
        for value in 0..<5000 as Range<Int64> { #expect(table.number(of: key(value, "t")) == Int(value)) }
        for value in 0..<5000 as Range<Int64> {
            #expect(table.number(of: key(value, "t")) == Int(value))
            #expect(table.find(key(value, "")) == nil)
        }
        #expect(table.count == 5000)
    }

    @Test("keys are sorted as their values are: numbers with their sign, then text, of which a shorter comes first")
    func order() {
        let values: [(Int64, String)] = [
            (.min, ""), (-1, "z"), (0, ""), (0, "\0"), (0, "\0a"), (0, "a"), (0, "a\0"), (0, "a\0b"), (0, "aa"),
            (0, "ä"),
            (1, ""), (.max, ""),
        ]
        var random = SeededGenerator(seed: 4)
        let shuffled = values.shuffled(using: &random)
        var table = KeyTable(expecting: 1)
        let numbers = shuffled.map { Int32(table.number(of: key($0.0, $0.1))) }
        let sorted = table.sorted(numbers).map { shuffled[Int($0)] }
        #expect(sorted.map(\.0) == values.map(\.0) && sorted.map(\.1) == values.map(\.1))
    }
}
