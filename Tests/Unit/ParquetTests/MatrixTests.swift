import Foundation
import JSON
import Parquet
import TestRandom
import TestReferee
import Testing

/// Three readers read back every combination that the writer offers; the referee checks the layout page by page.
///
/// Files differ in codec, page version, checksums, and page index with size statistics. Columns differ in type,
/// encoding, presence and bloom filter. Every file has all columns.
struct MatrixTests {
    static let types = RefereeTests.types + RefereeTests.otherLogicalTypes
    static let encodings: [EncodingChoice] = [.automatic, .plain, .dictionary, .delta, .byteStreamSplit]
    static let codecs: [CompressionCodec] = [.none, .snappy, .gzip(level: 6), .zstd(level: 1)]

    /// Larger than a chunk of few values needs, so that the writer folds the filters.
    static let bloomFilter = BloomFilterOptions(falsePositiveRate: 0.01, sizeLimit: 2048)

    static func columns(_ generator: inout SeededGenerator, rowCount: Int) -> [TestColumn] {
        var columns: [TestColumn] = []
        for (type, logicalType) in types {
            for nulls in [Nulls.never, .sometimes] {
                for encoding in encodings {
                    let template = TestColumn(
                        type, logicalType, .mixed, nulls, encoding: encoding, rowCount: rowCount, using: &generator)
                    for bloomFilter in [nil, Self.bloomFilter] {
                        var column = template
                        column.column.bloomFilter = bloomFilter
                        if bloomFilter != nil { column.column.name += "_bloom" }
                        guard (try? ParquetSchema([column.column])) != nil else { continue }
                        if encoding != .automatic {
                            column.encodings = [RefereeTests.parquetName(of: encoding, for: type)]
                        }
                        columns.append(column)
                    }
                }
            }
        }
        return columns
    }

    /// The layout that the referee must find in a file written with `options`.
    static func layout(_ options: WriterOptions, probe: Bool = false, sorting: JSON = []) -> JSON {
        let codec =
            switch options.codec {
            case .none: 0
            case .snappy: 1
            case .gzip: 2
            case .zstd: 6
            }
        return [
            "codec": .int(codec), "version": .int(options.dataPageVersion == .v1 ? 1 : 2),
            "checksums": .bool(options.writesChecksums), "page_index": .bool(options.writesPageIndex),
            "sizes": .bool(options.writesSizeStatistics), "probe": .bool(probe), "sorting": sorting,
        ]
    }

    @Test("three readers find every value in every combination of options, and every page has the expected layout")
    func everyCombination() throws {
        try withTemporaryFolder { folder in
            var generator = SeededGenerator(seed: 20_261_122)
            let columns = Self.columns(&generator, rowCount: 90)
            var files = JSONObject()
            for codec in Self.codecs {
                for version in [DataPageVersion.v1, .v2] {
                    for writesChecksums in [true, false] {
                        for writesIndexes in [true, false] {
                            var options = WriterOptions(codec: codec)
                            options.pageRowLimit = 24
                            options.rowGroupRowLimit = 72
                            options.dataPageVersion = version
                            options.writesChecksums = writesChecksums
                            options.writesPageIndex = writesIndexes
                            options.writesSizeStatistics = writesIndexes
                            let name = "file-\(files.count)"
                            try Data(parquetFile(columns, options)).write(
                                to: folder.appending(path: "\(name).parquet"))
                            files[name] = Self.layout(options, probe: files.count == 0)
                        }
                    }
                }
            }
            try describe(columns, as: "matrix", files: files, in: folder)
            try Referee.run("parquet/referee.py", folder.path)
        }
    }

    @Test("the footer names the sorting columns, and the column index marks ordered pages")
    func sortingColumns() throws {
        try withTemporaryFolder { folder in
            var generator = SeededGenerator(seed: 5)
            let columns = [
                TestColumn(.double, nil, .random, .sometimes, rowCount: 700, using: &generator),
                TestColumn(.int64, nil, .ascending, .never, rowCount: 700, using: &generator),
                TestColumn(.byteArray, .string, .constant, .never, rowCount: 700, using: &generator),
            ]
            let options = RefereeTests.options(.snappy)
            let file = try parquetFile(
                columns, options,
                sortedBy: [
                    SortingColumn(name: columns[2].column.name, isDescending: true, nullsFirst: false),
                    SortingColumn(name: columns[1].column.name),
                ])
            try Data(file).write(to: folder.appending(path: "sorted.parquet"))
            var files = JSONObject()
            files["sorted"] = Self.layout(options, sorting: [[2, true, false], [1, false, true]])
            try describe(columns, as: "rows", files: files, in: folder)
            try Referee.run("parquet/referee.py", folder.path)
        }
    }
}
