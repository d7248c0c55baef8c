import Columns
import Parquet
import Testing
import TestRandom

struct BatchingTests {
    @Test("the file's bytes depend on the rows, not on the batch size", arguments: [13, 63, 64, 100, 256, 257, 999])
    func batchSizes(batchSize: Int) throws {
        for nulls in Nulls.allCases {
            let seed: UInt64 = 99
            var generator = SeededGenerator(seed: seed)
            let columns = RefereeTests.types.flatMap { type, logicalType in
                [Shape.repeating, .random, .drifting].map {
                    TestColumn(type, logicalType, $0, nulls, rowCount: 1000, using: &generator)
                }
            }
            var options = RefereeTests.options(.snappy)
            options.stripeTextLimit = 3000  // stripes end inside batches
            let whole = try parquetFile(columns, options)
            let inPieces = try parquetFile(columns, options, batchSize: batchSize)
            #expect(inPieces == whole, "seed \(seed), batches of \(batchSize), nulls \(nulls)")
        }
    }

    @Test("the row group limit bounds the bytes that wait in memory, however long the text is")
    func memoryBound() throws {
        var options = WriterOptions(codec: .none)
        options.rowGroupSizeLimit = 1 << 16
        options.stripeTextLimit = 1 << 15
        let column = ParquetColumn(name: "text", physicalType: .byteArray, logicalType: .string, isRequired: true)
        var writer = ParquetWriter(try ParquetSchema([column]), options)
        var generator = SeededGenerator(seed: 5)
        var largest = 0
        var total = 0
        for _ in 0..<50 {
            let text = (0..<10_000).map { _ in UInt8(97 + generator.next() % 26) }
            let batch = ColumnArray(.byteArray(ByteArrays(offsets: [0, 2000, 9000, 10_000], bytes: text)))
            try writer.append(rowCount: 3, columns: [batch])
            var waiting = 0
            writer.drain { waiting += $0.count }
            largest = max(largest, waiting)
            total += waiting
        }
        writer.finish { total += $0.count }
        #expect(total > 500_000)
        #expect(largest < 120_000, "one drain returned \(largest) bytes")
    }
}
