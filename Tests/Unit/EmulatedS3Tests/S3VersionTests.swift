import EmulatorCore
import Testing
import XML

@testable import EmulatedS3

@Suite struct S3VersionTests {
    @Test("a version stays readable until it is deleted by its ID")
    func versionLifetime() async throws {
        let s3 = try await S3Fixture(versioning: "Enabled")
        let first = try #require(try await s3.send("PUT", "/bucket/k", text: "1").headers["x-amz-version-id"])
        let second = try #require(try await s3.send("PUT", "/bucket/k", text: "2").headers["x-amz-version-id"])
        #expect(try await s3.send("GET", "/bucket/k?versionId=\(first)").text == "1")
        let removal = try await s3.send("DELETE", "/bucket/k")
        #expect(removal.status == 204 && removal.headers["x-amz-delete-marker"] == "true")
        let marker = try #require(removal.headers["x-amz-version-id"])
        let gone = try await s3.send("GET", "/bucket/k")
        #expect(gone.code == "NoSuchKey" && gone.headers["x-amz-delete-marker"] == "true")
        let direct = try await s3.send("GET", "/bucket/k?versionId=\(marker)")
        #expect(direct.status == 405 && direct.code == "MethodNotAllowed")
        try await s3.send("DELETE", "/bucket/k?versionId=\(marker)")
        #expect(try await s3.send("GET", "/bucket/k").text == "2")
        try await s3.send("DELETE", "/bucket/k?versionId=\(second)")
        #expect(try await s3.send("GET", "/bucket/k").text == "1")
        #expect(try await s3.send("GET", "/bucket/k?versionId=\(second)").code == "NoSuchVersion")
    }

    @Test("suspended versioning keeps one version, named null")
    func suspended() async throws {
        let s3 = try await S3Fixture()
        try await s3.send("PUT", "/bucket/k", text: "before")
        try await s3.setVersioning("Enabled")
        let kept = try #require(try await s3.send("PUT", "/bucket/k", text: "kept").headers["x-amz-version-id"])
        #expect(try await s3.send("GET", "/bucket/k?versionId=null").text == "before")
        try await s3.setVersioning("Suspended")
        #expect(try await s3.send("PUT", "/bucket/k", text: "null").headers["x-amz-version-id"] == "null")
        #expect(try await s3.send("GET", "/bucket/k?versionId=null").text == "null")
        #expect(try await s3.send("DELETE", "/bucket/k").headers["x-amz-version-id"] == "null")
        #expect(try await s3.send("GET", "/bucket/k").code == "NoSuchKey")
        #expect(try await s3.send("GET", "/bucket/k?versionId=\(kept)").text == "kept")
        let listing = try await s3.send("GET", "/bucket?versions").document
        #expect(listing.all("Version").map { $0["VersionId"]?.text } == [kept])
        #expect(listing.all("DeleteMarker").map { $0["VersionId"]?.text } == ["null"])
    }

    @Test("a version listing is complete at any page size", arguments: 1...7)
    func listing(_ size: Int) async throws {
        let s3 = try await S3Fixture(versioning: "Enabled")
        var expected: [String] = []
        for key in ["a", "b", "c"] {
            var versions: [String] = []
            for _ in 0..<3 {
                let put = try await s3.send("PUT", "/bucket/\(key)", text: key)
                versions.append(key + (put.headers["x-amz-version-id"] ?? ""))
            }
            expected += versions.reversed()
        }
        var found: [String] = []
        var position = ""
        repeat {
            let page = try await s3.send("GET", "/bucket?versions&max-keys=\(size)\(position)").document
            found += page.all("Version").map { ($0["Key"]?.text ?? "") + ($0["VersionId"]?.text ?? "") }
            guard page["IsTruncated"]?.text == "true" else { break }
            position =
                "&key-marker=\(page["NextKeyMarker"]?.text ?? "")&version-id-marker=\(page["NextVersionIdMarker"]?.text ?? "")"
        } while found.count < 20
        #expect(found == expected)
    }

    @Test("one request deletes several keys, and an empty request is refused")
    func multiDelete() async throws {
        let s3 = try await S3Fixture()
        for key in ["a", "b", "c"] { try await s3.send("PUT", "/bucket/\(key)", text: key) }
        let answer = try await s3.send(
            "POST", "/bucket?delete",
            text:
                "<Delete><Object><Key>a</Key></Object><Object><Key>none</Key></Object><Object><Key>b</Key></Object></Delete>"
        )
        #expect(try answer.document.all("Deleted").map { $0["Key"]?.text } == ["a", "none", "b"])
        #expect(try await s3.send("GET", "/bucket/c").text == "c")
        #expect(try await s3.send("GET", "/bucket/a").code == "NoSuchKey")
        #expect(try await s3.send("POST", "/bucket?delete", text: "<Delete/>").code == "MalformedXML")
    }
}
