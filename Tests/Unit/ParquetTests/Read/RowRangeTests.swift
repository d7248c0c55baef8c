import Columns
import Foundation
import JSON
import Parquet
import ParquetRead
import Synchronization
import TestRandom
import Testing

/// Some rows of a row group are what they are among all rows, and the other pages stay where they are.
struct RowRangeTests {
    private static let rowCount = 700

    private static func ranges(_ generator: inout SeededGenerator) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var row = Int.random(in: 0..<200, using: &generator)
        while row < rowCount {
            let end = min(rowCount, row + [0, 1, 3, 40, 200].randomElement(using: &generator)!)
            ranges.append(row..<end)
            row = end + [0, 1, 2, 50, 300].randomElement(using: &generator)!
        }
        return ranges
    }

    private func options(_ round: Int) -> WriterOptions {
        var options = WriterOptions(codec: .snappy)
        options.pageRowLimit = 50
        options.writesPageIndex = !round.isMultiple(of: 3)
        options.dataPageVersion = round.isMultiple(of: 2) ? .v1 : .v2
        return options
    }

    @Test("any rows of flat columns are the same rows, with and without a page index", arguments: 0..<12)
    func flat(round: Int) throws {
        var generator = SeededGenerator(seed: UInt64(round))
        var columns: [TestColumn] = []
        for (type, logicalType) in RefereeTests.types {
            for nulls in [Nulls.never, .inRuns] {
                for shape in [Shape.repeating, .ascending] {
                    columns.append(
                        TestColumn(type, logicalType, shape, nulls, rowCount: Self.rowCount, using: &generator))
                }
            }
        }
        var reading = ReadOptions()
        reading.fetchSize = 300
        let file = try ParquetFile(reading: MemoryRanges(parquetFile(columns, options(round))), reading)
        let ranges = Self.ranges(&generator)
        var rows = try file.rows(ofGroup: 0, columns: Array(columns.indices), rows: ranges)
        var found: [Int] = []
        while let batch = try rows.next(upTo: 30) {
            let range = batch.firstRow..<batch.firstRow + batch.rowCount
            found += range
            for (column, array) in zip(columns, batch.columns) {
                #expect(
                    array.cells(rowCount: batch.rowCount) == column.batch(range).cells(rowCount: range.count),
                    "\(column.column.name), rows \(range)")
            }
        }
        #expect(found == ranges.flatMap { Array($0) })
    }

    @Test("any rows of nested columns are the same rows", arguments: 0..<12) func nested(round: Int) throws {
        var generator = SeededGenerator(seed: UInt64(round))
        let column = NestedColumn("c", depth: 3, using: &generator)
        let values = (0..<Self.rowCount).map { _ in column.shape.value(using: &generator) }
        var bytes: [UInt8] = []
        var writer = ParquetWriter(try ParquetSchema([column.field]), options(round))
        try writer.append(rowCount: values.count, columns: column.leaves(of: values).map(\.batch))
        writer.finish { bytes.append(contentsOf: $0) }
        let file = try ParquetFile(reading: MemoryRanges(bytes))
        let ranges = Self.ranges(&generator)
        var rows = try file.rows(ofGroup: 0, columns: Array(file.metadata.columns.indices), rows: ranges)
        var found: [Int] = []
        while let batch = try rows.next(upTo: 30) {
            let range = batch.firstRow..<batch.firstRow + batch.rowCount
            found += range
            for (leaf, array) in zip(column.leaves(of: Array(values[range])), batch.columns) {
                #expect(array.levels == leaf.levels, "rows \(range)")
                #expect(array.values.cells == leaf.batch.values.cells, "rows \(range)")
            }
        }
        #expect(found == ranges.flatMap { Array($0) })
    }

    /// Notes what is read.
    private final class NotedRanges: RangeSource {
        private let bytes: [UInt8]
        let read = Mutex<[Range<Int>]>([])

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var size: Int { bytes.count }

        func read(_ range: Range<Int>) -> [UInt8] {
            read.withLock { $0.append(range) }
            return Array(bytes[range])
        }
    }

    @Test("pages without wanted rows are not fetched") func fetching() throws {
        var options = WriterOptions(codec: .none)
        options.pageRowLimit = 1000
        let column = ParquetColumn(name: "a", physicalType: .double, isRequired: true, encoding: .plain)
        var bytes: [UInt8] = []
        var writer = ParquetWriter(try ParquetSchema([column]), options)
        try writer.append(rowCount: 50_000, columns: [ColumnArray(.double((0..<50_000).map(Double.init)))])
        writer.finish { bytes.append(contentsOf: $0) }
        let source = NotedRanges(bytes)
        let file = try ParquetFile(reading: source)
        source.read.withLock { $0 = [] }
        var rows = try file.rows(ofGroup: 0, columns: [0], rows: [20_500..<20_600, 40_000..<41_000])
        #expect(try rows.next(upTo: 1000)?.columns[0].values == .double((20_500..<20_600).map(Double.init)))
        #expect(try rows.next(upTo: 1000)?.columns[0].values == .double((40_000..<41_000).map(Double.init)))
        #expect(try rows.next(upTo: 1000) == nil)
        let index = try #require(file.metadata.rowGroups[0].chunks[0].offsetIndex)
        let pages = try #require(try file.offsetIndexes(of: [0], inGroup: 0)[0]).pages
        #expect(source.read.withLock { $0.dropLast() } == [index, pages[20].range, pages[40].range])
    }

    @Test("rows that do not exist or are out of order are refused") func misuse() throws {
        var generator = SeededGenerator(seed: 1)
        let column = TestColumn(.int64, nil, .random, .never, rowCount: 10, using: &generator)
        let file = try ParquetFile(reading: MemoryRanges(parquetFile([column], WriterOptions())))
        for rows in [[0..<11], [5..<6, 4..<5]] {
            #expect(throws: ParquetReadError.self) { try accept(file.rows(ofGroup: 0, columns: [0], rows: rows)) }
        }
    }

    @Test("a batch ends early where texts are large, and the rows of all columns stay together") func largeTexts()
        throws
    {
        var generator = SeededGenerator(seed: 12)
        let columns = [
            TestColumn(.int64, nil, .ascending, .sometimes, rowCount: 900, using: &generator),
            TestColumn(.byteArray, .string, .extremes, .sometimes, rowCount: 900, using: &generator),
            TestColumn(.byteArray, .string, .random, .inRuns, rowCount: 900, using: &generator),
            TestColumn(.byteArray, nil, .drifting, .never, rowCount: 900, using: &generator),
        ]
        var options = ReadOptions()
        options.batchTextLimit = 3000
        let file = try ParquetFile(reading: MemoryRanges(parquetFile(columns, self.options(1))), options)
        var rows = try file.rows(ofGroup: 0, columns: Array(columns.indices))
        var done = 0
        var batchCount = 0
        while let batch = try rows.next(upTo: 500) {
            batchCount += 1
            #expect(batch.firstRow == done)
            let range = done..<done + batch.rowCount
            for (column, array) in zip(columns, batch.columns) {
                #expect(
                    array.cells(rowCount: batch.rowCount) == column.batch(range).cells(rowCount: range.count),
                    "\(column.column.name), rows \(range)")
                if case .byteArray(let texts) = array.values { #expect(texts.bytes.count < 6000) }
            }
            done += batch.rowCount
        }
        #expect(done == 900)
        #expect(batchCount > 5)
    }

    @Test("a file that claims more rows than memory holds is refused") func hugeClaims() throws {
        let column = ParquetColumn(name: "a", physicalType: .int64)
        var bytes: [UInt8] = []
        var writer = ParquetWriter(try ParquetSchema([column]))
        try writer.append(rowCount: 10, columns: [ColumnArray(.int64([]), presence: [0])])
        writer.finish { bytes.append(contentsOf: $0) }
        var options = ReadOptions()
        options.batchSizeLimit = 64
        let file = try ParquetFile(reading: MemoryRanges(bytes), options)
        var rows = try file.rows(ofGroup: 0, columns: [0])
        var failure: (any Error)?
        do { _ = try rows.next(upTo: .max) } catch { failure = error }
        guard case ParquetReadError.tooLarge? = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        var again = try file.rows(ofGroup: 0, columns: [0])
        #expect(try again.next(upTo: 8)?.rowCount == 8)
    }
}

private func accept(_ rows: consuming RowGroupReader) {}
