import Columns
import Parquet
import Testing

struct SchemaTests {
    @Test(
        "a logical type that its physical type cannot store is refused",
        arguments: [
            (PhysicalType.int32, LogicalType.string), (.byteArray, .date),
            (.int32, .timestamp(.microseconds, isAdjustedToUTC: true)),
            (.int32, .decimal(precision: 10, scale: 2)), (.int64, .decimal(precision: 19, scale: 2)),
            (.int64, .decimal(precision: 4, scale: 5)),
            (.fixedLengthByteArray(length: 4), .decimal(precision: 10, scale: 0)),
            (.fixedLengthByteArray(length: 15), .uuid), (.int32, .integer(bitWidth: 64, isSigned: true)),
        ])
    func logicalTypes(physical: PhysicalType, logical: LogicalType) {
        let column = ParquetColumn(name: "a", physicalType: physical, logicalType: logical)
        #expect(throws: ParquetError.schema(column: "a", reason: "\(logical) cannot be stored as \(physical)")) {
            try ParquetSchema([column])
        }
    }

    @Test("two columns with one name are refused") func duplicateNames() {
        let column = ParquetColumn(name: "a", physicalType: .int32)
        #expect(throws: ParquetError.self) { try ParquetSchema([column, column]) }
    }

    @Test("an encoding that the type does not have is refused") func unsupportedEncodings() {
        #expect(throws: ParquetError.self) {
            try ParquetSchema([ParquetColumn(name: "a", physicalType: .double, encoding: .delta)])
        }
        #expect(throws: ParquetError.self) {
            try ParquetSchema([ParquetColumn(name: "a", physicalType: .boolean, encoding: .dictionary)])
        }
        for type in [PhysicalType.boolean, .byteArray, .fixedLengthByteArray(length: 4)] {
            #expect(throws: ParquetError.self) {
                try ParquetSchema([ParquetColumn(name: "a", physicalType: type, encoding: .byteStreamSplit)])
            }
        }
    }

    @Test(
        "a bloom filter of booleans, or with a rate or size out of range, is refused",
        arguments: [
            (PhysicalType.boolean, BloomFilterOptions()), (.int32, BloomFilterOptions(falsePositiveRate: 0)),
            (.int32, BloomFilterOptions(falsePositiveRate: 1)), (.int32, BloomFilterOptions(sizeLimit: 31)),
            (.int32, BloomFilterOptions(sizeLimit: 1 << 31)),
        ])
    func bloomFilterOptions(type: PhysicalType, options: BloomFilterOptions) {
        #expect(throws: ParquetError.self) {
            try ParquetSchema([ParquetColumn(name: "a", physicalType: type, bloomFilter: options)])
        }
    }

    @Test("a sorting column that is absent or floating point is refused", arguments: ["none", "number"])
    func sortingColumn(name: String) {
        let columns = [
            ParquetColumn(name: "a", physicalType: .int32), ParquetColumn(name: "number", physicalType: .double),
        ]
        #expect(throws: ParquetError.self) { try ParquetSchema(columns, sortedBy: [SortingColumn(name: name)]) }
    }

    @Test(
        "a batch that contradicts the schema is refused",
        arguments: [
            ([ColumnArray(.int64([1, 2]))], "not whole values"),
            ([ColumnArray(.int32([1]))], "1 values for 2 present rows"),
            ([ColumnArray(.int32([1]), presence: [0b10])], "1 nulls in a required column"),
            ([ColumnArray(.int32([1, 2]), presence: [])], "0 presence words for 2 rows"),
            ([], "0 columns for a schema of 1"),
        ])
    func contradictoryBatches(batches: [ColumnArray], words: String) throws {
        var writer = ParquetWriter(
            try ParquetSchema([ParquetColumn(name: "a", physicalType: .int32, isRequired: true)]))
        var message = ""
        do throws(ParquetError) {
            try writer.append(rowCount: 2, columns: batches)
        } catch {
            message = error.description
        }
        writer.finish { _ in }
        #expect(message.contains(words), "\(message)")
    }

    @Test("offsets that descend or leave the text are refused") func textOffsets() throws {
        for offsets: [UInt32] in [[0, 3, 2], [0, 1, 9], []] {
            var writer = ParquetWriter(try ParquetSchema([ParquetColumn(name: "a", physicalType: .byteArray)]))
            #expect(throws: ParquetError.self) {
                try writer.append(
                    rowCount: 2, columns: [ColumnArray(.byteArray(ByteArrays(offsets: offsets, bytes: [1, 2, 3])))])
            }
            writer.finish { _ in }
        }
    }
}
