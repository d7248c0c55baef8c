import EmulatorCore
import JSON
import TestRandom
import Testing

@testable import EmulatedS3

/// S3's operations below HTTP, as other services of the emulator call them.
@Suite struct WholeObjectTests {
    @Test(
        "an object that a service puts is the object that a client gets", arguments: [0, 7, 128 << 10, (128 << 10) + 1])
    func roundTrip(size: Int) async throws {
        let s3 = try await S3Fixture()
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let stored = try await s3.service.putObject(bytes, to: ObjectLocation(bucket: "bucket", key: "a/b c"))
        let answer = try await s3.send("GET", "/bucket/a/b%20c")
        #expect(answer.status == 200 && answer.bytes == bytes)
        #expect(answer.headers["ETag"] == stored.etag)
        let (facts, contents) = try s3.service.getObject(ObjectLocation(bucket: "bucket", key: "a/b c"))
        #expect(contents == bytes && facts.size == size && facts.etag == stored.etag && facts.crc32 == stored.crc32)
        #expect(facts.version == nil, "the bucket never had versions")
    }

    @Test("a version is read, deleted and gone, while the latest stays")
    func versions() async throws {
        let s3 = try await S3Fixture(versioning: "Enabled")
        let key = ObjectLocation(bucket: "bucket", key: "k")
        let first = try await s3.service.putObject([1], to: key)
        _ = try await s3.service.putObject([2], to: key)
        let old = ObjectLocation(bucket: "bucket", key: "k", version: first.version)
        #expect(try s3.service.getObject(old).contents == [1])
        try await s3.service.deleteObject(old)
        #expect(throws: AWSFault.self) { try s3.service.headObject(old) }
        #expect(try s3.service.getObject(key).contents == [2])
    }

    @Test("a page of a listing ends at its limit, and the next one starts behind its last key")
    func listing() async throws {
        let s3 = try await S3Fixture()
        for number in 0..<5 {
            _ = try await s3.service.putObject([], to: ObjectLocation(bucket: "bucket", key: "p/\(number)"))
        }
        _ = try await s3.service.putObject([], to: ObjectLocation(bucket: "bucket", key: "q"))
        let first = try s3.service.listObjects(in: "bucket", prefix: "p/", after: "", limit: 3)
        #expect(first.objects.map(\.key) == ["p/0", "p/1", "p/2"] && first.isTruncated)
        let second = try s3.service.listObjects(in: "bucket", prefix: "p/", after: "p/2", limit: 3)
        #expect(second.objects.map(\.key) == ["p/3", "p/4"] && !second.isTruncated)
        #expect(try s3.service.listBuckets().map(\.name) == ["bucket"])
    }

    @Test("a fault has S3's own code, and the object's name where the whole object is wanted")
    func faults() async throws {
        let s3 = try await S3Fixture()
        let missing = ObjectLocation(bucket: "bucket", key: "none")
        let fault = #expect(throws: AWSFault.self) { try s3.service.getObject(missing) }
        #expect(fault?.code == "NoSuchKey" && fault?.status == 404)
        let named = #expect(throws: AWSFault.self) { try s3.service.contents(of: missing) }
        #expect(named?.message.hasPrefix("s3://bucket/none: ") == true)
        let bucket = await #expect(throws: AWSFault.self) {
            try await s3.service.putObject([1], to: ObjectLocation(bucket: "other", key: "k"))
        }
        #expect(bucket?.code == "NoSuchBucket")
    }

    @Test("a put below HTTP announces the same event as one over HTTP")
    func announcement() async throws {
        let s3 = try await S3Fixture()
        let configuration = """
            <NotificationConfiguration><CloudFunctionConfiguration>
            <CloudFunction>arn:aws:lambda:us-east-1:000000000000:function:f</CloudFunction>
            <Event>s3:ObjectCreated:*</Event></CloudFunctionConfiguration></NotificationConfiguration>
            """
        #expect(try await s3.send("PUT", "/bucket?notification", text: configuration).status == 200)
        _ = try await s3.service.putObject([1, 2], to: ObjectLocation(bucket: "bucket", key: "k"))
        let object = try s3.events.first?["Records"]?[0]?["s3"]?["object"]
        #expect(object?["key"] == "k" && object?["size"] == 2)
    }
}
