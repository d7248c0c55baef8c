import EmulatorCore
import JSON
import Testing
import XML

@testable import EmulatedS3

/// What a template says of a bucket's access and encryption.
@Suite struct S3BucketPolicyTests {
    private func provision(_ s3: S3Fixture, _ type: String, _ properties: JSON) async throws {
        _ = try await s3.service.provision(DeclaredResource(logicalID: "R", type: type, properties: properties))
    }

    @Test("the policy of a bucket is also that of its objects")
    func policy() async throws {
        let s3 = try await S3Fixture()
        let document: JSON = ["Version": "2012-10-17", "Statement": []]
        try await provision(s3, "AWS::S3::BucketPolicy", ["Bucket": "bucket", "PolicyDocument": document])
        for text in ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/a/b"] {
            #expect(try s3.service.policy(ofResource: try #require(ARN(text))) == document.text)
        }
        #expect(try s3.service.policy(ofResource: try #require(ARN("arn:aws:s3:::none"))) == nil)
    }

    @Test("a template's key encrypts by default, and a call's stays where the template names none")
    func encryption() async throws {
        let s3 = try await S3Fixture()
        func algorithm(_ bucket: String) async throws -> (String?, String?) {
            let rule = try await s3.send("GET", "/\(bucket)?encryption").document["Rule"]?[
                "ApplyServerSideEncryptionByDefault"]
            return (rule?["SSEAlgorithm"]?.text, rule?["KMSMasterKeyID"]?.text)
        }
        let usual: JSON = ["SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:us-east-1:000000000000:key/k"]
        let rules: JSON = ["ServerSideEncryptionConfiguration": [["ServerSideEncryptionByDefault": usual]]]
        try await provision(s3, "AWS::S3::Bucket", ["BucketName": "sealed", "BucketEncryption": rules])
        let sealed = try await algorithm("sealed")
        #expect(sealed.0 == "aws:kms" && sealed.1 == "arn:aws:kms:us-east-1:000000000000:key/k")
        #expect(try await algorithm("bucket").0 == "AES256")
        try await provision(s3, "AWS::S3::Bucket", ["BucketName": "sealed"])
        #expect(try await algorithm("sealed").0 == "aws:kms")
    }
}
