import Columns
import Parquet
import Testing

/// Which encoding a column of rising integers gets when none is forced.
struct EncodingSetTests {
    private static let plain: UInt8 = 0
    private static let delta: UInt8 = 5
    private static let limit: Int64 = 1 << 55

    /// The encoding in the header of the file's first page.
    private func encoding(
        of field: ParquetField, _ batch: ColumnArray, rowCount: Int = 7, in set: EncodingSet
    ) throws -> UInt8 {
        var options = WriterOptions(codec: .none)
        options.writesChecksums = false
        options.encodings = set
        var file: [UInt8] = []
        var writer = ParquetWriter(try ParquetSchema([field]), options)
        try writer.append(rowCount: rowCount, columns: [batch])
        writer.finish { file.append(contentsOf: $0) }
        // Behind the four bytes of the magic: the page's type, its two sizes, and in {…} the count and the encoding.
        var rest = file.dropFirst(4)
        for _ in 0..<4 {
            if rest.first == 0x2C { rest = rest.dropFirst() }
            rest = rest.dropFirst().drop { $0 >= 0x80 }.dropFirst()
        }
        return try #require(rest.dropFirst().first) / 2
    }

    private func encoding(
        of type: PhysicalType, _ logicalType: LogicalType?, from first: Int64 = 1, in set: EncodingSet
    ) throws -> UInt8 {
        let column = ParquetColumn(name: "a", physicalType: type, logicalType: logicalType, isRequired: true)
        let values = (0..<7).map { first + $0 }
        let batch: ColumnValues = type == .int32 ? .int32(values.map { Int32($0) }) : .int64(values)
        return try encoding(of: .column(column), ColumnArray(batch), in: set)
    }

    @Test(
        "integers that some reader reads wrong as deltas are plain by default, and deltas only in compact files",
        arguments: [
            (PhysicalType.int32, nil, true), (.int64, nil, true), (.int32, .date, true),
            (.int64, .timestamp(.microseconds, isAdjustedToUTC: true), true),
            (.int64, .decimal(precision: 18, scale: 2), true), (.int32, .integer(bitWidth: 32, isSigned: true), true),
            (.int64, .integer(bitWidth: 64, isSigned: true), true),
            (.int32, .integer(bitWidth: 8, isSigned: true), false),
            (.int32, .integer(bitWidth: 16, isSigned: true), false),
            (.int32, .integer(bitWidth: 32, isSigned: false), false),
            (.int64, .integer(bitWidth: 64, isSigned: false), false),
            (.int32, .time(.milliseconds, isAdjustedToUTC: false), false),
        ] as [(PhysicalType, LogicalType?, Bool)])
    func types(physicalType: PhysicalType, logicalType: LogicalType?, isCompatible: Bool) throws {
        #expect(try encoding(of: physicalType, logicalType, in: .plain) == Self.plain)
        #expect(
            try encoding(of: physicalType, logicalType, in: .compatible) == (isCompatible ? Self.delta : Self.plain))
        #expect(try encoding(of: physicalType, logicalType, in: .compact) == Self.delta)
    }

    @Test(
        "a page that begins with a number of more than eight bytes is plain by default",
        arguments: [(limit - 1, true), (limit, false), (-limit, true), (-limit - 1, false), (.min, false)])
    func largeNumbers(first: Int64, isCompatible: Bool) throws {
        #expect(try encoding(of: .int64, nil, from: first, in: .compatible) == (isCompatible ? Self.delta : Self.plain))
        #expect(try encoding(of: .int64, nil, from: first, in: .compact) == Self.delta)
    }

    @Test(
        "a page with a delta of more than 28 bits is plain by default, wherever the delta is",
        arguments: [1, 31, 32, 33, 128, 129, 300, 499], [(1 << 28, true), ((1 << 28) + 1, false)])
    func wideDeltas(place: Int, jump: (size: Int64, isCompatible: Bool)) throws {
        let column = ParquetField.column(ParquetColumn(name: "a", physicalType: .int64, isRequired: true))
        // Differences of one, and a larger one: that takes the bits of what it has more.
        let values = (0..<500).map { Int64($0) + ($0 < place ? 0 : jump.size - 1) }
        let batch = ColumnArray(.int64(values))
        let found = try encoding(of: column, batch, rowCount: 500, in: .compatible)
        #expect(found == (jump.isCompatible ? Self.delta : Self.plain))
        #expect(try encoding(of: column, batch, rowCount: 500, in: .compact) == Self.delta)
    }

    @Test("integers inside structs are plain by default") func insideStructs() throws {
        let field = ParquetField.structure(
            name: "s", isRequired: true, fieldID: nil,
            fields: [.column(ParquetColumn(name: "a", physicalType: .int32, isRequired: true))])
        let zeros = [UInt8](repeating: 0, count: 7)
        let batch = ColumnArray(.int32(Array(1...7)), levels: NestedLevels(definition: zeros, repetition: zeros))
        #expect(try encoding(of: field, batch, in: .compatible) == Self.plain)
        #expect(try encoding(of: field, batch, in: .compact) == Self.delta)
    }
}
