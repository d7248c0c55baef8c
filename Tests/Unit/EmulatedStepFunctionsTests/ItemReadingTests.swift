import Columns
import EmulatorCore
import Foundation
import Gzip
import JSON
import Parquet
import Synchronization
import TestServices
import Testing
import Time

@testable import EmulatedStepFunctions

/// Objects in memory.
private final class MemoryObjects: ObjectStore {
    private let contents: [String: [UInt8]]

    init(_ contents: [String: [UInt8]]) { self.contents = contents }

    private func facts(_ key: String, _ size: Int) -> ObjectFacts {
        ObjectFacts(
            key: key, size: size, etag: "\"e\"", lastModified: Timestamp(seconds: 0),
            contentType: "binary/octet-stream",
            storageClass: "STANDARD", crc32: nil, version: nil)
    }

    func getObject(_ object: ObjectLocation) throws(AWSFault) -> (facts: ObjectFacts, contents: [UInt8]) {
        guard let found = contents[object.key] else {
            throw AWSFault("NoSuchKey", "The specified key does not exist.", status: 404)
        }
        return (facts(object.key, found.count), found)
    }

    func getObject(_ object: ObjectLocation, range: Range<Int>) throws(AWSFault) -> [UInt8] {
        Array(try getObject(object).contents[range])
    }

    func copyObject(_ object: ObjectLocation, toFile path: String) throws(AWSFault) {}
    func headObject(_ object: ObjectLocation) throws(AWSFault) -> ObjectFacts { try getObject(object).facts }

    func putObject(_ contents: [UInt8], to object: ObjectLocation) async throws(AWSFault) -> ObjectFacts {
        throw AWSFault("AccessDenied", "read only")
    }

    func deleteObject(_ object: ObjectLocation) async throws(AWSFault) {}

    func listObjects(
        in bucket: String, prefix: String, after key: String, limit: Int
    ) throws(AWSFault) -> (objects: [ObjectFacts], isTruncated: Bool) {
        let found = contents.filter { $0.key.hasPrefix(prefix) && $0.key > key }.sorted { $0.key < $1.key }
        return (found.map { facts($0.key, $0.value.count) }, false)
    }

    func listBuckets() throws(AWSFault) -> [(name: String, createdAt: Timestamp)] { [] }
}

/// Distributed Maps over files that are more than one text object.
struct ItemReadingTests {
    /// The outcome of a machine of one Map that reads `config` from `key`.
    private func run(
        _ config: JSON, _ key: String, resource: String = "getObject", _ contents: [String: [UInt8]]
    ) async throws -> JSON {
        let directory = try TemporaryDirectory()
        let store = try Store(directory: directory.path, schema: StepFunctionsService.schema)
        defer { store.close() }
        let service = StepFunctionsService(store: store, peers: Peers(MemoryObjects(contents)))
        let parameters: JSON = ["Bucket": "b", resource == "getObject" ? "Key" : "Prefix": .string(key)]
        let definition: JSON = [
            "StartAt": "M",
            "States": [
                "M": [
                    "Type": "Map", "End": true,
                    "ItemReader": [
                        "Resource": .string("arn:aws:states:::s3:\(resource)"), "ReaderConfig": config,
                        "Parameters": parameters,
                    ],
                    "ItemProcessor": [
                        "ProcessorConfig": ["Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"], "StartAt": "P",
                        "States": ["P": ["Type": "Pass", "End": true]],
                    ],
                ]
            ],
        ]
        let machine = try await service.perform(
            "CreateStateMachine",
            [
                "name": "m", "definition": .string(definition.text), "roleArn": "arn:aws:iam::000000000000:role/r",
            ])
        let started = try await service.perform(
            "StartExecution", ["stateMachineArn": machine["stateMachineArn"] ?? .null])
        while true {
            let described = try await service.perform(
                "DescribeExecution", ["executionArn": started["executionArn"] ?? .null])
            if described["status"] != "RUNNING" { return described }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func output(_ described: JSON) throws -> JSON {
        try JSON(parsing: try #require(described["output"]?.string, "\(described.text)"))
    }

    private static func file() throws -> [UInt8] {
        let schema = try ParquetSchema([
            ParquetColumn(name: "id", physicalType: .int64, isRequired: true),
            ParquetColumn(name: "name", physicalType: .byteArray, logicalType: .string),
            ParquetColumn(name: "day", physicalType: .int32, logicalType: .date, isRequired: true),
            ParquetColumn(
                name: "at", physicalType: .int64, logicalType: .timestamp(.milliseconds, isAdjustedToUTC: true),
                isRequired: true),
            ParquetColumn(
                name: "price", physicalType: .int64, logicalType: .decimal(precision: 9, scale: 2), isRequired: true),
            ParquetColumn(name: "share", physicalType: .double, isRequired: true),
            ParquetColumn(name: "good", physicalType: .boolean, isRequired: true),
        ])
        var names = ByteArrays()
        names.append(Array("é".utf8))
        var writer = ParquetWriter(schema)
        try writer.append(
            rowCount: 2,
            columns: [
                ColumnArray(.int64([1, -2])), ColumnArray(.byteArray(names), presence: [0b10]),
                ColumnArray(.int32([0, -1])), ColumnArray(.int64([1_500, -1])), ColumnArray(.int64([1234, -5])),
                ColumnArray(.double([0.5, .nan])), ColumnArray(.boolean([1, 0])),
            ])
        var bytes: [UInt8] = []
        writer.finish { bytes.append(contentsOf: $0) }
        return bytes
    }

    private static func number(_ text: String) -> JSON { JSONNumber(text).map { .number($0) } ?? .null }

    private static let rows: JSON = [
        [
            "id": 1, "name": nil, "day": "1970-01-01", "at": "1970-01-01T00:00:01.500Z", "price": number("12.34"),
            "share": number("0.5"), "good": true,
        ],
        [
            "id": -2, "name": "é", "day": "1969-12-31", "at": "1969-12-31T23:59:59.999Z", "price": number("-0.05"),
            "share": "nan", "good": false,
        ],
    ]

    @Test("the rows of a Parquet file are items")
    func parquet() async throws {
        let described = try await run(["InputType": "PARQUET"], "f", ["f": try Self.file()])
        #expect(try output(described) == Self.rows)
        let one = try await run(["InputType": "PARQUET", "MaxItems": 1], "f", ["f": try Self.file()])
        #expect(try output(one).array?.count == 1)
    }

    @Test("lists and structs of a Parquet file are lists and objects")
    func nested() async throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/parquet/seeds/nested.parquet")
        let described = try await run(["InputType": "PARQUET"], "f", ["f": Array(try Data(contentsOf: path))])
        let rows = try output(described).array ?? []
        #expect(rows.count == 24)
        #expect(
            Array(rows.prefix(4)) == [
                ["l": [], "m": [:]], ["l": nil, "m": ["k0": ["x": 0]]],
                ["l": [0, 1], "m": ["k0": ["x": 0], "k1": ["x": 1]]], ["l": [0, 1, nil], "m": [:]],
            ])
    }

    @Test("the objects that a manifest of Athena names are read")
    func athenaManifest() async throws {
        let config: JSON = ["InputType": "JSONL", "ManifestType": "ATHENA_DATA"]
        let files = [
            "m.csv": Array("s3://b/1.jsonl\ns3://b/2.jsonl\n".utf8), "1.jsonl": Array("{\"a\":1}\n".utf8),
            "2.jsonl": Array("{\"a\":2}\n{\"a\":3}\n".utf8),
        ]
        #expect(try output(await run(config, "m.csv", files)) == [["a": 1], ["a": 2], ["a": 3]])
    }

    @Test("the rows of an inventory have the columns of its manifest")
    func inventory() async throws {
        var gzip = GzipWriter()
        gzip.append(Array("\"src\",\"a%20b\",\"3\"\n".utf8))
        let manifest: JSON = [
            "destinationBucket": "arn:aws:s3:::b", "fileFormat": "CSV", "fileSchema": "Bucket, Key, Size",
            "files": [["key": "d/1.csv.gz", "size": 1]],
        ]
        let files = ["manifest.json": manifest.bytes, "d/1.csv.gz": gzip.finish()]
        for config in [["InputType": "MANIFEST"], ["ManifestType": "S3_INVENTORY"]] as [JSON] {
            let described = try await run(config, "manifest.json", files)
            #expect(try output(described) == [["Bucket": "src", "Key": "a%20b", "Size": "3"]])
        }
    }

    @Test("all objects under a prefix are read")
    func prefix() async throws {
        let files = [
            "p/1.json": Array("[1]".utf8), "p/2.json": Array("[2,3]".utf8), "q.json": Array("[4]".utf8), "p/": [],
        ]
        let config: JSON = ["InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"]
        #expect(try output(await run(config, "p/", resource: "listObjectsV2", files)) == [1, 2, 3])
    }

    @Test(
        "what cannot be read fails the reader, and says which object it is",
        arguments: [
            (["InputType": "PARQUET"], ["f": Array("PAR1 no".utf8)]), (["InputType": "PARQUET"], [:]),
            (["InputType": "MANIFEST"], ["f": Array("[]".utf8)]),
            (["InputType": "MANIFEST"], ["f": Array(#"{"fileFormat":"ORC","files":[{"key":"x"}]}"#.utf8)]),
            (["InputType": "JSONL", "ManifestType": "ATHENA_DATA"], ["f": Array("x.jsonl".utf8)]),
            (["InputType": "JSONL", "ManifestType": "ATHENA_DATA"], ["f": Array("s3://b/gone".utf8)]),
            (["InputType": "MANIFEST"], ["f": [0x1F, 0x8B, 1, 2]]),
        ] as [(JSON, [String: [UInt8]])])
    func faults(config: JSON, files: [String: [UInt8]]) async throws {
        let described = try await run(config, "f", files)
        #expect(described["error"] == "States.ItemReaderFailed")
        #expect(described["cause"]?.string?.contains("s3://b/") == true, "\(described.text)")
    }
}
