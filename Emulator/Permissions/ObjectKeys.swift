internal import EmulatorCore
internal import JSON
internal import XML

/// The keys with which buckets encrypt: whoever reads or writes an object needs the key, too.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html>
struct ObjectKeys: Sendable {
    /// S3, which is asked as by a client.
    let objects: Responder
    let account: Account

    /// What an object's bytes need of the key.
    enum Use: Sendable {
        case read
        case write
        /// A part of an upload.
        case part

        fileprivate var actions: [String] {
            switch self {
            case .read: ["kms:Decrypt"]
            case .write: ["kms:GenerateDataKey"]
            case .part: ["kms:GenerateDataKey", "kms:Decrypt"]
            }
        }
    }

    /// - Parameters:
    ///   - headers: those of the request, which may name another key than the bucket's.
    ///   - key: gives the ARN of a key by any of its names.
    func calls(
        _ use: Use, bucket: String, _ headers: HTTPHeaders = HTTPHeaders(), key: (JSON) async -> String
    ) async -> [ServiceCall] {
        let algorithm = headers["x-amz-server-side-encryption"]
        guard algorithm == nil || algorithm?.hasPrefix("aws:kms") == true else { return [] }
        var name = headers["x-amz-server-side-encryption-aws-kms-key-id"]
        if name == nil { name = await usualKey(of: bucket) }
        // Without a name it is AWS's own key, which asks for nothing.
        guard let name else { return [] }
        let arn = await key(.string(name))
        let context = [
            "kms:ViaService": ["s3.\(account.region).amazonaws.com"], "kms:CallerAccount": [account.id],
            "kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::\(bucket)"],
        ]
        return use.actions.map { ServiceCall($0, arn, context) }
    }

    /// The key of the bucket's default encryption. An object keeps that of its time, but keys hardly change.
    private func usualKey(of bucket: String) async -> String? {
        let answer = await objects(HTTPRequest(method: "GET", path: "/\(bucket)", query: "encryption"))
        guard answer.status == 200, case .bytes(let bytes) = answer.body,
            let rule = try? XMLElement(parsing: bytes)["Rule"]?["ApplyServerSideEncryptionByDefault"],
            rule["SSEAlgorithm"]?.text.hasPrefix("aws:kms") == true
        else { return nil }
        return rule["KMSMasterKeyID"]?.text
    }
}

extension S3Calls {
    /// What the request needs of keys, by bucket.
    var keyUses: [(use: ObjectKeys.Use, bucket: String)] {
        guard !bucket.isEmpty, !key.isEmpty else { return [] }
        let subresources = ["tagging", "acl", "retention", "legal-hold", "attributes"]
        if subresources.contains(where: { query.contains($0) }) { return [] }
        let isPart = query.contains("uploadId")
        switch method {
        case "GET": return isPart ? [] : [(.read, bucket)]
        case "PUT":
            var uses: [(use: ObjectKeys.Use, bucket: String)] = [(isPart ? .part : .write, bucket)]
            if let source = headers["x-amz-copy-source"]?.drop(while: { $0 == "/" }).prefix(while: { $0 != "/" }) {
                uses.append((.read, String(source)))
            }
            return uses
        case "POST": return [(isPart ? .read : .write, bucket)]
        default: return []
        }
    }
}
