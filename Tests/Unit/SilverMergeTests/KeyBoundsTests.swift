import Iceberg
import TestRandom
import Testing

@testable import SilverMerge

@Suite struct KeyBoundsTests {
    func file(_ lower: IcebergValue, _ upper: IcebergValue) -> DataFile {
        var file = DataFile(path: "s3://lake/a", partition: [], recordCount: 1, sizeInBytes: 1)
        file.lowerBounds = [1: lower.serialized]
        file.upperBounds = [1: upper.serialized]
        return file
    }

    func bounds(_ numbers: [Int64]) -> KeyBounds {
        KeyBounds(.integers(IntegerKeys(numbers, rows: numbers.indices.map { Int32($0) })), fieldID: 1, .long)
    }

    @Test("a file is passed by only if no key of the batch lies between its bounds") func numbers() {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<200 {
            let keys = (0..<Int.random(in: 1...5, using: &random)).map { _ in Int64.random(in: -20...20, using: &random)
            }
            let lower = Int64.random(in: -25...25, using: &random)
            let upper = lower + Int64.random(in: 0...10, using: &random)
            let isIn = keys.contains { (lower...upper).contains($0) }
            #expect(bounds(keys).mayHold(file(.long(lower), .long(upper))) == isIn, "\(keys) in \(lower)...\(upper)")
        }
    }

    @Test("a text's bounds may be cut, and a key that is the bound itself is in the file") func texts() {
        var table = KeyTable(expecting: 1)
        var key = KeyBytes()
        key.append(text: "abc".utf8)
        _ = table.number(of: key)
        let bounds = KeyBounds(.bytes(table), fieldID: 1, .string)
        #expect(bounds.mayHold(file(.string("abc"), .string("abc"))))
        #expect(bounds.mayHold(file(.string("ab"), .string("abd"))))
        #expect(bounds.mayHold(file(.string(""), .string("b"))))
        #expect(!bounds.mayHold(file(.string("abd"), .string("b"))))
        #expect(!bounds.mayHold(file(.string("a"), .string("abb"))))
        #expect(!bounds.mayHold(file(.string("abca"), .string("b"))))
    }

    @Test("a file without bounds may hold any key; a batch of no keys touches no file") func without() {
        #expect(bounds([1]).mayHold(DataFile(path: "s3://lake/a", partition: [], recordCount: 1, sizeInBytes: 1)))
        #expect(!bounds([]).mayHold(file(.long(0), .long(9))))
    }
}
