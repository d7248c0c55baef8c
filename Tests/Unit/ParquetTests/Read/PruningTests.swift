import Columns
import Foundation
import Parquet
import ParquetRead
import TestRandom
import TestReferee
import Testing

/// Statistics, page indexes and bloom filters never deny a value that is there, and deny most that are not.
struct PruningTests {
    private static let bloomFilter = BloomFilterOptions(falsePositiveRate: 0.01, sizeLimit: 4096)

    private func file(_ columns: [TestColumn]) throws -> ParquetFile {
        var options = WriterOptions(codec: .snappy)
        options.pageRowLimit = 50
        options.rowGroupRowLimit = 200
        options.statisticsTextLimit = 8
        return try ParquetFile(reading: MemoryRanges(parquetFile(columns, options)))
    }

    @Test("the rows that may match have every row that does", arguments: Shape.allCases) func completeness(shape: Shape)
        throws
    {
        var generator = SeededGenerator(seed: 77)
        var columns: [TestColumn] = []
        for (type, logicalType) in RefereeTests.types + RefereeTests.otherLogicalTypes {
            for nulls in [Nulls.never, .inRuns] {
                columns.append(TestColumn(type, logicalType, shape, nulls, rowCount: 500, using: &generator))
            }
        }
        let file = try file(columns)
        for (index, column) in columns.enumerated() {
            let leaf = file.metadata.columns[index]
            let cells = column.batch(0..<500).cells(rowCount: 500)
            for row in stride(from: 0, to: 500, by: 7) {
                guard let cell = cells[row], let value = leaf.orderedValue(cell) else { continue }
                for filter in [ValueFilter(anyOf: [value]), ValueFilter(from: value, to: value)] {
                    let rows = try file.rows(matching: filter, column: index, inGroup: row / 200)
                    #expect(rows.contains { $0.contains(row % 200) }, "\(leaf.name), row \(row)")
                }
            }
        }
    }

    @Test("pages and row groups without a match are left out") func exclusion() throws {
        let values = (0..<500).map { Int64($0 * 10) }
        let column = ParquetColumn(name: "id", physicalType: .int64, isRequired: true)
        var options = WriterOptions()
        options.pageRowLimit = 50
        options.rowGroupRowLimit = 200
        var bytes: [UInt8] = []
        var writer = ParquetWriter(try ParquetSchema([column]), options)
        try writer.append(rowCount: 500, columns: [ColumnArray(.int64(values))])
        writer.finish { bytes.append(contentsOf: $0) }
        let file = try ParquetFile(reading: MemoryRanges(bytes))
        func rows(_ filter: ValueFilter, _ group: Int) throws -> [Range<Int>] {
            try file.rows(matching: filter, column: 0, inGroup: group)
        }
        #expect(try rows(ValueFilter(anyOf: [.signed(700)]), 0) == [50..<100])
        #expect(try rows(ValueFilter(anyOf: [.signed(700)]), 1) == [])
        // Between two pages, and between two row groups.
        #expect(try rows(ValueFilter(anyOf: [.signed(495)]), 0) == [])
        #expect(!file.mayMatch(ValueFilter(anyOf: [.signed(1995)]), column: 0, inGroup: 0))
        #expect(try rows(ValueFilter(anyOf: [.signed(0), .signed(510), .signed(1990)]), 0) == [0..<100, 150..<200])
        #expect(try rows(ValueFilter(from: .signed(480), to: .signed(1000)), 0) == [0..<150])
        #expect(try rows(ValueFilter(from: nil, to: .signed(3000)), 1) == [0..<150])
        #expect(try rows(ValueFilter(from: .signed(3990), to: nil), 1) == [150..<200])
        #expect(try rows(ValueFilter(anyOf: []), 0) == [])
    }

    @Test("values order by their type") func order() throws {
        func column(_ type: PhysicalType, _ logicalType: LogicalType?) throws -> FileColumn {
            var bytes: [UInt8] = []
            let writer = ParquetWriter(
                try ParquetSchema([ParquetColumn(name: "a", physicalType: type, logicalType: logicalType)]))
            writer.finish { bytes.append(contentsOf: $0) }
            return try ParquetFile(reading: MemoryRanges(bytes)).metadata.columns[0]
        }
        let decimal = try column(.fixedLengthByteArray(length: 2), .decimal(precision: 4, scale: 0))
        let numbers = [-300, -1, 0, 1, 255, 300].map {
            decimal.orderedValue([UInt8(($0 >> 8) & 255), UInt8($0 & 255)])
        }
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0! < $1! })
        #expect(OrderedValue.number([0xFF]) < .number([0, 1]))
        #expect(!(OrderedValue.number([0xFF, 0xFE]) > .number([0xFF])))
        let unsigned = try column(.int32, .integer(bitWidth: 32, isSigned: false))
        #expect(unsigned.orderedValue([0xFF, 0xFF, 0xFF, 0xFF])! > unsigned.orderedValue([1, 0, 0, 0])!)
        let signed = try column(.int32, nil)
        #expect(signed.orderedValue([0xFF, 0xFF, 0xFF, 0xFF])! < signed.orderedValue([1, 0, 0, 0])!)
        #expect(try column(.double, nil).orderedValue([0, 0, 0, 0, 0, 0, 0xF8, 0x7F]) == nil)
        #expect(signed.orderedValue([1, 2]) == nil)
    }

    @Test("a bloom filter knows every value of its chunk and few others") func bloomFilters() throws {
        var generator = SeededGenerator(seed: 5)
        var columns: [TestColumn] = []
        for (type, logicalType) in RefereeTests.types where type != .boolean {
            var column = TestColumn(type, logicalType, .random, .sometimes, rowCount: 400, using: &generator)
            column.column.bloomFilter = Self.bloomFilter
            columns.append(column)
        }
        let file = try file(columns)
        for (index, column) in columns.enumerated() {
            for group in file.metadata.rowGroups.indices {
                let filter = try #require(try file.bloomFilter(of: index, inGroup: group))
                let own = column.batch(group * 200..<group * 200 + 200).values
                let hashes = StoredBloomFilter.hashes(of: own)
                #expect(hashes.count == own.count)
                #expect(hashes.allSatisfy(filter.mayContain), "\(column.column.name)")
                let others = (0..<2000).map { _ in generator.next() }
                #expect(others.count { filter.mayContain($0) } < 100, "\(column.column.name)")
                #expect(filter.mayContain(anyOf: others.prefix(3) + hashes.suffix(1)))
            }
        }
        let plain = try self.file([TestColumn(.int64, nil, .random, .never, rowCount: 10, using: &generator)])
        #expect(try plain.bloomFilter(of: 0, inGroup: 0) == nil)
    }

    @Test("DuckDB's bloom filters are understood") func foreignBloomFilter() throws {
        try withTemporaryFolder { folder in
            try Referee.run("parquet/raw.py", "write", folder.path)
            let file = try ParquetFile(reading: FileRanges(path: folder.appending(path: "duckdb.parquet").path))
            // The last row group is too small for a dictionary, and so has none.
            for group in 0..<2 {
                let filter = try #require(try file.bloomFilter(of: 1, inGroup: group))
                var reader = try file.rows(ofGroup: group, columns: [1])
                let values = try #require(try reader.next(upTo: 10_000)).columns[0].values
                #expect(StoredBloomFilter.hashes(of: values).allSatisfy(filter.mayContain))
                var others = ByteArrays()
                for number in 0..<1000 { others.append(Array("wine-\(number)".utf8)) }
                let found = StoredBloomFilter.hashes(of: .byteArray(others)).count { filter.mayContain($0) }
                #expect(found < 300)
            }
        }
    }
}
