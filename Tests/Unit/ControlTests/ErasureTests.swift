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
}
