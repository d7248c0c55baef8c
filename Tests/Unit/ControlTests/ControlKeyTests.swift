import AWSModels
import Control
import Testing
import Time

@Suite struct ControlKeyTests {
    /// Each reference is `printf 'bucket\nkey\nversion\nschema' | sha256sum | cut -c1-32`.
    @Test("a control id is half the SHA-256 of bucket, key, version and layer") func controlID() {
        let id = ControlID(bucket: "stage", key: "raw/beer/a b.csv.gz", version: "v1", schema: .bronze)
        #expect(id.text == "50d80be4233353a618a23f97fc6d7e30")
        #expect(id.short == id.text.prefix(16))
        #expect(ControlID(bucket: "stage", key: "raw/beer/a b.csv.gz", version: "v2", schema: .bronze) != id)
        #expect(ControlID(bucket: "stage", key: "raw/beer/a b.csv.gz", version: "v1", schema: .silver) != id)
    }

    @Test(
        "a text that is not 32 lowercase hexadecimal digits is not a control id",
        arguments: [
            "", "abc", "ABCDEFABCDEFABCDEFABCDEFABCDEFAB", "0123456789abcdef0123456789abcdeg", "../../etc/passwd",
        ])
    func invalidIDs(text: String) {
        #expect(ControlID(text) == nil)
    }

    @Test(
        "a raw key gives the table and the format",
        arguments: [
            ("raw/beer/beers.csv.gz", "beer", ControlRecord.FileFormat.csv),
            ("raw/review/2026/03/part 1+é%.json.gz", "review", .json), ("raw/beer/..a/b..csv.gz", "beer", .csv),
            ("raw/beer/a.csv", "beer", .csv), ("raw/beer/a.gz", "beer", .json), ("raw/beer/A.CSV.ZST", "beer", .csv),
        ])
    func rawKeys(text: String, table: String, format: ControlRecord.FileFormat) throws {
        let key = try RawKey(text)
        #expect(key.table == table && key.format == format && key.text == text)
    }

    @Test(
        "any other raw key is refused with a reason",
        arguments: [
            "beers.csv.gz", "raw/beers.csv.gz", "raw//beers.csv.gz", "/raw/beer/a.csv.gz",
            "raw/beer/../secret/a.csv.gz",
            "raw/beer/./a.csv.gz", "raw/../beer/a.csv.gz",
            "raw/beer/a\n.csv.gz", "raw/beer/a\u{0}.csv.gz", "raw/Beer/a.csv.gz", "raw/be er/a.csv.gz",
            "raw/1beer/a.csv.gz",
            "bronze/beer/a.csv.gz", "raw/beer/", "raw/beer//a.csv.gz", "",
        ])
    func invalidRawKeys(text: String) {
        #expect {
            try RawKey(text)
        } throws: { error in
            guard case .invalidKey(text, let reason) = error as? ControlError else { return false }
            return !reason.isEmpty
        }
    }

    @Test(
        "a raw key of another format is refused by name",
        arguments: ["raw/beer/a.parquet", "raw/beer/a", "raw/beer/a.tar.gz"])
    func unknownFormats(text: String) {
        #expect(throws: ControlError.unknownFormat(text)) { try RawKey(text) }
    }

    @Test(
        "output keys follow from the record alone",
        arguments: [
            ("raw/beer/beers.csv.gz", "beers"), ("raw/beer/x/y/part 1+é.json.gz", "part_1___"),
            ("raw/beer/_hidden.csv.gz", "hidden"), ("raw/beer/..csv.gz", "file"), ("raw/beer/a=b&c.csv.gz", "a_b_c"),
            ("raw/beer/A.NDJSON", "A"), ("raw/beer/a.jsonl.zst", "a"),
            ("raw/beer/\(String(repeating: "n", count: 300)).csv.gz", String(repeating: "n", count: 120)),
        ])
    func outputKeys(key: String, stem: String) throws {
        let record = try Self.record(key)
        let id = record.controlID.short
        #expect(try BronzeKey(record).text == "bronze/beer/year=2026/month=02/day=28/\(stem)-\(id).parquet")
        #expect(try QuarantineKey(record).text == "quarantine/beer/year=2026/month=02/day=28/\(stem)-\(id).ndjson.gz")
    }

    @Test("a record with an invalid table name has no output key") func invalidTableName() throws {
        let raw = try Self.record("raw/beer/a.csv.gz")
        let record = ControlRecord(
            controlID: raw.controlID, schema: .bronze, table: "../lake", bucket: "b", objectKey: "raw/x/a.csv.gz",
            objectVersion: .eTag("e"), fileFormat: .csv, fileSizeInBytes: 1, createdAt: raw.createdAt)
        #expect(throws: ControlError.self) { try BronzeKey(record) }
        #expect(throws: ControlError.self) { try QuarantineKey(record) }
    }

    @Test(
        "a version id and an ETag survive the wire form",
        arguments: [ObjectVersion.versionID("3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY"), .versionID("null"), .eTag("abc-2")])
    func objectVersions(version: ObjectVersion) {
        #expect(ObjectVersion(wireText: version.wireText) == version)
    }

    static func record(_ key: String) throws -> ControlRecord {
        ControlRecord(
            raw: try RawKey(key), bucket: "stage", version: .eTag("e"), sizeInBytes: 1,
            createdAt: try #require(Timestamp(rfc3339: "2026-02-28T23:59:59.999Z")))
    }
}
