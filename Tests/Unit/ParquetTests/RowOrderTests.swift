import Columns
import Parquet
import Testing

struct RowOrderTests {
    private static func writer(_ sortedBy: SortingColumn...) throws -> ParquetWriter {
        let columns = [
            ParquetColumn(name: "a", physicalType: .int32),
            ParquetColumn(name: "b", physicalType: .byteArray, logicalType: .string),
            ParquetColumn(
                name: "c", physicalType: .fixedLengthByteArray(length: 2),
                logicalType: .decimal(precision: 4, scale: 0)),
            ParquetColumn(name: "d", physicalType: .int32, logicalType: .integer(bitWidth: 32, isSigned: false)),
        ]
        return ParquetWriter(try ParquetSchema(columns, sortedBy: sortedBy))
    }

    /// Writes rows of `a` (nil for null), `b`, `c` and `d`, all in one batch or one a batch.
    ///
    /// - Returns: Whether the writer accepts them.
    private func takes(
        _ rows: [(Int32?, String, Int16, UInt32)], inOneBatch: Bool, _ writer: consuming ParquetWriter
    ) -> Bool {
        var writer = writer
        var isTaken = true
        for batch in inOneBatch ? [rows] : rows.map({ [$0] }) {
            var offsets: [UInt32] = [0]
            for row in batch { offsets.append((offsets.last ?? 0) + UInt32(row.1.utf8.count)) }
            var presence: UInt64 = 0
            for (index, row) in batch.enumerated() where row.0 != nil { presence |= 1 << UInt64(index) }
            let columns = [
                ColumnArray(.int32(batch.compactMap(\.0)), presence: [presence]),
                ColumnArray(.byteArray(ByteArrays(offsets: offsets, bytes: batch.flatMap { Array($0.1.utf8) }))),
                ColumnArray(
                    .fixedLengthByteArray(
                        batch.flatMap { [UInt8(truncatingIfNeeded: $0.2 >> 8), UInt8(truncatingIfNeeded: $0.2)] },
                        length: 2)),
                ColumnArray(.int32(batch.map { Int32(bitPattern: $0.3) })),
            ]
            do { try writer.append(rowCount: batch.count, columns: columns) } catch { isTaken = false }
        }
        writer.finish { _ in }
        return isTaken
    }

    @Test(
        "rows in the declared order are accepted and others refused, in one batch or in many", arguments: [true, false])
    func ordering(inOneBatch: Bool) throws {
        let byNumber = SortingColumn(name: "a")
        #expect(
            takes(
                [(nil, "", 0, 0), (nil, "", 0, 0), (-1, "", 0, 0), (-1, "", 0, 0), (5, "", 0, 0)],
                inOneBatch: inOneBatch, try Self.writer(byNumber)))
        #expect(!takes([(1, "", 0, 0), (nil, "", 0, 0)], inOneBatch: inOneBatch, try Self.writer(byNumber)))
        #expect(!takes([(1, "", 0, 0), (-1, "", 0, 0)], inOneBatch: inOneBatch, try Self.writer(byNumber)))
    }

    @Test("a descending order with nulls last refuses an early null") func nullsLast() throws {
        let descending = SortingColumn(name: "a", isDescending: true, nullsFirst: false)
        #expect(takes([(5, "", 0, 0), (-1, "", 0, 0), (nil, "", 0, 0)], inOneBatch: true, try Self.writer(descending)))
        #expect(!takes([(nil, "", 0, 0), (5, "", 0, 0)], inOneBatch: true, try Self.writer(descending)))
        #expect(!takes([(5, "", 0, 0), (6, "", 0, 0)], inOneBatch: true, try Self.writer(descending)))
    }

    @Test("the second sorting column decides between rows that are equal in the first") func secondColumn() throws {
        let order = [SortingColumn(name: "a"), SortingColumn(name: "b", isDescending: true)]
        #expect(
            takes(
                [(1, "z", 0, 0), (1, "a", 0, 0), (2, "zz", 0, 0)], inOneBatch: true, try Self.writer(order[0], order[1])
            ))
        #expect(!takes([(1, "a", 0, 0), (1, "z", 0, 0)], inOneBatch: true, try Self.writer(order[0], order[1])))
    }

    @Test("decimals order as signed numbers, unsigned integers as unsigned, text by bytes") func typeOrders() throws {
        #expect(
            takes(
                [(1, "", -3, 0), (1, "", -2, 0), (1, "", 300, 0)], inOneBatch: true,
                try Self.writer(SortingColumn(name: "c"))))
        #expect(!takes([(1, "", 2, 0), (1, "", -2, 0)], inOneBatch: true, try Self.writer(SortingColumn(name: "c"))))
        #expect(takes([(1, "", 0, 1), (1, "", 0, .max)], inOneBatch: true, try Self.writer(SortingColumn(name: "d"))))
        #expect(
            takes(
                [(1, "Z", 0, 0), (1, "a", 0, 0), (1, "é", 0, 0)], inOneBatch: true,
                try Self.writer(SortingColumn(name: "b"))))
    }

    @Test("the error names the column and the row that break the order") func orderError() throws {
        var writer = try Self.writer(SortingColumn(name: "d"))
        let columns = [
            ColumnArray(.int32([]), presence: [0]),
            ColumnArray(.byteArray(ByteArrays(offsets: [0], bytes: [])), presence: [0]),
            ColumnArray(.fixedLengthByteArray([], length: 2), presence: [0]), ColumnArray(.int32([1, 2, 1])),
        ]
        #expect(throws: ParquetError.batch(column: "d", reason: "row 2 is not in the order that the schema declares")) {
            try writer.append(rowCount: 3, columns: columns)
        }
        writer.finish { _ in }
    }
}
