import AWSModels
import Columnar
import Contracts
import Control
import FakeAWS
import JSON
import RawFile
import Testing

@testable import BronzeWriter

/// Rows whose keys were erased do not come to bronze again.
@Suite struct ErasedRowsTests {
    private func convert(
        _ text: String, _ format: RawFormat, erased: [[ErasureMarks.Part]], threads: Int = 3, contract: Contract? = nil
    ) throws -> (Attempt, FileConversion.Result) {
        let attempt = Attempt()
        var options = FileConversion.Options()
        options.threads = threads
        options.reader = ReaderLimits(batchRows: 64)
        options.erased = ErasureMarks(Set(erased.map(ErasureMarks.mark)))
        let contract = try contract ?? fixedContract()
        let result = try FileConversion(contract: contract, format: format, options: options)
            .run(
                from: { MemorySource(gzip(text)) }, to: { attempt.output }, quarantine: { attempt.quarantine })
        return (attempt, result)
    }

    @Test(
        "a file has the bytes that it has without the rows, and counts that include them",
        arguments: [RawFormat.csv, .json], [1, 2, 3])
    func leftOut(format: RawFormat, threads: Int) throws {
        let head = format == .csv ? header : ""
        let all = head + rows(0..<500, as: format)
        let gone: Set = [0, 7, 63, 64, 65, 255, 499]
        let left = head + (0..<500).filter { !gone.contains($0) }.map { rows($0..<$0 + 1, as: format) }.joined()
        let (attempt, result) = try convert(
            all, format, erased: gone.map { [.integer(Int64($0))] }, threads: threads)
        let (wanted, _) = try convert(left, format, erased: [[.integer(1000)]], threads: threads)
        #expect(attempt.output.bytes == wanted.output.bytes)
        #expect(result.writtenCount == 500 && result.erased == (gone.count, 0))
    }

    @Test("a row that broke the contract is counted, and listed unless its text has an erased key") func quarantine()
        throws
    {
        let text = header + "1,good,1,5\n42,a,x,5\n420,b,x,5\n43,\"of 42\",x,5\n"
        let (attempt, result) = try convert(text, .csv, erased: [[.integer(42)]], contract: contract(rows: 10))
        #expect(result.quarantinedCount == 3 && result.erased == (0, 2))
        #expect(try attempt.quarantined.compactMap { $0["raw_text"]?.string } == ["420,b,x,5"])
    }

    @Test("a file whose broken rows are all of erased keys has a quarantine file without rows") func onlyErased() throws
    {
        let text = header + "1,good,1,5\n42,a,x,5\n"
        let (attempt, result) = try convert(text, .csv, erased: [[.integer(42)]])
        #expect(result.quarantinedCount == 1 && result.erased == (0, 1))
        #expect(attempt.quarantine.state == .finished)
        #expect(try attempt.quarantined.isEmpty)
    }

    private static let composite = """
        {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.2.0, status: draft, schema: [{name: t, properties: [
           {name: site, logicalType: string, primaryKey: true, primaryKeyPosition: 1},
           {name: person, logicalType: integer, physicalType: int, primaryKey: true, primaryKeyPosition: 2},
           {name: tags, logicalType: array, items: {logicalType: string}},
           {name: place, logicalType: object, properties: [{name: x, logicalType: integer}]}]}]}
        """

    @Test("of a key of several columns all must be equal; nested columns lose the same rows") func composite() throws {
        let contract = try Contract(parsing: Self.composite, file: "fixture")
        func row(_ number: Int) -> String {
            let tags = ["null", "[]", "[\"a\"]", "[null,\"b\",\"c\"]"][number % 4]
            let place = ["null", "{}", "{\"x\":\(number)}"][number % 3]
            return "{\"site\":\"s\(number % 3)\",\"person\":\(number / 3),\"tags\":\(tags),\"place\":\(place)}\n"
        }
        let all = (0..<300).map(row)
        // In the order of the columns' names: person, site.
        let (attempt, result) = try convert(
            all.joined(), .json, erased: [[.integer(20), .text(Array("s1".utf8))]], contract: contract)
        let left = all.enumerated().filter { $0.offset != 61 }.map(\.element).joined()
        let (wanted, _) = try convert(left, .json, erased: [[.integer(-1), .text([])]], contract: contract)
        #expect(result.erased == (1, 0))
        #expect(attempt.output.bytes == wanted.output.bytes)
    }

    @Test("a conversion after the note leaves the rows out, says so in the record, and costs no further request")
    func record() throws {
        let before = BronzeWriterTests()
        let free = try before.add()
        let first = before.aws.requests.count
        try before.write(free)
        let requests = before.aws.requests.dropFirst(first)
        #expect(requests.count { $0 == "BatchGetItem" } == 1 && !requests.contains("GetItem"), "\(requests)")

        let writer = BronzeWriterTests()
        try writer.control.noteErased(ErasureMarks.mark(of: [.integer(7)]), ofTable: "beer")
        try writer.control.noteErased(ErasureMarks.mark(of: [.integer(7)]), ofTable: "other")
        let record = try writer.add()
        let start = writer.aws.requests.count
        try writer.write(record)
        #expect(Array(writer.aws.requests.dropFirst(start)) == Array(requests))
        let stored = try writer.stored(record)
        #expect(stored.recordCount == 500 && stored.writtenCount == 500)
        let item = writer.aws.items(in: "control").first { $0["control_id"] == .string(record.controlID.text) }
        #expect(item?["erased_count"] == .int(1) && item?["erased_at"] != nil)
        #expect(try writer.silver.first?.estimatedRecordCount == 499)
    }
}
