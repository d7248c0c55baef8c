import AWSClient
import AWSModels
import Contracts
import Control
import FakeAWS
import JSON
import LambdaRuntime
import PublishedContracts
import Testing
import Time

@testable import ControlRecorder

@Suite struct ControlRecorderTests {
    let aws = FakeAWS()
    let context = InvocationContext(requestID: "r", deadline: .now + .seconds(3600), log: Log(sink: { _ in }))

    let contracts = ContractSource(ContractCatalog(["beer", "brewery"].compactMap(Self.contract)))

    private static func contract(_ table: String) -> Contract? {
        try? Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: draft,
                 schema: [{name: \(table), properties: [{name: id, logicalType: integer}]}]}
                """, file: "fixture")
    }

    var recorder: ControlRecorder {
        ControlRecorder(
            control: ControlTable(name: "control", client: aws.client, now: { [aws] in aws.now }),
            objects: ObjectStore(aws.client), contracts: contracts)
    }

    /// The items that are control records. Each raw key has one besides.
    var records: [Item] { aws.items(in: "control").filter { $0["schema_name"] == "dm_bronze" } }

    /// One record of an event, with its key encoded as S3 encodes it.
    func announcement(
        _ encodedKey: String, version: String? = "v1", name: String = "ObjectCreated:Put", size: Int = 7
    ) -> JSON {
        var object: JSONObject = ["key": .string(encodedKey), "size": .int(size), "eTag": "e1"]
        object["versionId"] = version.map(JSON.string)
        return [
            "eventName": .string(name), "eventTime": "2026-03-01T09:00:00.000Z",
            "s3": ["bucket": ["name": "stage"], "object": .object(object)],
        ]
    }

    @Test("an event with several objects makes one record of each, with the key decoded") func severalObjects() throws {
        let event: JSON = [
            "Records": [
                announcement("raw/beer/a+b%2B%25%C3%A9.csv.gz"), announcement("raw/brewery/x/y.json.gz", version: nil),
            ]
        ]
        #expect(
            try recorder.handle(event, context) == ["recorded": 2, "already_recorded": 0, "refused": 0, "ignored": 0])
        let records = try self.records.map(ControlRecord.init(item:)).sorted { $0.table < $1.table }
        #expect(records.map(\.objectKey) == ["raw/beer/a b+%é.csv.gz", "raw/brewery/x/y.json.gz"])
        #expect(records.map(\.objectVersion) == [.versionID("v1"), .eTag("e1")])
        #expect(records.map(\.fileFormat) == [.csv, .json])
        #expect(records.allSatisfy { $0.status == .pending && $0.schema == .bronze && $0.fileSizeInBytes == 7 })
        #expect(records.allSatisfy { $0.createdAt.rfc3339 == "2026-03-01T09:00:00.000Z" })
    }

    @Test("a repeated event makes one record") func repeatedEvent() throws {
        let one = announcement("raw/beer/a.csv.gz")
        let event: JSON = ["Records": [one, one]]
        #expect(
            try recorder.handle(event, context) == ["recorded": 1, "already_recorded": 1, "refused": 0, "ignored": 0])
        for _ in 0..<49 {
            #expect(
                try recorder.handle(event, context) == [
                    "recorded": 0, "already_recorded": 2, "refused": 0, "ignored": 0,
                ])
        }
        #expect(records.count == 1)
    }

    @Test("concurrent events make one record") func concurrentEvents() async throws {
        let event: JSON = ["Records": [announcement("raw/beer/a.csv.gz")]]
        let recorder = recorder
        let recorded = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { try recorder.handle(event, context)["recorded"]?.int ?? 0 }
            }
            return try await group.reduce(0, +)
        }
        #expect(recorded == 1)
    }

    @Test("another version of the same key makes another record") func newVersion() throws {
        for version in ["v1", "v2"] {
            _ = try recorder.handle(["Records": [announcement("raw/beer/a.csv.gz", version: version)]], context)
        }
        #expect(records.count == 2)
    }

    @Test(
        "an object that cannot be read gets one record, in error, which says why",
        arguments: [
            ("raw/wine/a.csv.gz", "wine", "UnknownTable"), ("raw/beer/a.parquet", "beer", "UnknownFormat"),
            ("raw/beer/a.tar.gz", "beer", "UnknownFormat"), ("raw/beer/README", "beer", "UnknownFormat"),
            ("raw/a.csv.gz", "(none)", "InvalidKey"), ("raw/beer/../wine/a.csv.gz", "beer", "InvalidKey"),
            ("raw/beer/%2E%2E/a.csv.gz", "beer", "InvalidKey"), ("raw/beer//a.csv.gz", "beer", "InvalidKey"),
            ("raw/beer/a%0A.csv.gz", "beer", "InvalidKey"), ("raw/..%2Fbeer/a.csv.gz", "(none)", "InvalidKey"),
            ("raw/Beer/a.csv.gz", "(none)", "InvalidKey"),
        ])
    func unreadableObject(encodedKey: String, table: String, errorType: String) throws {
        let event: JSON = ["Records": [announcement(encodedKey), announcement(encodedKey)]]
        #expect(
            try recorder.handle(event, context)
                == ["recorded": 0, "already_recorded": 1, "refused": 1, "ignored": 0])
        let records = try self.records.map(ControlRecord.init(item:))
        #expect(records.map(\.status) == [.error] && records.map(\.table) == [table])
        #expect(records.map(\.errorType) == [errorType] && records.map(\.isPermanent) == [true])
        #expect(records.first?.errorMessage?.contains("; ") == true)
    }

    @Test(
        "every name that says format and compression makes a record",
        arguments: [
            "a.csv", "A.CSV.GZ", "a.json", "a.ndjson.gz", "a.jsonl.gz", "a.jsonl.zst",
            "stream-1-2026-03-01-09-00-00-1f3a.gz",
        ])
    func names(name: String) throws {
        #expect(try recorder.handle(["Records": [announcement("raw/beer/\(name)")]], context)["recorded"] == 1)
    }

    @Test(
        "markers, objects outside raw/, and what the source says about tables are ignored",
        arguments: ["raw/beer/", "raw/beer/_SUCCESS", "bronze/beer/a.csv.gz", "raw/_control/a.json.gz"])
    func markers(key: String) throws {
        let event: JSON = ["Records": [announcement(key, size: 0)]]
        #expect(try recorder.handle(event, context)["ignored"] == 1)
        #expect(aws.requests.isEmpty)
    }

    @Test("only ObjectCreated events make records") func eventNames() throws {
        let event: JSON = ["Records": [announcement("raw/beer/a.csv.gz", name: "ObjectRemoved:Delete")]]
        #expect(try recorder.handle(event, context)["ignored"] == 1)
        let copy: JSON = [
            "Records": [announcement("raw/beer/a.csv.gz", name: "s3:ObjectCreated:CompleteMultipartUpload")]
        ]
        #expect(try recorder.handle(copy, context)["recorded"] == 1)
    }

    @Test("an event of another shape is an error") func otherShape() {
        #expect(throws: ModelError.self) { try recorder.handle(["detail": [:]], context) }
    }
}
