import Columns
import Parquet
import ParquetRead
import TestRandom
import Testing

/// The reader finds in the writer's files what the writer was given.
struct RoundTripTests {
    /// A batch is smaller than a page, as large, or larger than a row group.
    static let limits = [1, 7, 24, 64, 1000]

    @Test("every type in every encoding, codec and page version comes back value by value") func everyCombination()
        throws
    {
        var generator = SeededGenerator(seed: 20_261_129)
        let columns = MatrixTests.columns(&generator, rowCount: 110)
        for (number, codec) in MatrixTests.codecs.enumerated() {
            for version in [DataPageVersion.v1, .v2] {
                for writesIndexes in [true, false] {
                    var options = WriterOptions(codec: codec)
                    options.pageRowLimit = 24
                    options.rowGroupRowLimit = 72
                    options.dataPageVersion = version
                    options.writesChecksums = writesIndexes
                    options.writesPageIndex = writesIndexes
                    let file = try ParquetFile(reading: MemoryRanges(parquetFile(columns, options)))
                    try compare(file, columns, upTo: Self.limits[number % Self.limits.count])
                }
            }
        }
    }

    @Test("any number of rows at a time gives the same values", arguments: limits) func batches(limit: Int) throws {
        var generator = SeededGenerator(seed: UInt64(limit))
        var columns: [TestColumn] = []
        for (type, logicalType) in RefereeTests.types {
            for nulls in Nulls.allCases {
                for shape in [Shape.constant, .repeating, .ascending, .drifting] {
                    columns.append(TestColumn(type, logicalType, shape, nulls, rowCount: 500, using: &generator))
                }
            }
        }
        var options = WriterOptions(codec: .zstd(level: 1))
        options.pageRowLimit = 80
        options.rowGroupRowLimit = 330
        options.encodings = .compact
        var reading = ReadOptions()
        reading.fetchSize = 100
        let file = try ParquetFile(reading: MemoryRanges(parquetFile(columns, options)), reading)
        try compare(file, columns, upTo: limit)
    }

    @Test("structs and lists come back with their levels") func nested() throws {
        var generator = SeededGenerator(seed: 4)
        for round in 0..<40 {
            let column = NestedColumn("c\(round)", depth: 4, using: &generator)
            let rows = (0..<300).map { _ in column.shape.value(using: &generator) }
            let leaves = column.leaves(of: rows)
            var options = WriterOptions(codec: .snappy)
            options.pageRowLimit = 70
            options.rowGroupRowLimit = 140
            options.dataPageVersion = round.isMultiple(of: 2) ? .v1 : .v2
            var bytes: [UInt8] = []
            var writer = ParquetWriter(try ParquetSchema([column.field]), options)
            try writer.append(rowCount: rows.count, columns: leaves.map(\.batch))
            writer.finish { bytes.append(contentsOf: $0) }
            let file = try ParquetFile(reading: MemoryRanges(bytes))
            for (leaf, arrays) in zip(leaves, try file.everything(upTo: 1 + round * 3)) {
                var levels = NestedLevels()
                var cells: [[UInt8]] = []
                for (array, _) in arrays {
                    let part = try #require(array.levels)
                    levels.append(part, part.definition.indices)
                    cells += array.values.cells
                }
                #expect(levels == leaf.levels, "round \(round)")
                #expect(cells == leaf.batch.values.cells, "round \(round)")
            }
        }
    }

    @Test("columns come in the order in which they are asked for") func projection() throws {
        var generator = SeededGenerator(seed: 9)
        let columns = [PhysicalType.int64, .double, .int32].map {
            TestColumn($0, nil, .random, .sometimes, rowCount: 50, using: &generator)
        }
        let file = try ParquetFile(reading: MemoryRanges(parquetFile(columns, WriterOptions())))
        var rows = try file.rows(ofGroup: 0, columns: [2, 0])
        let batch = try #require(try rows.next(upTo: 50))
        #expect(
            batch.columns.map { $0.cells(rowCount: 50) }
                == [2, 0].map { columns[$0].batch(0..<50).cells(rowCount: 50) })
        #expect(try rows.next(upTo: 50) == nil)
    }

    private func compare(_ file: ParquetFile, _ columns: [TestColumn], upTo limit: Int) throws {
        #expect(file.metadata.rowCount == columns[0].rowCount)
        for (column, arrays) in zip(columns, try file.everything(upTo: limit)) {
            let cells = arrays.flatMap { $0.array.cells(rowCount: $0.rowCount) }
            #expect(
                cells == column.batch(0..<column.rowCount).cells(rowCount: column.rowCount), "\(column.column.name)")
        }
    }
}
