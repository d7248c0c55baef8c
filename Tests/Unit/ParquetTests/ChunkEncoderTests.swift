import Columns
import Parquet
import Testing

/// Chunks whose values are given by their places among keys.
struct ChunkEncoderTests {
    private struct Case: Sendable, CustomTestStringConvertible {
        let column: ParquetColumn
        let keys: ColumnValues
        var testDescription: String { "\(column.physicalType)" }
    }

    private static let count = 700

    private static let cases: [Case] = {
        let numbers = (0..<count).map { Int64($0) * 7919 % 1000 - 500 }
        return [
            Case(column: ParquetColumn(name: "c", physicalType: .int32), keys: .int32(numbers.map { Int32($0) })),
            Case(column: ParquetColumn(name: "c", physicalType: .int64), keys: .int64(numbers.map { $0 << 40 })),
            Case(
                column: ParquetColumn(
                    name: "c", physicalType: .int64, logicalType: .integer(bitWidth: 64, isSigned: false)),
                keys: .int64(numbers)),
            Case(column: ParquetColumn(name: "c", physicalType: .double), keys: .double([-0.5, .nan, 2, -1e300, 7])),
            Case(
                column: ParquetColumn(name: "c", physicalType: .byteArray, logicalType: .string),
                keys: .byteArray(texts(numbers.map { String(repeating: "ü", count: Int($0 + 500) % 40) + "\($0)" }))),
        ]
    }()

    private static func texts(_ values: [String]) -> ByteArrays {
        var texts = ByteArrays()
        for value in values { texts.append(Array(value.utf8)) }
        return texts
    }

    @Test("a chunk made of places has the bounds, pages and sizes of one made of the values", arguments: cases)
    private func places(given: Case) throws {
        var column = given.column
        column.encoding = .dictionary
        var options = WriterOptions(codec: .zstd(level: 1))
        options.pageRowLimit = 300
        let schema = try ParquetSchema([column])
        let rowCount = 2 * Self.count
        // Each key stands at its own place first, so that both dictionaries have the same order; the last page has few keys.
        let rows = (0..<Int32(rowCount)).map { row in
            Int(row) < given.keys.count ? row : row > 1200 ? row % 3 : row * 31 % Int32(given.keys.count)
        }
        let values = ColumnRows(ColumnArray(given.keys), rowCount: given.keys.count)
        let (byPlaces, byValues) = (ChunkEncoder(schema, options), ChunkEncoder(schema, options))
        try #require(byPlaces.start(leaf: 0, keys: given.keys))
        byValues.start(leaf: 0)
        for start in stride(from: 0, to: rowCount, by: options.pageRowLimit) {
            let some = Array(rows[start..<min(start + options.pageRowLimit, rowCount)])
            byPlaces.append(places: ColumnArray(.int32(some)), rowCount: some.count)
            byValues.append(values.gathered(some), rowCount: some.count)
        }
        let (made, wanted) = (byPlaces.finish(), byValues.finish())
        #expect(made.statistics == wanted.statistics)
        #expect(made.columnIndex == wanted.columnIndex)
        #expect(made.textSize == wanted.textSize)
        #expect(made.valueCount == wanted.valueCount)
        #expect(made.pageCounts == wanted.pageCounts)
    }

    @Test("keys that are not distinct make no chunk") func distinct() throws {
        let encoder = ChunkEncoder(try ParquetSchema([ParquetColumn(name: "c", physicalType: .int64)]), WriterOptions())
        #expect(!encoder.start(leaf: 0, keys: .int64([1, 2, 1])))
        #expect(encoder.start(leaf: 0, keys: .int64([1, 2, 3])))
    }

    @Test("values that are new join many keys") func joining() throws {
        let encoder = ChunkEncoder(try ParquetSchema([ParquetColumn(name: "c", physicalType: .int64)]), WriterOptions())
        let keys = (0..<5000).map { Int64($0) * 3 }
        #expect(encoder.start(leaf: 0, keys: .int64(keys)))
        // More than the room that was made for them.
        let new = (0..<9000).map { Int64($0) * 3 + 1 }
        #expect(encoder.places(of: .int64(new)) == .int32((5000..<14000).map { Int32($0) }))
        #expect(encoder.places(of: .int64([keys[4999], new[8999], keys[0]])) == .int32([4999, 13999, 0]))
    }
}
