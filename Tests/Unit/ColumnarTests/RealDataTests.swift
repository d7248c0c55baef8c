import Foundation
import Testing

@testable import Columnar

/// Compares with the counts and sums that DuckDB 2.0 finds in the real tables (`read_csv(..., all_varchar=true)`).
@Suite(.enabled(if: realData != nil, "the folder ../shared/data with the real tables is missing"))
struct RealDataTests {
    private func read(_ table: String) throws -> (reading: Reading, checksum: String?) {
        let path = try #require(realData).appending(path: "\(table).csv.gz").path
        let source = InflatedSource(try FileSource(path: path))
        let reader = try CSVReader(source, contract: try contract(table))
        let reading = try Reading(reader, try contract(table))
        return (reading, source.checksum())
    }

    private func text(_ table: String) throws -> String {
        let path = try #require(realData).appending(path: "\(table).csv.gz").path
        let source = InflatedSource(try FileSource(path: path))
        var bytes = [UInt8](repeating: 0, count: 8 << 20)
        let count = try bytes.withUnsafeMutableBytes { try source.read(into: $0) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    @Test("every beer is read") func beers() throws {
        let (reading, checksum) = try read("beer")
        #expect(reading.rows.count == 66_055)
        #expect(reading.rejected.isEmpty)
        #expect(reading.rows.compactMap { $0[0].flatMap(Int.init) }.reduce(0, +) == 2_623_581_413)
        #expect(reading.rows.compactMap { $0[1].flatMap(Int.init) }.reduce(0, +) == 452_824_549)
        #expect(reading.rows.count { $0[4] == nil } == 17_043)
        #expect(reading.rows.compactMap { $0[2]?.utf8.count }.reduce(0, +) == 1_209_589)
        #expect(reading.rows.compactMap { $0[3]?.utf8.count }.reduce(0, +) == 1_142_076)
        #expect(checksum == "de4b62953548d21529c13dd55be9d092ff51cec86183b82588bac3899fc31d5d")
    }

    @Test("every double is the one that Swift reads from its text") func doubles() throws {
        let reading = try read("beer").reading
        let texts = try text("beer").split(separator: "\n").dropFirst().map {
            $0.split(separator: ",").last.map(String.init)
        }
        // The last field of this table is never quoted, so a plain split finds it.
        let expected = texts.map { text in text.flatMap { Double($0) }.map { String($0) } }
        let actual = reading.rows.map { $0[4] }
        #expect(zip(actual, expected).allSatisfy { $0 == $1 || $0 == nil })
        #expect(actual.compactMap { $0 }.count == reading.rows.count - 17_043)
    }

    @Test("every brewery and every profile is read, and e-mail addresses are masked")
    func breweriesAndProfiles() throws {
        let breweries = try read("brewery").reading
        #expect(breweries.rows.count == 5_840)
        #expect(breweries.rows.compactMap { $0[1]?.utf8.count }.reduce(0, +) == 137_737)
        let profiles = try read("profile").reading
        #expect(profiles.rows.count == 33_388)
        #expect(profiles.rejected.isEmpty && breweries.rejected.isEmpty)
        #expect(profiles.rows.allSatisfy { $0[2]?.contains("@") != true })
        #expect(profiles.rows[0][2] == "c*******************g")
    }
}
