import Columns
import Parquet
import Testing

/// Golden bytes: what pyarrow 26 writes for the same values, or the specification's own example.
struct PageTests {
    /// Writes a file of one column, uncompressed and without checksums, so that its bytes are predictable.
    private func file(
        _ column: ParquetColumn, rowCount: Int, _ batch: ColumnArray, _ version: DataPageVersion = .v1,
        encodings: EncodingSet = .compatible
    ) throws -> [UInt8] {
        var file: [UInt8] = []
        var options = WriterOptions(codec: .none)
        options.writesChecksums = false
        options.dataPageVersion = version
        options.encodings = encodings
        var writer = ParquetWriter(try ParquetSchema([column]), options)
        try writer.append(rowCount: rowCount, columns: [batch])
        writer.finish { file.append(contentsOf: $0) }
        return file
    }

    /// The header of an uncompressed data page V1 in Thrift's compact protocol.
    private func header(size: UInt8, valueCount: UInt8, encoding: UInt8) -> [UInt8] {
        // type = DATA_PAGE, both sizes, then {num_values, encoding, RLE, RLE}
        [
            0x15, 0, 0x15, size * 2, 0x15, size * 2, 0x2C, 0x15, valueCount * 2, 0x15, encoding * 2, 0x15, 6, 0x15, 6,
            0, 0,
        ]
    }

    @Test("a null costs a definition level and no value bytes") func nullsCostLevelsOnly() throws {
        let column = ParquetColumn(name: "a", physicalType: .int64, encoding: .plain)
        let file = try file(column, rowCount: 6, ColumnArray(.int64([7, -1]), presence: [0b001010]))
        let levels: [UInt8] = [2, 0, 0, 0, 1 << 1 | 1, 0b001010]  // length; one bit-packed group
        let values: [UInt8] = [7, 0, 0, 0, 0, 0, 0, 0] + Array(repeating: 0xFF, count: 8)
        let page = header(size: 22, valueCount: 6, encoding: 0) + levels + values
        #expect(Array(file[4..<4 + page.count]) == page)
    }

    @Test("text that does not repeat is PLAIN by default, and DELTA_LENGTH_BYTE_ARRAY only by option")
    func textEncoding() throws {
        let column = ParquetColumn(name: "a", physicalType: .byteArray, logicalType: .string, isRequired: true)
        let batch = ColumnArray(.byteArray(ByteArrays(offsets: [0, 1, 2], bytes: [0x61, 0x62])))
        let plain = try file(column, rowCount: 2, batch)
        let page = header(size: 10, valueCount: 2, encoding: 0) + [1, 0, 0, 0, 0x61, 1, 0, 0, 0, 0x62]
        #expect(Array(plain[4..<4 + page.count]) == page)
        let texts = ColumnArray(.byteArray(ByteArrays(offsets: Array(0...40), bytes: Array(0x41..<0x69))))
        let compact = try file(column, rowCount: 40, texts, encodings: .compact)
        #expect(compact[14] == 6 * 2, "the encoding in the page header")
    }

    @Test("an optional column without nulls has one run of definition levels") func optionalWithoutNulls() throws {
        let column = ParquetColumn(name: "a", physicalType: .int32, encoding: .plain)
        let file = try file(column, rowCount: 3, ColumnArray(.int32([1, 2, 3])))
        let page =
            header(size: 18, valueCount: 3, encoding: 0) + [2, 0, 0, 0, 3 << 1, 1] + [
                1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0,
            ]
        #expect(Array(file[4..<4 + page.count]) == page)
    }

    @Test("a presence bitmap of ones and an absent bitmap give the same file") func absentPresence() throws {
        let column = ParquetColumn(name: "a", physicalType: .int32)
        let values = ColumnValues.int32((0..<200).map { $0 })
        let ones = try file(column, rowCount: 200, ColumnArray(values, presence: Array(repeating: ~0, count: 4)))
        #expect(try file(column, rowCount: 200, ColumnArray(values)) == ones)
    }

    /// The header of a data page V2 without repetition levels.
    private func headerV2(
        size: UInt8, valueCount: UInt8, nullCount: UInt8, encoding: UInt8, levels: UInt8
    ) -> [UInt8] {
        // type = DATA_PAGE_V2, both sizes, then {num_values, num_nulls, num_rows, encoding, levels, 0, not compressed}
        [
            0x15, 6, 0x15, size * 2, 0x15, size * 2, 0x5C, 0x15, valueCount * 2, 0x15, nullCount * 2, 0x15,
            valueCount * 2, 0x15, encoding * 2, 0x15, levels * 2, 0x15, 0, 0x12, 0, 0,
        ]
    }

    @Test("the levels of a data page V2 have no length prefix") func levelsInV2() throws {
        let column = ParquetColumn(name: "a", physicalType: .int64, encoding: .plain)
        let file = try file(column, rowCount: 6, ColumnArray(.int64([7, -1]), presence: [0b001010]), .v2)
        let values: [UInt8] = [7, 0, 0, 0, 0, 0, 0, 0] + Array(repeating: 0xFF, count: 8)
        let page =
            headerV2(size: 18, valueCount: 6, nullCount: 4, encoding: 0, levels: 2) + [1 << 1 | 1, 0b001010] + values
        #expect(Array(file[4..<4 + page.count]) == page)
    }

    @Test("a data page V2 of a required column has no levels") func requiredInV2() throws {
        let column = ParquetColumn(name: "a", physicalType: .int32, isRequired: true, encoding: .plain)
        let file = try file(column, rowCount: 1, ColumnArray(.int32([9])), .v2)
        let page = headerV2(size: 4, valueCount: 1, nullCount: 0, encoding: 0, levels: 0) + [9, 0, 0, 0]
        #expect(Array(file[4..<4 + page.count]) == page)
    }

    @Test("BYTE_STREAM_SPLIT writes the specification's example") func byteStreamSplitExample() throws {
        // Three values of four bytes: AA BB CC DD, 00 11 22 33, A3 B4 C5 D6.
        let column = ParquetColumn(name: "a", physicalType: .int32, isRequired: true, encoding: .byteStreamSplit)
        let values: [UInt32] = [0xDDCC_BBAA, 0x3322_1100, 0xD6C5_B4A3]
        let file = try file(column, rowCount: 3, ColumnArray(.int32(values.map(Int32.init(bitPattern:)))))
        let body: [UInt8] = [0xAA, 0x00, 0xA3, 0xBB, 0x11, 0xB4, 0xCC, 0x22, 0xC5, 0xDD, 0x33, 0xD6]
        let page = header(size: 12, valueCount: 3, encoding: 9) + body
        #expect(Array(file[4..<4 + page.count]) == page)
    }

    @Test("DELTA_BINARY_PACKED writes the specification's example") func deltaExample() throws {
        // "7, 5, 3, 1, 2, 3, 4, 5": deltas -2, -2, -2, 1, 1, 1, 1; minimum -2; 2 bits each for 3 and 0.
        let column = ParquetColumn(name: "a", physicalType: .int32, isRequired: true, encoding: .delta)
        let file = try file(column, rowCount: 8, ColumnArray(.int32([7, 5, 3, 1, 2, 3, 4, 5])))
        let body: [UInt8] = [0x80, 1, 4, 8, 14, 3, 2, 0, 0, 0, 0b11_00_00_00, 0b00_11_11_11, 0, 0, 0, 0, 0, 0]
        let page = header(size: 18, valueCount: 8, encoding: 5) + body
        #expect(Array(file[4..<4 + page.count]) == page)
    }

    @Test("the dictionary page precedes the page of codes") func dictionaryPage() throws {
        let column = ParquetColumn(name: "a", physicalType: .byteArray, isRequired: true, encoding: .dictionary)
        let file = try file(
            column, rowCount: 4,
            ColumnArray(.byteArray(ByteArrays(offsets: [0, 1, 3, 4, 5], bytes: Array("abbaa".utf8)))))
        let keys: [UInt8] = [1, 0, 0, 0, 0x61, 2, 0, 0, 0, 0x62, 0x62]
        let dictionary: [UInt8] =
            [0x15, 4, 0x15, 22, 0x15, 22, 0x4C, 0x15, 4, 0x15, 0, 0, 0] + keys  // type 2, {2 keys, PLAIN}
        let page = dictionary + header(size: 3, valueCount: 4, encoding: 8) + [1, 3, 0b0010]
        #expect(Array(file[4..<4 + page.count]) == page)
    }

    @Test("a boolean takes one bit") func booleans() throws {
        let column = ParquetColumn(name: "a", physicalType: .boolean, isRequired: true)
        let file = try file(column, rowCount: 10, ColumnArray(.boolean([1, 0, 1, 1, 0, 0, 0, 1, 1, 0])))
        let page = header(size: 2, valueCount: 10, encoding: 0) + [0b1000_1101, 0b01]
        #expect(Array(file[4..<4 + page.count]) == page)
    }

    @Test("a long run of one dictionary code takes a few bytes") func codeRuns() throws {
        let column = ParquetColumn(name: "a", physicalType: .double, isRequired: true, encoding: .dictionary)
        let values = Array(repeating: 1.5, count: 100) + Array(repeating: 2.5, count: 20)
        let file = try file(column, rowCount: 120, ColumnArray(.double(values)))
        let codes: [UInt8] = [1, 0xC8, 1, 0, 3 << 1 | 1, 0xFF, 0xFF, 0x0F]  // 100 zeros; three groups of ones, padded
        let position = try #require(file.firstRange(of: codes)).lowerBound
        #expect(position > 4)
    }
}
