internal import EmulatorCore
internal import Time
internal import URLCoding
internal import XML

/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html> and its neighbours.
extension S3 {
    func listBuckets(_ request: S3Request) throws -> HTTPResponse {
        let prefix = request.query["prefix"] ?? ""
        let start = request.query["continuation-token"] ?? ""
        let limit = try request.query.count("max-buckets") ?? 10_000
        var buckets = try store.read { try $0.buckets(after: start) }
        buckets.removeAll { !$0.name.hasPrefix(prefix) }
        let page = buckets.prefix(limit)
        let document = XMLWriter(s3: "ListAllMyBucketsResult") { text in
            owner(&text)
            text.element("Buckets") { text in
                for bucket in page {
                    text.element("Bucket") { text in
                        text.element("Name", bucket.name)
                        text.element("CreationDate", Timestamp(milliseconds: bucket.createdAt).rfc3339)
                        text.element("BucketRegion", account.region)
                    }
                }
            }
            if page.count < buckets.count { text.element("ContinuationToken", ifPresent: page.last?.name) }
        }
        return Self.answer(document)
    }

    func owner(_ text: inout XMLWriter, as name: String = "Owner") {
        text.element(name) { text in
            text.element("ID", canonicalUser)
            text.element("DisplayName", "cupel")
        }
    }

    /// The account in S3's form of an owner ID: 64 hexadecimal digits.
    var canonicalUser: String { String(repeating: "0", count: 64 - account.id.utf8.count) + account.id }

    func createBucket(_ request: S3Request) async throws -> HTTPResponse {
        let region = try Self.region(inConfiguration: try await request.configuration())
        if request.headers["x-amz-bucket-object-lock-enabled"]?.lowercased() == "true" {
            throw S3Fault.notEmulated("S3 Object Lock")
        }
        guard try await addBucket(request.bucket) || account.region == "us-east-1" else {
            throw S3Fault(
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.", 409,
                details: [("BucketName", request.bucket)])
        }
        if let region, region != account.region {
            try await replace(Self.location, of: request.bucket, by: Array(region.utf8))
        }
        return Self.answer(200, [("Location", "/\(request.bucket)")])
    }

    /// The region in a bucket's configuration. The emulator has one region, which contains the buckets of all regions.
    private static let location = "location"

    private static func region(inConfiguration document: [UInt8]) throws(S3Fault) -> String? {
        guard !document.isEmpty else { return nil }
        let configuration = try XMLElement(request: document)
        guard configuration.name == "CreateBucketConfiguration" else { throw .malformedXML }
        guard let region = configuration["LocationConstraint"]?.text, !region.isEmpty else { return nil }
        // The first region is the one that is named by naming none.
        guard region != "us-east-1", region.utf8.allSatisfy({ URLByteSet.unreserved.contains($0) }) else {
            throw S3Fault(
                "InvalidLocationConstraint", "The specified location-constraint is not valid", 400,
                details: [("LocationConstraint", region)])
        }
        return region
    }

    private func location(of bucket: String) throws -> String {
        let elsewhere = try store.read { snapshot in
            _ = try snapshot.bucket(bucket)
            return try snapshot.first(
                "SELECT document FROM s3_configuration WHERE bucket = ? AND name = ?", .text(bucket),
                .text(Self.location)
            ) { String(decoding: $0.blob(0), as: UTF8.self) }
        }
        return elsewhere ?? account.region
    }

    /// - Returns: false if it already existed.
    func addBucket(_ name: String) async throws -> Bool {
        guard Bucket.isValid(name: name) else { throw S3Fault.invalidBucketName(name) }
        let now = clock.now().milliseconds
        return try await store.write { transaction in
            let isNew =
                try transaction.execute(
                    "INSERT OR IGNORE INTO s3_bucket VALUES (?, ?, ?)", .text(name), .integer(now), "") == 1
            guard isNew else { return false }
            for (configuration, document) in Self.newBucketsConfigurations {
                try transaction.execute(
                    "INSERT INTO s3_configuration VALUES (?, ?, ?)", .text(name), .text(configuration),
                    .blob(document))
            }
            return true
        }
    }

    /// A new bucket has no ACLs, and blocks public access.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html>
    private static let newBucketsConfigurations: [(name: String, document: [UInt8])] = [
        (
            "ownershipControls",
            XMLWriter(s3: "OwnershipControls") { text in
                text.element("Rule") { $0.element("ObjectOwnership", "BucketOwnerEnforced") }
            }.bytes
        ),
        (
            "publicAccessBlock",
            XMLWriter(s3: "PublicAccessBlockConfiguration") { text in
                for name in ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"] {
                    text.element(name, true)
                }
            }.bytes
        ),
    ]

    func headBucket(_ request: S3Request) throws -> HTTPResponse {
        let region = try location(of: request.bucket)
        return Self.answer(200, [("x-amz-bucket-region", region), ("x-amz-access-point-alias", "false")])
    }

    func bucketLocation(_ request: S3Request) throws -> HTTPResponse {
        let region = try location(of: request.bucket)
        // The region us-east-1 is written as an empty text.
        return Self.answer(
            XMLWriter(s3: "LocationConstraint") { text in text.characters(region == "us-east-1" ? "" : region) })
    }

    func deleteBucket(_ request: S3Request) async throws -> HTTPResponse {
        try await deleteBucket(named: request.bucket)
        return Self.answer(204)
    }

    func deleteBucket(named name: String) async throws {
        let files = try await store.write { transaction in
            _ = try transaction.snapshot.bucket(name)
            let isUsed = try transaction.snapshot.first(
                "SELECT 1 FROM s3_object WHERE bucket = ? LIMIT 1", .text(name)
            ) { _ in true }
            guard isUsed == nil else {
                throw S3Fault(
                    "BucketNotEmpty", "The bucket you tried to delete is not empty", 409,
                    details: [("BucketName", name)])
            }
            let files = try transaction.snapshot.all(
                "SELECT file FROM s3_part WHERE upload IN (SELECT id FROM s3_upload WHERE bucket = ?)", .text(name)
            ) { $0.text(0) }
            try transaction.execute(
                "DELETE FROM s3_part WHERE upload IN (SELECT id FROM s3_upload WHERE bucket = ?)", .text(name))
            try transaction.execute("DELETE FROM s3_upload WHERE bucket = ?", .text(name))
            try transaction.execute("DELETE FROM s3_configuration WHERE bucket = ?", .text(name))
            try transaction.execute("DELETE FROM s3_notification WHERE bucket = ?", .text(name))
            try transaction.execute("DELETE FROM s3_bucket WHERE name = ?", .text(name))
            return files
        }
        reclaimer.reclaim(files)
    }
}
