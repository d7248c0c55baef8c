internal import EmulatorCore
internal import URLCoding
internal import XML

/// What S3's requests need.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>
struct S3Calls: Sendable {
    let method: String
    let bucket: String
    let key: String
    let query: Query
    let headers: HTTPHeaders

    init(_ request: HTTPRequest) {
        method = request.method
        query = Query(request.query)
        headers = request.headers
        var path = request.path.dropFirst()
        if let bucket = request.headers["Host"].flatMap(Self.bucket(inHost:)) {
            self.bucket = bucket
        } else {
            let end = path.utf8.firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
            bucket = Self.decoded(path[..<end])
            path = path[end...].dropFirst()
        }
        key = Self.decoded(path)
    }

    private static func decoded(_ text: Substring) -> String { String(percentDecoding: String(text)) ?? String(text) }

    private static func bucket(inHost host: String) -> String? {
        let name = host.prefix { $0 != ":" }
        for mark in [".s3.", ".s3-"] {
            if let rest = name.suffix(afterBytesOf: mark) {
                return String(name[..<name.utf8.index(rest.startIndex, offsetBy: -mark.utf8.count)])
            }
        }
        guard name.hasSuffix(".localhost"), name != "s3.localhost" else { return nil }
        return String(name.dropLast(".localhost".count))
    }

    private var bucketARN: String { "arn:aws:s3:::\(bucket)" }

    private func onBucket(_ action: String, _ context: [String: [String]] = [:]) -> [ServiceCall] {
        [ServiceCall("s3:\(action)", bucketARN, context)]
    }

    private func onObject(_ action: String, _ context: [String: [String]] = [:]) -> ServiceCall {
        ServiceCall("s3:\(action)", "\(bucketARN)/\(key)", context)
    }

    /// Whether the objects are in the body: DeleteObjects.
    var needsBody: Bool { method == "POST" && !bucket.isEmpty && key.isEmpty && query.contains("delete") }

    /// What DeleteObjects needs. A denied object denies the whole request; S3 answers for each object by itself.
    func deletions(_ body: [UInt8]) -> [ServiceCall] {
        let objects = (try? XMLElement(parsing: body))?.all("Object") ?? []
        return objects.map { object in
            let action = object["VersionId"] == nil ? "DeleteObject" : "DeleteObjectVersion"
            return ServiceCall("s3:\(action)", "\(bucketARN)/\(object["Key"]?.text ?? "")")
        }
    }

    /// Whoever may list the bucket hears that an object is missing, others only that they may not read it.
    var listing: ServiceCall? {
        guard !bucket.isEmpty, !key.isEmpty, method == "GET" || method == "HEAD" else { return nil }
        return ServiceCall("s3:ListBucket", bucketARN)
    }

    var calls: [ServiceCall] {
        if bucket.isEmpty { return [ServiceCall("s3:ListAllMyBuckets", "arn:aws:s3:::*")] }
        return key.isEmpty ? callsOnBucket : callsOnObject
    }

    // MARK: Buckets

    /// The names of a subresource's permissions, where they are not those of its operations.
    private static let subresources: [String: String] = [
        "policy": "BucketPolicy", "policyStatus": "BucketPolicyStatus", "cors": "BucketCORS",
        "encryption": "EncryptionConfiguration", "lifecycle": "LifecycleConfiguration", "tagging": "BucketTagging",
        "versioning": "BucketVersioning", "notification": "BucketNotification", "acl": "BucketAcl",
        "website": "BucketWebsite", "logging": "BucketLogging", "ownershipControls": "BucketOwnershipControls",
        "publicAccessBlock": "BucketPublicAccessBlock", "replication": "ReplicationConfiguration",
        "accelerate": "AccelerateConfiguration", "requestPayment": "BucketRequestPayment",
        "object-lock": "BucketObjectLockConfiguration", "location": "BucketLocation",
    ]

    private var callsOnBucket: [ServiceCall] {
        if let name = Self.subresources.keys.first(where: { query.contains($0) }), let noun = Self.subresources[name] {
            switch method {
            case "GET", "HEAD": return onBucket("Get\(noun)")
            // Only policies and websites are deleted by a permission of their own.
            case "DELETE" where ["policy", "website"].contains(name): return onBucket("Delete\(noun)")
            default: return onBucket("Put\(noun)")
            }
        }
        switch method {
        case "PUT": return onBucket("CreateBucket")
        case "DELETE": return onBucket("DeleteBucket")
        case "POST": return [ServiceCall("s3:PutObject", "\(bucketARN)/*")]
        case "GET" where query.contains("uploads"): return onBucket("ListBucketMultipartUploads", listingContext)
        case "GET" where query.contains("versions"): return onBucket("ListBucketVersions", listingContext)
        case "GET": return onBucket("ListBucket", listingContext)
        default: return onBucket("ListBucket")
        }
    }

    private var listingContext: [String: [String]] {
        var context: [String: [String]] = ["s3:prefix": [query["prefix"] ?? ""]]
        if let delimiter = query["delimiter"] { context["s3:delimiter"] = [delimiter] }
        if let limit = query["max-keys"] { context["s3:max-keys"] = [limit] }
        return context
    }

    // MARK: Objects

    private var callsOnObject: [ServiceCall] {
        let version = query["versionId"]
        let context = version.map { ["s3:VersionId": [$0]] } ?? [:]
        let suffix = version == nil ? "" : "Version"
        let verb = method == "GET" || method == "HEAD" ? "Get" : "Put"
        if query.contains("tagging") {
            return [onObject((method == "DELETE" ? "Delete" : verb) + "Object\(suffix)Tagging", context)]
        }
        if query.contains("acl") { return [onObject("\(verb)Object\(suffix)Acl", context)] }
        if query.contains("retention") { return [onObject("\(verb)ObjectRetention")] }
        if query.contains("legal-hold") { return [onObject("\(verb)ObjectLegalHold")] }
        switch method {
        case "GET", "HEAD":
            if method == "GET", query.contains("uploadId") { return [onObject("ListMultipartUploadParts")] }
            let reading = onObject("GetObject\(suffix)", context)
            return query.contains("attributes")
                ? [reading, onObject("GetObject\(suffix)Attributes", context)] : [reading]
        case "DELETE":
            if query.contains("uploadId") { return [onObject("AbortMultipartUpload")] }
            return [onObject("DeleteObject\(suffix)", context)]
        default: return writing
        }
    }

    /// An object, an upload or a part of it, or a copy.
    private var writing: [ServiceCall] {
        var context: [String: [String]] = [:]
        for (name, header) in [
            ("s3:x-amz-server-side-encryption", "x-amz-server-side-encryption"), ("s3:x-amz-acl", "x-amz-acl"),
            (
                "s3:x-amz-server-side-encryption-aws-kms-key-id",
                "x-amz-server-side-encryption-aws-kms-key-id"
            ), ("s3:x-amz-storage-class", "x-amz-storage-class"), ("s3:if-none-match", "If-None-Match"),
            ("s3:if-match", "If-Match"),
        ] {
            if let value = headers[header] { context[name] = [value] }
        }
        var calls = [onObject("PutObject", context)]
        if headers["x-amz-tagging"] != nil { calls.append(onObject("PutObjectTagging")) }
        if let acl = headers["x-amz-acl"], acl != "bucket-owner-full-control" { calls.append(onObject("PutObjectAcl")) }
        if let source = headers["x-amz-copy-source"] { calls.append(Self.reading(source)) }
        return calls
    }

    /// `bucket/key?versionId=…`, maybe with a slash before it.
    private static func reading(_ source: String) -> ServiceCall {
        let halves = source.split(separator: "?", maxSplits: 1).map(String.init)
        let path = decoded((halves.first ?? "").drop { $0 == "/" })
        let hasVersion = halves.count > 1 && halves[1].hasPrefix("versionId=")
        return ServiceCall("s3:GetObject\(hasVersion ? "Version" : "")", "arn:aws:s3:::\(path)")
    }
}
