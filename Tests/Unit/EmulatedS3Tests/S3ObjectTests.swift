import Digest
import EmulatorCore
import Foundation
import Testing
import TestServices
import XML

@testable import EmulatedS3

@Suite struct S3ObjectTests {
    @Test("an object is returned with its bytes, headers, and metadata")
    func roundTrip() async throws {
        let s3 = try await S3Fixture()
        let put = try await s3.send(
            "PUT", "/bucket/a%20b/%C3%A9",
            [("Content-Type", "text/plain"), ("Cache-Control", "no-cache"), ("X-Amz-Meta-Colour", "red")], text: "hello"
        )
        #expect(put.status == 200)
        #expect(put.headers["ETag"] == "\"5d41402abc4b2a76b9719d911017c592\"")
        #expect(put.headers["x-amz-version-id"] == nil)
        let get = try await s3.send("GET", "/bucket/a%20b/%C3%A9")
        #expect(get.text == "hello")
        #expect(get.headers["Content-Type"] == "text/plain")
        #expect(get.headers["Cache-Control"] == "no-cache")
        #expect(get.headers["x-amz-meta-colour"] == "red")
        #expect(get.headers["Last-Modified"] == "Thu, 28 May 2026 20:26:40 GMT")
        let head = try await s3.send("HEAD", "/bucket/a%20b/%C3%A9")
        #expect(head.bytes.isEmpty && head.headers["Content-Length"] == "5")
    }

    @Test("a large object has a file, which is deleted when the object is overwritten")
    func largeObject() async throws {
        let s3 = try await S3Fixture()
        let bytes = (0..<S3.inlineLimit + 1).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await s3.send("PUT", "/bucket/large", body: bytes)
        #expect(s3.files.count == 1)
        #expect(try await s3.send("GET", "/bucket/large").bytes == bytes)
        try await s3.send("PUT", "/bucket/large", text: "small now")
        try await s3.expectNoStrayFiles()
        #expect(s3.files.isEmpty)
    }

    @Test("a reader keeps the bytes of an object that is deleted during the read")
    func deletedWhileRead() async throws {
        let s3 = try await S3Fixture()
        let bytes = [UInt8](repeating: 7, count: S3.inlineLimit * 2)
        try await s3.send("PUT", "/bucket/k", body: bytes)
        var reading: HTTPResponse? = await s3.service.respond(to: HTTPRequest(method: "GET", path: "/bucket/k"))
        try await s3.send("DELETE", "/bucket/k")
        #expect(try await s3.send("GET", "/bucket/k").code == "NoSuchKey")
        try await s3.send("PUT", "/bucket/other", body: bytes)
        try await s3.send("DELETE", "/bucket/other")
        let body = try #require(reading?.body)
        #expect(try S3Fixture.bytes(of: body) == bytes)
        reading = nil
    }

    @Test("files that are not in the index are deleted at start")
    func orphanFiles() async throws {
        var s3: S3Fixture? = try await S3Fixture()
        let bytes = [UInt8](repeating: 1, count: S3.inlineLimit + 1)
        try await s3?.send("PUT", "/bucket/kept", body: bytes)
        let directory = try #require(s3?.directory)
        for orphan in ["00/ffff-0", "05/ffff-5.part"] {
            let file = URL(fileURLWithPath: directory.path + "/objects/" + orphan)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
        }
        s3 = nil
        let restarted = try await S3Fixture(directory)
        try await restarted.expectNoStrayFiles()
        #expect(try await restarted.send("GET", "/bucket/kept").bytes == bytes)
    }

    @Test(
        "a range is cut to the size of the object",
        arguments: [
            ("bytes=0-0", "0", "bytes 0-0/10"), ("bytes=2-4", "234", "bytes 2-4/10"),
            ("bytes=7-", "789", "bytes 7-9/10"),
            ("bytes=-3", "789", "bytes 7-9/10"), ("bytes=8-99", "89", "bytes 8-9/10"),
            ("bytes=-99", "0123456789", "bytes 0-9/10"),
        ])
    func range(_ range: String, _ expected: String, _ content: String) async throws {
        let s3 = try await S3Fixture()
        try await s3.send("PUT", "/bucket/k", text: "0123456789")
        let answer = try await s3.send("GET", "/bucket/k", [("Range", range)])
        #expect(answer.status == 206 && answer.text == expected)
        #expect(answer.headers["Content-Range"] == content)
    }

    @Test(
        "an unsatisfiable range is refused with the size of the object",
        arguments: ["bytes=10-", "bytes=10-20", "bytes=-0"])
    func unsatisfiableRange(_ range: String) async throws {
        let s3 = try await S3Fixture()
        try await s3.send("PUT", "/bucket/k", text: "0123456789")
        let answer = try await s3.send("GET", "/bucket/k", [("Range", range)])
        #expect(answer.status == 416 && answer.code == "InvalidRange")
        #expect(try answer.document["ActualObjectSize"]?.text == "10")
    }

    @Test(
        "a malformed or unsupported range is ignored",
        arguments: ["bytes=4-2", "bytes=a-b", "lines=1-2", "bytes=1-2,4-5"])
    func ignoredRange(_ range: String) async throws {
        let s3 = try await S3Fixture()
        try await s3.send("PUT", "/bucket/k", text: "0123456789")
        let answer = try await s3.send("GET", "/bucket/k", [("Range", range)])
        #expect(answer.status == 200 && answer.text == "0123456789")
    }

    @Test("reads obey conditional headers")
    func readConditions() async throws {
        let s3 = try await S3Fixture()
        let etag = try #require(try await s3.send("PUT", "/bucket/k", text: "x").headers["ETag"])
        let modified = "Thu, 28 May 2026 20:26:40 GMT"
        let before = "Thu, 28 May 2026 20:26:39 GMT"
        for (headers, status) in [
            ([("If-Match", etag)], 200), ([("If-Match", "\"other\"")], 412), ([("If-None-Match", etag)], 304),
            ([("If-None-Match", "\"other\"")], 200), ([("If-Modified-Since", modified)], 304),
            ([("If-Modified-Since", before)], 200), ([("If-Unmodified-Since", before)], 412),
            ([("If-Unmodified-Since", modified)], 200), ([("If-Match", etag), ("If-Unmodified-Since", before)], 200),
            ([("If-None-Match", "\"other\""), ("If-Modified-Since", modified)], 200),
        ] {
            #expect(try await s3.send("GET", "/bucket/k", headers).status == status, "\(headers)")
        }
    }

    @Test("writes obey conditional headers")
    func writeConditions() async throws {
        let s3 = try await S3Fixture()
        #expect(try await s3.send("PUT", "/bucket/k", [("If-Match", "\"x\"")], text: "0").code == "NoSuchKey")
        let first = try await s3.send("PUT", "/bucket/k", [("If-None-Match", "*")], text: "1")
        #expect(first.status == 200)
        #expect(try await s3.send("PUT", "/bucket/k", [("If-None-Match", "*")], text: "2").code == "PreconditionFailed")
        #expect(try await s3.send("PUT", "/bucket/k", [("If-Match", "\"x\"")], text: "3").status == 412)
        #expect(try await s3.send("GET", "/bucket/k").text == "1")
        let etag = try #require(first.headers["ETag"])
        #expect(try await s3.send("PUT", "/bucket/k", [("If-Match", etag)], text: "4").status == 200)
    }

    @Test("of a thousand conditional writers of one new key, exactly one succeeds")
    func oneWinner() async throws {
        let s3 = try await S3Fixture()
        let winners = try await withThrowingTaskGroup(of: Int.self) { group in
            for writer in 0..<1000 {
                group.addTask {
                    try await s3.send("PUT", "/bucket/k", [("If-None-Match", "*")], text: "\(writer)").status == 200
                        ? 1 : 0
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(winners == 1)
    }

    @Test("a copy shares the file of its source, also onto the same key")
    func copies() async throws {
        let s3 = try await S3Fixture()
        let bytes = [UInt8](repeating: 3, count: S3.inlineLimit * 3)
        try await s3.send("PUT", "/bucket/a", [("x-amz-meta-m", "1")], body: bytes)
        let copy = try await s3.send("PUT", "/bucket/b", [("x-amz-copy-source", "bucket/a")])
        #expect(copy.status == 200)
        #expect(s3.files.count == 1)
        #expect(try await s3.send("PUT", "/bucket/a", [("x-amz-copy-source", "/bucket/a")]).code == "InvalidRequest")
        let renewed = try await s3.send(
            "PUT", "/bucket/a",
            [("x-amz-copy-source", "/bucket/a"), ("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-m", "2")])
        #expect(renewed.status == 200)
        try await s3.send("DELETE", "/bucket/b")
        try await s3.expectNoStrayFiles()
        let get = try await s3.send("GET", "/bucket/a")
        #expect(get.bytes == bytes && get.headers["x-amz-meta-m"] == "2")
    }

    @Test("keys that look alike are different keys")
    func similarKeys() async throws {
        let s3 = try await S3Fixture()
        try await s3.send("PUT", "/bucket/%C3%A9", text: "composed")
        try await s3.send("PUT", "/bucket/e%CC%81", text: "decomposed")
        try await s3.send("PUT", "/bucket/../../etc/passwd", text: "dots")
        #expect(try await s3.send("GET", "/bucket/%C3%A9").text == "composed")
        #expect(try await s3.send("GET", "/bucket/e%CC%81").text == "decomposed")
        #expect(try await s3.send("GET", "/bucket/../../etc/passwd").text == "dots")
    }

    @Test("a virtual host names the bucket")
    func virtualHost() async throws {
        let s3 = try await S3Fixture()
        try await s3.send("PUT", "/bucket/k/l", text: "x")
        for host in ["bucket.localhost:4566", "bucket.s3.localhost:4566", "bucket.s3.us-east-1.amazonaws.com"] {
            #expect(try await s3.send("GET", "/k/l", [("Host", host)]).text == "x", "\(host)")
        }
        for host in ["localhost:4566", "127.0.0.1:4566", "s3.localhost", "s3.us-east-1.amazonaws.com"] {
            #expect(try await s3.send("GET", "/bucket/k/l", [("Host", host)]).text == "x", "\(host)")
        }
    }

    @Test("an error carries its code, key, and request ID")
    func errors() async throws {
        let s3 = try await S3Fixture()
        let missing = try await s3.send("GET", "/bucket/no%20such")
        #expect(missing.status == 404 && missing.code == "NoSuchKey")
        #expect(try missing.document["Key"]?.text == "no such")
        #expect(try missing.document["RequestId"]?.text == missing.headers["x-amz-request-id"])
        #expect(try await s3.send("GET", "/other/k").code == "NoSuchBucket")
        let head = try await s3.send("HEAD", "/bucket/none")
        #expect(head.status == 404 && head.bytes.isEmpty)
        #expect(try await s3.send("GET", "/bucket/%ff").code == "InvalidURI")
        #expect(try await s3.send("PUT", "/bucket/" + String(repeating: "k", count: 1025)).code == "KeyTooLongError")
    }
}
