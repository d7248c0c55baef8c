import AWSClient
import AWSModels
import Control
import FakeAWS
import Testing
import Time

@testable import cupel

@Suite("a run of many files")
struct RunManyTests {
    private func ingestion(_ number: Int, _ table: String = "beer") -> Ingestion {
        Ingestion(
            RawFile(
                path: "in/\(table)-\(number).csv.gz", table: table, key: "raw/\(table)/\(number).csv.gz",
                sizeInBytes: 1000))
    }

    @Test("its summary has a line for each table and fits 80 columns")
    func summary() {
        let files = (0..<10_000).map { ingestion($0, $0.isMultiple(of: 2) ? "beer" : "brewery") }
        let lines = RunSummary(files, seconds: 40).lines
        #expect(lines.count == 6)
        #expect(lines.allSatisfy { $0.count <= 80 })
        #expect(lines[1].hasPrefix("beer") && lines[2].hasPrefix("brewery") && lines[3].hasPrefix("all"))
        #expect(lines.last == "10,000 files in 40.0 s: 250 a second")
    }

    @Test("files take turns: those that are not done come after those that were not looked at")
    func turns() {
        var queue = PollQueue()
        for position in 0..<250 { queue.append(position) }
        #expect(queue.next(100) == Array(0..<100))
        for position in 0..<100 { queue.append(position) }
        #expect(queue.next(100) == Array(100..<200))
        #expect(queue.next(100) == Array(200..<250) + Array(0..<50))
        #expect(queue.next(100) == Array(50..<100))
        #expect(queue.isEmpty)
        #expect(queue.next(100).isEmpty)
    }

    @Test("words are wrapped, and a long one has a line of its own")
    func wrapping() {
        #expect(TextTable.wrapped("one two  three\nfour", to: 9) == ["one two", "three", "four"])
        #expect(TextTable.wrapped("a s3://bucket/key b", to: 6) == ["a", "s3://bucket/key", "b"])
        #expect(TextTable.wrapped("", to: 6).isEmpty)
    }

    @Test("a misspelt command is answered with the one that it is close to")
    func suggestions() {
        #expect(Cupel.suggestion(for: ["qurey", "SELECT 1"]) == "query")
        #expect(Cupel.suggestion(for: ["contract", "lnit"]) == "contract lint")
        #expect(Cupel.suggestion(for: ["frobnicate"]) == nil)
        #expect(Cupel.suggestion(for: ["query", "selct"]) == nil)
        #expect(Cupel.suggestion(for: ["--hepl"]) == nil)
    }
}
