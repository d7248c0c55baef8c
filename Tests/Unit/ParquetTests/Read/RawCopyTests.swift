import Columns
import Foundation
import JSON
import Parquet
import ParquetRead
import TestRandom
import TestReferee
import Testing

/// Row groups that are copied as bytes are what they were, at their new places.
struct RawCopyTests {
    private static func columns(rowCount: Int) -> [TestColumn] {
        var generator = SeededGenerator(seed: 31)
        return MatrixTests.columns(&generator, rowCount: rowCount)
    }

    private static func options(_ codec: CompressionCodec) -> WriterOptions {
        var options = WriterOptions(codec: codec)
        options.pageRowLimit = 24
        options.rowGroupRowLimit = 72
        return options
    }

    @Test("a copy of all row groups is the same file, byte for byte", arguments: MatrixTests.codecs)
    func identity(codec: CompressionCodec) throws {
        let columns = Self.columns(rowCount: 190)
        var options = Self.options(codec)
        options.dataPageVersion = codec == .snappy ? .v2 : .v1
        let original = try parquetFile(columns, options)
        let file = try ParquetFile(reading: MemoryRanges(original))
        var copy: [UInt8] = []
        var writer = ParquetWriter(try ParquetSchema(columns.map(\.column)), options)
        for group in file.metadata.rowGroups.indices {
            try writer.append(rowGroup: group, of: file)
            writer.drain { copy.append(contentsOf: $0) }
        }
        writer.finish { copy.append(contentsOf: $0) }
        #expect(copy == original)
    }

    @Test("row groups of two files and new rows make a file that every reader reads, and whose indexes are right")
    func mixture() throws {
        try withTemporaryFolder { folder in
            let columns = Self.columns(rowCount: 190)
            let options = Self.options(.zstd(level: 1))
            let ranges = [0..<100, 100..<130, 130..<190]
            var bytes: [UInt8] = []
            let schema = try ParquetSchema(columns.map(\.column))
            var writer = ParquetWriter(schema, options)
            for (number, range) in ranges.enumerated() {
                let batch = columns.map { $0.batch(range) }
                if number == 1 {
                    try writer.append(rowCount: range.count, columns: batch)
                    continue
                }
                var part: [UInt8] = []
                var partWriter = ParquetWriter(schema, options)
                try partWriter.append(rowCount: range.count, columns: batch)
                partWriter.finish { part.append(contentsOf: $0) }
                let file = try ParquetFile(reading: MemoryRanges(part))
                for group in file.metadata.rowGroups.indices { try writer.append(rowGroup: group, of: file) }
            }
            writer.finish { bytes.append(contentsOf: $0) }
            let file = try ParquetFile(reading: MemoryRanges(bytes))
            #expect(file.metadata.rowGroups.map(\.rowCount) == [72, 28, 30, 60])
            for (column, arrays) in zip(columns, try file.everything(upTo: 50)) {
                let cells = arrays.flatMap { $0.array.cells(rowCount: $0.rowCount) }
                #expect(cells == column.batch(0..<190).cells(rowCount: 190), "\(column.column.name)")
            }
            try Data(bytes).write(to: folder.appending(path: "mixture.parquet"))
            var files = JSONObject()
            files["mixture"] = MatrixTests.layout(options, probe: true)
            try describe(columns, as: "rows", files: files, in: folder)
            try Referee.run("parquet/referee.py", folder.path)
        }
    }

    @Test("nested columns are copied with their histograms") func nested() throws {
        var generator = SeededGenerator(seed: 8)
        let column = NestedColumn("c", depth: 4, using: &generator)
        let rows = (0..<300).map { _ in column.shape.value(using: &generator) }
        let schema = try ParquetSchema([column.field])
        var original: [UInt8] = []
        var writer = ParquetWriter(schema, Self.options(.snappy))
        try writer.append(rowCount: rows.count, columns: column.leaves(of: rows).map(\.batch))
        writer.finish { original.append(contentsOf: $0) }
        let file = try ParquetFile(reading: MemoryRanges(original))
        var copy: [UInt8] = []
        var copier = ParquetWriter(schema, Self.options(.snappy))
        for group in file.metadata.rowGroups.indices { try copier.append(rowGroup: group, of: file) }
        copier.finish { copy.append(contentsOf: $0) }
        #expect(copy == original)
    }

    @Test("another schema is refused: another name, type, meaning, field ID, presence or nesting") func otherSchema()
        throws
    {
        let column = ParquetColumn(name: "a", physicalType: .int64, fieldID: 1)
        var bytes: [UInt8] = []
        var writer = ParquetWriter(try ParquetSchema([column]))
        try writer.append(rowCount: 1, columns: [ColumnArray(.int64([1]))])
        writer.finish { bytes.append(contentsOf: $0) }
        let file = try ParquetFile(reading: MemoryRanges(bytes))
        let others: [[ParquetField]] = [
            [.column(ParquetColumn(name: "b", physicalType: .int64, fieldID: 1))],
            [.column(ParquetColumn(name: "a", physicalType: .int32, fieldID: 1))],
            [.column(ParquetColumn(name: "a", physicalType: .int64, fieldID: 2))],
            [.column(ParquetColumn(name: "a", physicalType: .int64))],
            [.column(ParquetColumn(name: "a", physicalType: .int64, isRequired: true, fieldID: 1))],
            [
                .column(
                    ParquetColumn(
                        name: "a", physicalType: .int64,
                        logicalType: .timestamp(.microseconds, isAdjustedToUTC: true), fieldID: 1))
            ],
            [.structure(name: "a", isRequired: false, fieldID: 1, fields: [.column(column)])],
            [.list(name: "a", isRequired: false, fieldID: 1, element: .column(column))],
            [.column(column), .column(ParquetColumn(name: "b", physicalType: .int64))],
        ]
        for fields in others {
            var copier = ParquetWriter(try ParquetSchema(fields))
            var failure: (any Error)?
            do { try copier.append(rowGroup: 0, of: file) } catch { failure = error }
            guard case ParquetReadError.misuse? = failure else {
                Issue.record("\(fields): \(String(describing: failure))")
                continue
            }
        }
        var choices = column
        choices.encoding = .dictionary
        choices.bloomFilter = BloomFilterOptions()
        #expect(file.matches(try ParquetSchema([choices])))
    }

    @Test("a row group of an older schema is copied by field ID: renamed, moved, new and removed fields")
    func olderSchema() throws {
        func column(_ name: String, _ type: PhysicalType, _ fieldID: Int32) -> ParquetField {
            .column(ParquetColumn(name: name, physicalType: type, fieldID: fieldID))
        }
        var original: [UInt8] = []
        var writer = ParquetWriter(
            try ParquetSchema([column("a", .int64, 1), column("b", .byteArray, 2), column("gone", .double, 3)]))
        let texts = ByteArrays(offsets: [0, 1, 3], bytes: [65, 66, 66])
        let presence: [UInt64] = [0b101]
        try writer.append(
            rowCount: 3,
            columns: [
                ColumnArray(.int64([1, 2, 3])), ColumnArray(.byteArray(texts), presence: presence),
                ColumnArray(.double([1, 2, 3])),
            ])
        writer.finish { original.append(contentsOf: $0) }
        let file = try ParquetFile(reading: MemoryRanges(original))
        let newer = try ParquetSchema([
            column("renamed", .byteArray, 2), column("new", .int32, 4), column("a", .int64, 1),
            .structure(
                name: "s", isRequired: false, fieldID: 5,
                fields: [.list(name: "l", isRequired: true, fieldID: 6, element: column("element", .byteArray, 7))]),
        ])
        var copy: [UInt8] = []
        var copier = ParquetWriter(newer)
        try copier.append(rowGroup: 0, ofOlder: file)
        copier.finish { copy.append(contentsOf: $0) }
        let result = try ParquetFile(reading: MemoryRanges(copy))
        #expect(result.matches(newer))
        var rows = try result.rows(ofGroup: 0, columns: [0, 1, 2, 3])
        let batch = try #require(try rows.next(upTo: 10))
        #expect(batch.columns[0].cells(rowCount: 3) == [[65], nil, [66, 66]])
        #expect(batch.columns[1] == ColumnArray(.int32([]), presence: [0]))
        #expect(batch.columns[2].values == .int64([1, 2, 3]))
        #expect(batch.columns[3].levels == NestedLevels(definition: [0, 0, 0], repetition: [0, 0, 0]))
        #expect(try result.rows(matching: ValueFilter(from: nil, to: nil), column: 1, inGroup: 0) == [])
        let wrong: [ParquetField] = [
            column("a", .int32, 1),
            .column(ParquetColumn(name: "a", physicalType: .int64, isRequired: true, fieldID: 1)),
            .column(ParquetColumn(name: "n", physicalType: .int64, isRequired: true, fieldID: 9)),
            .column(ParquetColumn(name: "a", physicalType: .int64)),
        ]
        for field in wrong {
            var copier = ParquetWriter(try ParquetSchema([field]))
            var failure: (any Error)?
            do { try copier.append(rowGroup: 0, ofOlder: file) } catch { failure = error }
            guard case ParquetReadError.misuse? = failure else {
                Issue.record("\(field): \(String(describing: failure))")
                continue
            }
        }
        try withTemporaryFolder { folder in
            try Data(copy).write(to: folder.appending(path: "copy.parquet"))
            try Referee.run("parquet/conformance.py", folder.path, folder.path)
            let answer = try JSON(parsing: Array(Data(contentsOf: folder.appending(path: "copy.json"))))
            #expect(
                answer["rows"] == [
                    "renamed": ["41", nil, "4242"], "new": [nil, nil, nil], "a": [1, 2, 3], "s": [nil, nil, nil],
                ])
        }
    }

    @Test("files of pyarrow and DuckDB are copied with their indexes and bloom filters") func foreignFiles() throws {
        try withTemporaryFolder { folder in
            try Referee.run("parquet/raw.py", "write", folder.path)
            let schema = try ParquetSchema([
                ParquetColumn(name: "id", physicalType: .int64),
                ParquetColumn(name: "name", physicalType: .byteArray, logicalType: .string),
                ParquetColumn(name: "price", physicalType: .double),
            ])
            var bytes: [UInt8] = []
            var writer = ParquetWriter(schema)
            for name in ["pyarrow", "duckdb"] {
                let file = try ParquetFile(
                    reading: FileRanges(path: folder.appending(path: "\(name).parquet").path))
                for group in file.metadata.rowGroups.indices { try writer.append(rowGroup: group, of: file) }
            }
            writer.finish { bytes.append(contentsOf: $0) }
            try Data(bytes).write(to: folder.appending(path: "copy.parquet"))
            try Referee.run("parquet/raw.py", "check", folder.path)
        }
    }
}
