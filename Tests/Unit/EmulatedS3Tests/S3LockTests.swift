import EmulatorCore
import TestServices
import Testing

@testable import EmulatedS3

/// Buckets without Object Lock and objects without a customer's key: all that there are.
struct S3LockTests {
    @Test("what needs Object Lock is refused as in a bucket without it")
    func locks() async throws {
        let s3 = try await S3Fixture()
        try await s3.send("PUT", "/bucket/k", text: "x")
        for (method, query) in [
            ("GET", "retention"), ("PUT", "retention"), ("GET", "legal-hold"), ("PUT", "legal-hold"),
        ] {
            let answer = try await s3.send(method, "/bucket/k?\(query)")
            #expect(answer.status == 400 && answer.code == "InvalidRequest", "\(method) \(query)")
            #expect(try await s3.send(method, "/none/k?\(query)").code == "NoSuchBucket")
        }
        let locked = try await s3.send("PUT", "/bucket/l", [("x-amz-object-lock-legal-hold", "ON")], text: "x")
        #expect(locked.code == "InvalidRequest")
        #expect(try await s3.send("GET", "/bucket/l").code == "NoSuchKey")
        let bucket = try await s3.send("PUT", "/other", [("x-amz-bucket-object-lock-enabled", "true")])
        #expect(bucket.status == 501)
    }

    @Test("an object is not written with a customer's key, and none is read with one")
    func customerKeys() async throws {
        let s3 = try await S3Fixture()
        let key = [("x-amz-server-side-encryption-customer-algorithm", "AES256")]
        try await s3.send("PUT", "/bucket/k", text: "x")
        #expect(try await s3.send("PUT", "/bucket/l", key, text: "x").status == 501)
        #expect(try await s3.send("GET", "/bucket/k", key).code == "InvalidRequest")
        #expect(try await s3.send("HEAD", "/bucket/k", key).status == 400)
        #expect(try await s3.send("GET", "/bucket/none", key).code == "NoSuchKey")
    }
}
