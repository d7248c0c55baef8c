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
