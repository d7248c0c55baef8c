import Columns
import Foundation
import Parquet
import ParquetRead
import TestRandom
import TestReferee
import Testing

/// Damage is found, or changes nothing, and never stops the process.
struct DamagedFileTests {
    private static let seeds = "\(Referee.packageRoot)/Tests/Fixtures/parquet/seeds"

    private func rows(_ bytes: [UInt8]) -> [[[UInt8]]]? {
        do {
            let file = try ParquetFile(reading: MemoryRanges(bytes))
            guard file.metadata.rowGroups.allSatisfy({ $0.rowCount < 100_000 }) else { return nil }
            return try file.everything(upTo: 1000).map { $0.flatMap(\.array.values.cells) }
        } catch {
            #expect(error is ParquetReadError)
            return nil
        }
    }

    @Test("a flipped bit anywhere and a cut anywhere are survived") func damage() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.seeds).sorted()
        #expect(names.count > 10)
        var generator = SeededGenerator(seed: 3)
        for name in names {
            let whole = try Array(Data(contentsOf: URL(filePath: "\(Self.seeds)/\(name)")))
            #expect(rows(whole) != nil, "\(name)")
            for place in whole.indices {
                var damaged = whole
                damaged[place] ^= 1 << UInt8(generator.next() % 8)
                _ = rows(damaged)
            }
            for end in stride(from: 0, to: whole.count, by: 5) { #expect(rows(Array(whole[..<end])) == nil) }
        }
    }

    /// A file of all types without compression, and its metadata.
    private func file(_ version: DataPageVersion) throws -> ([UInt8], ParquetMetadata) {
        var generator = SeededGenerator(seed: 6)
        let columns = RefereeTests.types.map { type, logicalType in
            TestColumn(type, logicalType, .repeating, .sometimes, rowCount: 30, using: &generator)
        }
        var options = WriterOptions(codec: .none)
        options.dataPageVersion = version
        let bytes = try parquetFile(columns, options)
        return (bytes, try ParquetFile(reading: MemoryRanges(bytes)).metadata)
    }

    @Test("a checksum finds each flipped bit that would change a value") func checksums() throws {
        var generator = SeededGenerator(seed: 6)
        let (whole, metadata) = try file(.v1)
        let expected = try #require(rows(whole))
        for place in 4..<metadata.rowGroups[0].chunks.map(\.range.upperBound).max()! {
            var damaged = whole
            damaged[place] ^= 1 << UInt8(generator.next() % 8)
            if let found = rows(damaged) { #expect(found == expected, "byte \(place)") }
        }
    }

    @Test("the checksum of a page of version 2 covers its values too") func checksumsOfVersion2() throws {
        let (whole, metadata) = try file(.v2)
        for chunk in metadata.rowGroups[0].chunks {
            var damaged = whole
            damaged[chunk.range.upperBound - 1] ^= 1
            #expect(rows(damaged) == nil)
        }
    }
}
