import Foundation
import Parquet
import TestRandom
import TestReferee
import Testing

/// Three readers read back every type, presence, encoding and codec that the writer offers.
struct RefereeTests {
    static let types: [(PhysicalType, LogicalType?)] = [
        (.boolean, nil), (.int32, nil), (.int64, nil), (.float, nil), (.double, nil), (.byteArray, nil),
        (.fixedLengthByteArray(length: 5), nil),
        (.byteArray, .string), (.int32, .date), (.int64, .timestamp(.microseconds, isAdjustedToUTC: true)),
        (.int32, .decimal(precision: 9, scale: 2)), (.int64, .decimal(precision: 18, scale: 4)),
        (.fixedLengthByteArray(length: 16), .decimal(precision: 38, scale: 6)),
    ]

    static let otherLogicalTypes: [(PhysicalType, LogicalType?)] = [
        (.byteArray, .json), (.fixedLengthByteArray(length: 16), .uuid),
        (.int32, .time(.milliseconds, isAdjustedToUTC: false)), (.int64, .time(.microseconds, isAdjustedToUTC: false)),
        (.int64, .timestamp(.microseconds, isAdjustedToUTC: false)),
        (.int64, .timestamp(.milliseconds, isAdjustedToUTC: true)),
        (.int32, .integer(bitWidth: 8, isSigned: true)), (.int32, .integer(bitWidth: 8, isSigned: false)),
        (.int32, .integer(bitWidth: 16, isSigned: true)), (.int32, .integer(bitWidth: 16, isSigned: false)),
        (.int32, .integer(bitWidth: 32, isSigned: true)), (.int32, .integer(bitWidth: 32, isSigned: false)),
        (.int64, .integer(bitWidth: 64, isSigned: true)), (.int64, .integer(bitWidth: 64, isSigned: false)),
    ]

    /// Limits so small that few rows cross every page, row group and dictionary boundary.
    static func options(_ codec: CompressionCodec) -> WriterOptions {
        var options = WriterOptions(codec: codec)
        options.pageRowLimit = 256
        options.rowGroupRowLimit = 768
        options.pageSizeLimit = 2048
        options.dictionarySizeLimit = 6000
        options.writesChecksums = codec == .snappy
        options.keyValues = [("contract_version", "1.0.0"), ("note", "é")]
        return options
    }

    static func parquetName(of encoding: EncodingChoice, for type: PhysicalType) -> String {
        switch encoding {
        case .plain, .automatic: "PLAIN"
        case .dictionary: "RLE_DICTIONARY"
        case .byteStreamSplit: "BYTE_STREAM_SPLIT"
        case .delta: type == .byteArray ? "DELTA_LENGTH_BYTE_ARRAY" : "DELTA_BINARY_PACKED"
        }
    }

    @Test(
        "three readers find the written values in every type and shape",
        arguments: [CompressionCodec.none, .snappy, .zstd(level: 3)], Nulls.allCases)
    func everyType(codec: CompressionCodec, nulls: Nulls) throws {
        try withTemporaryFolder { folder in
            let seed: UInt64 = 20_261_121
            var generator = SeededGenerator(seed: seed)
            let columns = Self.types.flatMap { type, logicalType in
                Shape.allCases.map { shape in
                    TestColumn(type, logicalType, shape, nulls, rowCount: 1000, using: &generator)
                }
            }
            try write(columns, Self.options(codec), name: "seed\(seed)", batchSize: 300, to: folder)
            try Referee.run("parquet/referee.py", folder.path)
        }
    }

    @Test("each forced encoding is read back, and the footer names it") func forcedEncodings() throws {
        try withTemporaryFolder { folder in
            var generator = SeededGenerator(seed: 7)
            for nulls in [Nulls.never, .sometimes] {
                var columns: [TestColumn] = []
                for encoding in [EncodingChoice.plain, .dictionary, .delta, .byteStreamSplit] {
                    for (type, logicalType) in Self.types {
                        let probe = ParquetColumn(name: "c", physicalType: type, encoding: encoding)
                        guard (try? ParquetSchema([probe])) != nil else { continue }
                        for shape in [Shape.repeating, .random] {
                            var column = TestColumn(
                                type, logicalType, shape, nulls, encoding: encoding, rowCount: 600, using: &generator)
                            column.encodings = [Self.parquetName(of: encoding, for: type)]
                            columns.append(column)
                        }
                    }
                }
                var options = Self.options(.snappy)
                options.dictionarySizeLimit = 1 << 20
                try write(columns, options, name: "forced-\(nulls)", to: folder)
            }
            try Referee.run("parquet/referee.py", folder.path)
        }
    }

    @Test("the remaining logical types are read back") func otherLogicalTypesReadBack() throws {
        try withTemporaryFolder { folder in
            var generator = SeededGenerator(seed: 11)
            for nulls in [Nulls.never, .sometimes] {
                let columns = Self.otherLogicalTypes.flatMap { type, logicalType in
                    [Shape.repeating, .random, .extremes].map {
                        TestColumn(type, logicalType, $0, nulls, rowCount: 500, using: &generator)
                    }
                }
                try write(columns, Self.options(.zstd(level: 1)), name: "logical-\(nulls)", to: folder)
            }
            try Referee.run("parquet/referee.py", folder.path)
        }
    }

    @Test("a large file and an empty file with the default options are read back") func defaultOptions() throws {
        try withTemporaryFolder { folder in
            var generator = SeededGenerator(seed: 3)
            let big = [
                TestColumn(.int64, nil, .ascending, .never, rowCount: 40_000, using: &generator),
                TestColumn(.double, nil, .repeating, .sometimes, rowCount: 40_000, using: &generator),
                TestColumn(.byteArray, .string, .random, .inRuns, rowCount: 40_000, using: &generator),
            ]
            try write(big, WriterOptions(), name: "big", batchSize: 7000, to: folder)
            let empty = Self.types.map {
                TestColumn($0.0, $0.1, .constant, .sometimes, rowCount: 0, using: &generator)
            }
            try write(empty, WriterOptions(), name: "empty", to: folder)
            try Referee.run("parquet/referee.py", folder.path)
        }
    }
}
