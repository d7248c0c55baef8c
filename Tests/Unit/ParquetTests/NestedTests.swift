import Columns
import Foundation
import JSON
import Parquet
import Testing
import TestRandom
import TestReferee

@Suite struct NestedTests {
    /// Writes rows of the columns in batches of a random size.
    private func file(
        _ columns: [NestedColumn], _ rows: [[JSON]], _ options: WriterOptions, batchSize: Int
    ) throws -> [UInt8] {
        var file: [UInt8] = []
        let id = ParquetColumn(name: "id", physicalType: .int32, isRequired: true)
        var writer = ParquetWriter(try ParquetSchema([.column(id)] + columns.map(\.field)), options)
        for start in stride(from: 0, to: rows.count, by: batchSize) {
            let range = start..<min(start + batchSize, rows.count)
            let ids = ColumnArray(.int32(range.map(Int32.init)))
            let leaves = columns.enumerated().flatMap { index, column in
                column.leaves(of: rows[range].map { $0[index] }).map(\.batch)
            }
            try writer.append(rowCount: range.count, columns: [ids] + leaves)
            writer.drain { file.append(contentsOf: $0) }
        }
        writer.finish { file.append(contentsOf: $0) }
        return file
    }

    private func write(
        _ columns: [NestedColumn], _ rows: [[JSON]], _ options: WriterOptions, batchSize: Int, name: String,
        to folder: URL
    ) throws {
        try Data(try file(columns, rows, options, batchSize: batchSize)).write(
            to: folder.appending(path: "\(name).parquet"))
        let expected = rows.enumerated().map { number, values -> JSON in
            var row = JSONObject()
            row["id"] = .int(number)
            for (column, value) in zip(columns, values) { row[column.name] = value }
            return .object(row)
        }
        try Data(JSON.array(expected).bytes).write(to: folder.appending(path: "\(name).json"))
    }

    @Test("random structs and lists are read back, whatever the sizes of pages, row groups and batches")
    func randomNesting() throws {
        try withTemporaryFolder { folder in
            for round in 0..<12 {
                let seed = UInt64.random(in: 1...1_000_000)
                print("seed of nested columns: \(seed)")
                var generator = SeededGenerator(seed: seed)
                let columns = (0..<3).map { NestedColumn("c\($0)", depth: 3, using: &generator) }
                let rows = (0..<200).map { _ in columns.map { $0.shape.value(using: &generator) } }
                var options = WriterOptions(codec: round.isMultiple(of: 2) ? .snappy : .none)
                options.dataPageVersion = round.isMultiple(of: 3) ? .v2 : .v1
                options.writesChecksums = true
                options.pageRowLimit = Int.random(in: 1...90, using: &generator)
                options.pageSizeLimit = Int.random(in: 16...400, using: &generator)
                options.rowGroupRowLimit = Int.random(in: 60...250, using: &generator)
                options.stripeTextLimit = Int.random(in: 50...4000, using: &generator)
                let batchSize = Int.random(in: 1...120, using: &generator)
                try write(columns, rows, options, batchSize: batchSize, name: "seed-\(seed)", to: folder)
            }
            try Referee.run("nested/referee.py", "rows", folder.path)
            try Referee.run("parquet/levels.py", folder.path)
        }
    }

    @Test("the bytes of a nested file depend on the rows, not on the batch size") func nestedBatchSizes() throws {
        var generator = SeededGenerator(seed: 11)
        let columns = (0..<2).map { NestedColumn("c\($0)", depth: 2, using: &generator) }
        let rows = (0..<150).map { _ in columns.map { $0.shape.value(using: &generator) } }
        var options = WriterOptions()
        options.pageRowLimit = 40
        let whole = try file(columns, rows, options, batchSize: 150)
        for size in [1, 7, 40, 41] { #expect(try file(columns, rows, options, batchSize: size) == whole) }
    }

    @Test("required and optional fields nest seventeen levels deep") func deepNesting() throws {
        try withTemporaryFolder { folder in
            for isRequired in [true, false] {
                var shape = NestedColumn.Shape.number(isRequired: isRequired)
                var row = JSON.int(5)
                for depth in 0..<16 {
                    shape =
                        depth.isMultiple(of: 2)
                        ? .list(isRequired: isRequired, shape) : .structure(isRequired: isRequired, [("f", shape)])
                    row = depth.isMultiple(of: 2) ? .array([row, row]) : ["f": row]
                }
                let column = NestedColumn("c", shape)
                try write(
                    [column], [[row], [row]], WriterOptions(), batchSize: 2, name: "required-\(isRequired)", to: folder)
            }
            try Referee.run("nested/referee.py", "rows", folder.path)
        }
    }

    @Test(
        "levels that contradict the schema or the values are refused",
        arguments: [
            ("levels missing", [], [], 0, "needs as many definition"),
            ("of different length", [1], [0, 0], 0, "needs as many definition"),
            ("too deep", [4], [0], 0, "a definition level exceeds 3"),
            ("too many lists", [3, 3], [0, 2], 2, "a repetition level exceeds 1"),
            ("no beginning", [3], [1], 1, "repetition levels of 0 rows for 1"),
            ("two rows", [3, 3], [0, 0], 2, "repetition levels of 2 rows for 1"),
            ("a value too few", [3, 3], [0, 1], 1, "1 values for 2 entries"),
            ("a null too few", [2], [0], 1, "1 values for 0 entries"),
        ] as [(String, [UInt8], [UInt8], Int, String)])
    func contradictoryLevels(
        case: String, definition: [UInt8], repetition: [UInt8], values: Int, complaint: String
    ) throws {
        let list = ParquetField.list(
            name: "a", isRequired: false, fieldID: nil, element: .column(ParquetColumn(name: "x", physicalType: .int32))
        )
        var writer = ParquetWriter(try ParquetSchema([list]))
        let array = ColumnValues.int32(Array(repeating: 1, count: values))
        let batch =
            definition.isEmpty
            ? ColumnArray(array)
            : ColumnArray(array, levels: NestedLevels(definition: definition, repetition: repetition))
        let error = #expect(throws: ParquetError.self) { try writer.append(rowCount: 1, columns: [batch]) }
        #expect(error?.description.contains(complaint) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("a.list.element") == true)
    }

    @Test("empty structs, duplicate fields, nested sorting columns and 70 levels are refused")
    func impossibleSchemas() throws {
        let x = ParquetField.column(ParquetColumn(name: "x", physicalType: .int32))
        func structure(_ fields: [ParquetField]) -> ParquetField {
            .structure(name: "s", isRequired: true, fieldID: 1, fields: fields)
        }
        #expect(throws: ParquetError.self) { try ParquetSchema([structure([])]) }
        #expect(throws: ParquetError.self) { try ParquetSchema([structure([x, x])]) }
        #expect(throws: ParquetError.self) { try ParquetSchema([structure([x])], sortedBy: [SortingColumn(name: "x")]) }
        #expect(throws: ParquetError.self) {
            try ParquetSchema([(0..<70).reduce(x) { inner, _ in structure([inner]) }])
        }
        var flat = ParquetWriter(try ParquetSchema([x]))
        #expect(throws: ParquetError.self) {
            try flat.append(
                rowCount: 1,
                columns: [ColumnArray(.int32([1]), levels: NestedLevels(definition: [1], repetition: [0]))])
        }
    }
}
