import EmulatorCore
import Testing
import XML

@testable import EmulatedS3

@Suite struct S3BucketTests {
    @Test("a bucket is created, listed, and deleted only when empty")
    func bucketLifecycle() async throws {
        let s3 = try await S3Fixture()
        try await s3.send("PUT", "/another")
        let names = try await s3.send("GET", "/").document["Buckets"]?.all("Bucket").compactMap { $0["Name"]?.text }
        #expect(names == ["another", "bucket"])
        try await s3.send("PUT", "/bucket/k", text: "x")
        #expect(try await s3.send("DELETE", "/bucket").code == "BucketNotEmpty")
        try await s3.send("DELETE", "/bucket/k")
        #expect(try await s3.send("DELETE", "/bucket").status == 204)
        #expect(try await s3.send("HEAD", "/bucket").status == 404)
    }

    @Test(
        "an invalid bucket name is refused",
        arguments: ["ab", "Upper", "under_score", "192.168.0.1", "-dash", "dash-", "two..dots", "xn--b"])
    func invalidName(_ name: String) async throws {
        let s3 = try await S3Fixture()
        #expect(try await s3.send("PUT", "/\(name)").code == "InvalidBucketName")
    }

    @Test(
        "a bucket configuration is returned as sent until it is deleted",
        arguments: [
            ("cors", "<CORSConfiguration><CORSRule/></CORSConfiguration>", "NoSuchCORSConfiguration"),
            ("lifecycle", "<LifecycleConfiguration/>", "NoSuchLifecycleConfiguration"),
            ("policy", #"{"Statement":[]}"#, "NoSuchBucketPolicy"),
            ("tagging", "<Tagging><TagSet/></Tagging>", "NoSuchTagSet"),
            ("publicAccessBlock", "<PublicAccessBlockConfiguration/>", "NoSuchPublicAccessBlockConfiguration"),
            ("ownershipControls", "<OwnershipControls/>", "OwnershipControlsNotFoundError"),
        ])
    func configuration(_ name: String, _ document: String, _ absent: String) async throws {
        let s3 = try await S3Fixture()
        // A new bucket has ownership controls, and blocks public access.
        let isNew = ["publicAccessBlock", "ownershipControls"].contains(name)
        #expect(try await s3.send("GET", "/bucket?\(name)").code == (isNew ? nil : absent))
        #expect(try await s3.send("PUT", "/bucket?\(name)", text: document).status / 100 == 2)
        #expect(try await s3.send("GET", "/bucket?\(name)").text == document)
        #expect(try await s3.send("PUT", "/bucket?\(name)", text: "<Other/>").status == 400)
        #expect(try await s3.send("DELETE", "/bucket?\(name)").status == 204)
        #expect(try await s3.send("GET", "/bucket?\(name)").code == absent)
        #expect(try await s3.send("GET", "/none?\(name)").code == "NoSuchBucket")
    }

    @Test("a subresource that is not emulated answers NotImplemented")
    func notEmulated() async throws {
        let s3 = try await S3Fixture()
        for target in ["/bucket?inventory", "/bucket?object-lock", "/bucket/k?restore"] {
            let answer = try await s3.send("PUT", target)
            #expect(answer.status == 501 && answer.code == "NotImplemented", "\(target)")
        }
    }

    @Test(
        "malformed XML is refused",
        arguments: ["", "<a>", "<a></b>", "<a>&nope;</a>", "<a b=c/>", "<a/><b/>", "<!DOCTYPE a><a/>"])
    func malformedXML(_ text: String) async throws {
        let s3 = try await S3Fixture()
        #expect(try await s3.send("PUT", "/bucket?tagging", text: text).code == "MalformedXML")
    }
}
