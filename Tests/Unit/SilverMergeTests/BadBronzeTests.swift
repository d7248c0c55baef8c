import AWSModels
import Control
import FakeAWS
import Parquet
import Testing

@testable import SilverMerge

/// A bronze file that is at fault fails alone, with a message that says what is wrong with it.
@Suite struct BadBronzeTests {
    static let id = ParquetColumn(name: "id", physicalType: .int64, fieldID: 1)
    static let name = ParquetColumn(name: "name", physicalType: .byteArray, logicalType: .string, fieldID: 2)
    static let insert = TestChange(id: 5, operation: .insert, order: "50", time: 50, name: "bad", score: 5)

    /// A file of one row, with these columns of the table's own.
    static func file(_ columns: [(ParquetColumn, [TestValue?])]) throws -> [UInt8] {
        try bronzeFile(columns, [insert])
    }

    static let whole: [(ParquetColumn, [TestValue?])] = [(id, [.long(5)]), (name, [.text("bad")])]

    @Test(
        "the others are merged, and the record says what is wrong",
        arguments: [
            ("unreadable", "it does not end with PAR1"), ("truncated", "it does not end with PAR1"),
            ("empty", "Parquet"),
            ("without key", "it has no column id, which is part of the primary key"),
            ("null key", "row 0 has no id, which is part of the primary key"),
            ("other type", "its column name is int32, and the table's name is string"),
            ("no changes", "it has no column operation"),
            ("unknown operation", "row 0 has no operation that is known"),
            ("former key", "_cdc_previous_key of row 0 has no id, or none of type long"),
            ("left out", "_cdc_unchanged is no JSON array"),
            ("gone", "the file is gone"),
        ])
    func fails(kind: String, reason: String) throws {
        let lake = try TestLake()
        let good = [
            TestChange(id: 1, operation: .insert, order: "10", time: 10, name: "good", score: 1),
            TestChange(id: 2, operation: .insert, order: "11", time: 11, name: "good", score: 1),
        ]
        try lake.put([good[0]], as: "first")
        try lake.put(bytes: Self.bytes(kind), as: "bad")
        try lake.put([good[1]], as: "last")
        if kind == "gone" { lake.aws.delete(S3Object(bucket: "lake", key: "bronze/t/bad.parquet")) }
        try lake.merge()
        #expect(try lake.rows() == modelled(good))
        for record in try lake.records() {
            guard record.objectKey.contains("bad") else {
                #expect(record.status == .success)
                continue
            }
            #expect(record.status == .error && record.isPermanent && record.errorType == "UnreadableFile")
            let message = record.errorMessage ?? ""
            #expect(message.hasPrefix("s3://lake/bronze/t/bad.parquet: "), "\(message)")
            #expect(message.contains(reason), "\(message)")
        }
    }

    private static func bytes(_ kind: String) throws -> [UInt8] {
        func text(_ name: String, _ value: String?) -> (ParquetColumn, [TestValue?]) {
            (ParquetColumn(name: name, physicalType: .byteArray, logicalType: .string), [value.map { .text($0) }])
        }
        func changed(_ operation: String, unchanged: String? = nil, former: String? = nil) throws -> [UInt8] {
            try plainFile(
                whole + [
                    text("operation", operation), text("_cdc_timestamp", nil), text("_cdc_order", "50"),
                    text("_cdc_unchanged", unchanged), text("_cdc_previous_key", former),
                ])
        }
        switch kind {
        case "unreadable": return Array("beer_id,beer_name\n1,Pils\n".utf8)
        case "truncated": return try file(whole).dropLast(100)
        case "empty": return []
        case "without key": return try file([whole[1]])
        case "null key": return try file([(id, [nil]), whole[1]])
        case "other type":
            return try file([whole[0], (ParquetColumn(name: "name", physicalType: .int32, fieldID: 2), [.int(1)])])
        case "no changes": return try plainFile(whole)
        case "unknown operation": return try changed("upsert")
        case "former key": return try changed("update", former: #"{"id":"one"}"#)
        case "left out": return try changed("update", unchanged: "{}")
        default: return try file(whole)
        }
    }

    private static func plainFile(_ columns: [(ParquetColumn, [TestValue?])]) throws -> [UInt8] {
        var writer = ParquetWriter(try ParquetSchema(columns.map(\.0)))
        try writer.append(rowCount: 1, columns: columns.map { columnArray($0.1, $0.0.physicalType) })
        var bytes: [UInt8] = []
        writer.finish { (piece: UnsafeRawBufferPointer) in bytes += piece }
        return bytes
    }
}
