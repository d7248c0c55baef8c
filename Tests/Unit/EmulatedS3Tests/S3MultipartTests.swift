import Digest
import EmulatorCore
import JSON
import Testing
import XML

@testable import EmulatedS3

@Suite struct S3MultipartTests {
    private static let first = [UInt8](repeating: 1, count: S3.smallestPart)
    private static let second = Array("the end".utf8)

    @Test("parts become one object without being copied")
    func completion() async throws {
        let s3 = try await S3Fixture()
        let done = try await s3.upload("k", parts: [Self.first, Self.second], [("x-amz-meta-m", "1")])
        #expect(done.status == 200)
        let digests = Digest.md5(Self.first) + Digest.md5(Self.second)
        #expect(try done.document["ETag"]?.text == "\"\(Digest.md5(digests).hexadecimal)-2\"")
        #expect(s3.files.count == 2)
        let get = try await s3.send("GET", "/bucket/k")
        #expect(get.bytes == Self.first + Self.second && get.headers["x-amz-meta-m"] == "1")
        let across = try await s3.send(
            "GET", "/bucket/k", [("Range", "bytes=\(S3.smallestPart - 1)-\(S3.smallestPart + 2)")])
        #expect(across.bytes == [1] + Array("the".utf8))
        let part = try await s3.send("GET", "/bucket/k?partNumber=2")
        #expect(part.status == 206 && part.bytes == Self.second && part.headers["x-amz-mp-parts-count"] == "2")
        #expect(try await s3.send("GET", "/bucket/k?partNumber=3").code == "InvalidPartNumber")
        try await s3.send("DELETE", "/bucket/k")
        try await s3.expectNoStrayFiles()
    }

    @Test(
        "a page of an object's parts may be asked for with any numbers", arguments: ["-1", "9223372036854775807", "x"])
    func attributePages(number: String) async throws {
        let s3 = try await S3Fixture()
        _ = try await s3.upload("k", parts: [Self.first, Self.second])
        let answer = try await s3.send(
            "GET", "/bucket/k?attributes",
            [
                ("x-amz-object-attributes", "ObjectParts"), ("x-amz-max-parts", number),
                ("x-amz-part-number-marker", number),
            ])
        #expect(answer.status == 200)
    }

    @Test("an upload is validated before it becomes an object")
    func validation() async throws {
        let s3 = try await S3Fixture()
        #expect(try await s3.upload("k", parts: [Self.second, Self.second]).code == "EntityTooSmall")
        let started = try await s3.send("POST", "/bucket/k?uploads")
        let id = try #require(try started.document["UploadId"]?.text)
        let etag = try #require(
            try await s3.send("PUT", "/bucket/k?partNumber=1&uploadId=\(id)", body: Self.second).headers["ETag"])
        func complete(_ parts: [(Int, String)]) async throws -> String? {
            let list = parts.map { "<Part><PartNumber>\($0.0)</PartNumber><ETag>\($0.1)</ETag></Part>" }.joined()
            return try await s3.send(
                "POST", "/bucket/k?uploadId=\(id)",
                text: "<CompleteMultipartUpload>\(list)</CompleteMultipartUpload>"
            ).code
        }
        #expect(try await complete([(2, etag), (1, etag)]) == "InvalidPartOrder")
        #expect(try await complete([(1, "\"other\"")]) == "InvalidPart")
        #expect(try await complete([(1, etag), (2, etag)]) == "InvalidPart")
        #expect(try await complete([]) == "MalformedXML")
        #expect(try await s3.send("GET", "/bucket/k").code == "NoSuchKey")
        #expect(try await s3.send("PUT", "/bucket/k?partNumber=0&uploadId=\(id)", text: "").code == "InvalidArgument")
        #expect(try await s3.send("PUT", "/bucket/k?partNumber=1&uploadId=none", text: "").code == "NoSuchUpload")
        #expect(try await complete([(1, etag)]) == nil)
        // A client that lost the answer gets it again.
        #expect(try await complete([(1, etag)]) == nil)
        #expect(try await s3.send("POST", "/bucket/other?uploadId=\(id)", text: "").code == "MalformedXML")
        #expect(try await s3.send("GET", "/bucket/k").bytes == Self.second)
    }

    @Test("an aborted upload and replaced parts leave no files")
    func abort() async throws {
        let s3 = try await S3Fixture()
        let id = try #require(try await s3.send("POST", "/bucket/k?uploads").document["UploadId"]?.text)
        for _ in 0..<3 { try await s3.send("PUT", "/bucket/k?partNumber=1&uploadId=\(id)", body: Self.second) }
        try await s3.expectNoStrayFiles()
        #expect(s3.files.count == 1)
        let listing = try await s3.send("GET", "/bucket/k?uploadId=\(id)").document
        #expect(listing.all("Part").map { $0["Size"]?.text } == ["7"])
        #expect(try await s3.send("GET", "/bucket?uploads").document.all("Upload").count == 1)
        #expect(try await s3.send("DELETE", "/bucket/k?uploadId=\(id)").status == 204)
        try await s3.expectNoStrayFiles()
        #expect(s3.files.isEmpty)
    }

    @Test("part checksums combine into a full-object or a composite checksum")
    func checksums() async throws {
        let s3 = try await S3Fixture()
        let whole = try await s3.upload(
            "whole", parts: [Self.first, Self.second],
            [("x-amz-checksum-algorithm", "CRC32"), ("x-amz-checksum-type", "FULL_OBJECT")])
        var checksum = RunningChecksum(.crc32)
        checksum.update(Self.first + Self.second)
        #expect(try whole.document["ChecksumCRC32"]?.text == checksum.finish().base64)
        let composite = try await s3.upload(
            "composite", parts: [Self.first, Self.second], [("x-amz-checksum-algorithm", "SHA256")])
        let digests = Digest.sha256(Self.first) + Digest.sha256(Self.second)
        #expect(try composite.document["ChecksumSHA256"]?.text == Digest.sha256(digests).base64 + "-2")
    }

    @Test("the copy of a multipart object is an object of one part")
    func copy() async throws {
        let s3 = try await S3Fixture()
        _ = try await s3.upload("k", parts: [Self.first, Self.second])
        let copy = try await s3.send("PUT", "/bucket/copy", [("x-amz-copy-source", "/bucket/k")])
        #expect(try copy.document["ETag"]?.text == "\"\(Digest.md5(Self.first + Self.second).hexadecimal)\"")
        try await s3.send("DELETE", "/bucket/k")
        #expect(try await s3.send("GET", "/bucket/copy").bytes == Self.first + Self.second)
    }
}
