import Columns
import Iceberg
import Parquet
import ParquetRead
import Testing

@testable import SilverMerge

/// How the chunks of a row group are written again.
struct GroupRewriterTests {
    @Test("a dictionary of few keys is kept, one with nearly as many keys as rows is given up", arguments: [20, 9000])
    func dictionary(keyCount: Int) throws {
        let rowCount = 10_000
        var forced = ParquetColumn(name: "c", physicalType: .int64, fieldID: 1)
        forced.encoding = .dictionary
        let values = (0..<rowCount).map { Int64($0 * 7919 % keyCount) << 30 }
        var bytes: [UInt8] = []
        var writer = ParquetWriter(try ParquetSchema([forced]), WriterOptions())
        try writer.append(rowCount: rowCount, columns: [ColumnArray(.int64(values))])
        writer.finish { bytes.append(contentsOf: $0) }
        let file = try ParquetFile(reading: MemoryRanges(bytes))
        let stored = try #require(file.metadata.column(path: ["c"]))
        #expect(file.metadata.rowGroups[0].chunks[0].dictionaryPageOffset != nil)

        let schema = try ParquetSchema([ParquetColumn(name: "c", physicalType: .int64, fieldID: 1)])
        let changed = Replacements(places: [3, 9_999], values: ColumnArray(.int64([-1, values[0]])))
        let chunk = try GroupRewriter(
            schema: schema, options: WriterOptions(codec: .zstd(level: 1)), file: file, group: 0,
            places: [StoredColumn(stored, to: .long)], copies: true, replacements: [changed]
        ).chunks(of: 0..<1, threads: 1)[0]
        #expect((chunk.dictionaryPageOffset != nil) == (keyCount == 20))

        var copy: [UInt8] = []
        var second = ParquetWriter(schema, WriterOptions())
        try second.append(RawRowGroup(rowCount: rowCount, chunks: [chunk]))
        second.finish { copy.append(contentsOf: $0) }
        var rows = try ParquetFile(reading: MemoryRanges(copy)).rows(ofGroup: 0, columns: [0])
        var found: [Int64] = []
        while let batch = try rows.next(upTo: 4096) {
            if case .int64(let some) = batch.columns[0].values { found += some }
        }
        var wanted = values
        wanted[3] = -1
        wanted[9_999] = values[0]
        #expect(found == wanted)
    }
}
