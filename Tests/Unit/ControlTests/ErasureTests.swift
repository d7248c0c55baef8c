import AWSModels
import FakeAWS
import Testing

@testable import Control

@Suite struct ErasureTests {
    private let tests: ControlTableTests

    init() throws { tests = try ControlTableTests() }

    @Test("rows that leave a file are counted once, however often that is noted") func notedOnce() throws {
        _ = try tests.table.register(tests.record)
        let id = tests.record.controlID
        for eTag in ["a", "a", "b", "b"] { try tests.table.noteErasure(of: id, rows: 2, in: eTag) }
        #expect(tests.aws.items(in: "control").first?["erased_count"] == .int(4))
        #expect(
            try !tests.table.noteErasure(of: #require(ControlID(String(repeating: "0", count: 32))), rows: 1, in: "a"))
        #expect(tests.aws.items(in: "control").count == 1)
    }

    @Test("a conversion that a worker holds is found, until its attempt ends or its lease expires") func running()
        throws
    {
        _ = try tests.table.register(tests.record)
        #expect(try tests.table.runningConversions(ofTable: "beer").isEmpty)
        let claimed = try tests.claimed()
        #expect(try tests.table.runningConversions(ofTable: "beer") == [claimed.controlID: claimed.attemptCount])
        #expect(try tests.table.runningConversions(ofTable: "brewery").isEmpty)
        #expect(try tests.table.isRunning(claimed.controlID, attempt: claimed.attemptCount))
        tests.aws.advance(byMilliseconds: 61_000)
        #expect(try !tests.table.isRunning(claimed.controlID, attempt: claimed.attemptCount))
    }

    @Test("marks are found by whole keys, integers of any width, and as words of a text") func marks() throws {
        let table = tests.table
        try table.noteErased(ErasureMarks.mark(of: [.integer(42)]), ofTable: "beer")
        try table.noteErased(ErasureMarks.mark(of: [.integer(-7)]), ofTable: "beer")
        try table.noteErased(ErasureMarks.mark(of: [.integer(1), .text(Array("a b".utf8))]), ofTable: "beer")
        let erased = try table.keyState(andErasedKeysOf: tests.record).erased
        #expect(erased.contains([.integer(42)]) && erased.contains([.integer(1), .text(Array("a b".utf8))]))
        #expect(!erased.contains([.integer(43)]) && !erased.contains([.integer(1)]) && !erased.contains([]))
        for (text, wanted) in [
            ("x,42,y", true), ("42", true), ("421,142", false), ("a42", false), ("{\"id\":-7}", true), ("7", false),
            ("1,\"a b\"", true), ("1,\"a bc\"", false), ("2,a b", false), ("", false), ("99999999999999999999", false),
        ] {
            #expect(erased.mayBe(in: text.utf8) == wanted, "\(text)")
        }
        #expect(try table.keyState(andErasedKeysOf: ControlKeyTests.record("raw/brewery/a.csv.gz")).erased.isEmpty)
    }

    @Test("the first part of an erased key is always a candidate; of other values few are") func candidates() {
        let numbers: [Int64] = (0..<200).map { _ in .random(in: .min ... .max) } + [0, -1, .min, .max]
        let texts = (0..<200).map { "person-\($0)@\(numbers[$0])" } + ["", "é"]
        let marks = ErasureMarks(
            Set(
                numbers.map { ErasureMarks.mark(of: [.integer($0), .text([7])]) }
                    + texts.map { ErasureMarks.mark(of: [.text(Array($0.utf8))]) }))
        #expect(numbers.allSatisfy { marks.mayBegin(with: $0) })
        #expect(texts.allSatisfy { marks.mayBegin(with: $0.utf8) })
        // 406 of 65,536 short hashes are taken: 62 of 10,000 are expected.
        #expect((0..<10_000).count { marks.mayBegin(with: Int64($0) * 1_000_003 + 17) } < 500)
        #expect((0..<10_000).count { marks.mayBegin(with: "other-\($0)".utf8) } < 500)
        #expect(!ErasureMarks().mayBegin(with: 0) && !ErasureMarks().mayBegin(with: "".utf8))
    }
}
