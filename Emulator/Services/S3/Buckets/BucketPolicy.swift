package import EmulatorCore
internal import JSON
internal import XML

extension S3: ResourcePolicyKeeping {
    package var policyService: String { "s3" }

    /// - Parameter arn: of a bucket or of an object in it.
    package func policy(ofResource arn: ARN) throws(AWSFault) -> String? {
        let bucket = String(arn.resource.prefix { $0 != "/" })
        do {
            let document = try store.read { try $0.configuration("policy", of: bucket) }
            return document.map { String(decoding: $0, as: UTF8.self) }
        } catch { throw .internalFailure(error) }
    }
}

extension S3 {
    /// A template's default encryption as S3 keeps it; nil for that of all buckets.
    static func encryptionDocument(_ properties: JSON) -> XMLWriter? {
        let rules = properties["BucketEncryption"]?["ServerSideEncryptionConfiguration"]?.array ?? []
        guard let rule = rules.first, let usual = rule["ServerSideEncryptionByDefault"],
            let algorithm = usual["SSEAlgorithm"]?.string, algorithm != "AES256"
        else { return nil }
        return XMLWriter(s3: "ServerSideEncryptionConfiguration") { text in
            text.element("Rule") { text in
                text.element("ApplyServerSideEncryptionByDefault") { text in
                    text.element("SSEAlgorithm", algorithm)
                    text.element("KMSMasterKeyID", ifPresent: usual["KMSMasterKeyID"]?.string)
                }
                text.element("BucketKeyEnabled", rule["BucketKeyEnabled"]?.bool ?? (rule["BucketKeyEnabled"] == "true"))
            }
        }
    }
}
