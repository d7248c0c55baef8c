internal import EmulatorCore
internal import JSON
internal import XML

/// A subresource of a bucket that is a document, which is stored and returned as sent.
struct BucketConfiguration: Sendable {
    /// The response for a bucket without this configuration.
    enum Absent: Sendable {
        case fault(S3Fault)
        case document(XMLWriter)
    }

    /// The name of the query parameter.
    var name: String
    /// The name of the root element; nil for a policy, which is JSON.
    var root: String?
    var absent: Absent
    /// The status of a successful PUT.
    var putStatus = 200

    static let names = all.map(\.name) + ["versioning", "notification", "acl", "object-lock", "policyStatus"]

    static let all: [BucketConfiguration] = [
        missing("policy", nil, "NoSuchBucketPolicy", "The bucket policy does not exist", putStatus: 204),
        missing(
            "lifecycle", "LifecycleConfiguration", "NoSuchLifecycleConfiguration",
            "The lifecycle configuration does not exist"),
        missing("cors", "CORSConfiguration", "NoSuchCORSConfiguration", "The CORS configuration does not exist"),
        missing(
            "website", "WebsiteConfiguration", "NoSuchWebsiteConfiguration",
            "The specified bucket does not have a website configuration"),
        missing("tagging", "Tagging", "NoSuchTagSet", "The TagSet does not exist", putStatus: 204),
        missing(
            "publicAccessBlock", "PublicAccessBlockConfiguration", "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found"),
        missing(
            "ownershipControls", "OwnershipControls", "OwnershipControlsNotFoundError",
            "The bucket ownership controls were not found"),
        missing(
            "replication", "ReplicationConfiguration", "ReplicationConfigurationNotFoundError",
            "The replication configuration was not found"),
        BucketConfiguration(
            name: "encryption", root: "ServerSideEncryptionConfiguration",
            absent: .document(
                XMLWriter(s3: "ServerSideEncryptionConfiguration") { text in
                    text.element("Rule") { text in
                        text.element("ApplyServerSideEncryptionByDefault") { $0.element("SSEAlgorithm", "AES256") }
                        text.element("BucketKeyEnabled", false)
                    }
                })),
        BucketConfiguration(
            name: "logging", root: "BucketLoggingStatus",
            absent: .document(XMLWriter(s3: "BucketLoggingStatus") { _ in })),
        BucketConfiguration(
            name: "accelerate", root: "AccelerateConfiguration",
            absent: .document(XMLWriter(s3: "AccelerateConfiguration") { _ in })),
        BucketConfiguration(
            name: "requestPayment", root: "RequestPaymentConfiguration",
            absent: .document(XMLWriter(s3: "RequestPaymentConfiguration") { $0.element("Payer", "BucketOwner") })),
    ]

    private static func missing(
        _ name: String, _ root: String?, _ code: String, _ message: String, putStatus: Int = 200
    ) -> BucketConfiguration {
        BucketConfiguration(name: name, root: root, absent: .fault(S3Fault(code, message, 404)), putStatus: putStatus)
    }
}

extension S3 {
    func configuration(_ name: String, _ request: S3Request) async throws -> HTTPResponse {
        switch name {
        case "versioning": return try await versioning(request)
        case "notification": return try await notification(request)
        case "acl": return try await bucketACL(request)
        case "policyStatus":
            _ = try store.read { snapshot in try snapshot.bucket(request.bucket) }
            return Self.answer(XMLWriter(s3: "PolicyStatus") { $0.element("IsPublic", "false") })
        case "object-lock":
            guard request.method == "GET" else { throw S3Fault.notEmulated("S3 Object Lock") }
            _ = try store.read { snapshot in try snapshot.bucket(request.bucket) }
            throw S3Fault(
                "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket", 404)
        default: break
        }
        guard let configuration = BucketConfiguration.all.first(where: { $0.name == name }) else {
            throw S3Fault.methodNotAllowed
        }
        switch request.method {
        case "GET": return try stored(configuration, request.bucket)
        case "PUT":
            let document = try await request.configuration()
            try validate(document, as: configuration)
            try await replace(configuration.name, of: request.bucket, by: document)
            return Self.answer(configuration.putStatus)
        case "DELETE":
            try await replace(configuration.name, of: request.bucket, by: nil)
            return Self.answer(204)
        default: throw S3Fault.methodNotAllowed
        }
    }

    private func stored(_ configuration: BucketConfiguration, _ bucket: String) throws -> HTTPResponse {
        let document = try store.read { snapshot in
            _ = try snapshot.bucket(bucket)
            return try snapshot.configuration(configuration.name, of: bucket)
        }
        guard let document else {
            switch configuration.absent {
            case .fault(var fault):
                fault.details = [("BucketName", bucket)]
                throw fault
            case .document(let document): return Self.answer(document)
            }
        }
        let type = configuration.root == nil ? "application/json" : "application/xml"
        return HTTPResponse(status: 200, headers: HTTPHeaders([("Content-Type", type)]), body: .bytes(document))
    }

    private func validate(_ document: [UInt8], as configuration: BucketConfiguration) throws {
        guard let root = configuration.root else {
            guard (try? JSON(parsing: document))?.object != nil else {
                throw S3Fault("MalformedPolicy", "This policy contains invalid Json", 400)
            }
            return
        }
        let element = try XMLElement(request: document)
        guard element.name == root else { throw S3Fault.malformedXML }
        if root == "Tagging" { _ = try TagSet(element, limit: 50) }
    }

    /// Sets the document of a subresource; nil removes it.
    func replace(_ name: String, of bucket: String, by document: [UInt8]?) async throws {
        try await store.write { transaction in
            _ = try transaction.snapshot.bucket(bucket)
            if let document {
                try transaction.execute(
                    "INSERT OR REPLACE INTO s3_configuration VALUES (?, ?, ?)", .text(bucket), .text(name),
                    .blob(document))
            } else {
                try transaction.execute(
                    "DELETE FROM s3_configuration WHERE bucket = ? AND name = ?", .text(bucket), .text(name))
            }
        }
    }

    // MARK: Versioning

    private func versioning(_ request: S3Request) async throws -> HTTPResponse {
        switch request.method {
        case "GET":
            let bucket = try store.read { snapshot in try snapshot.bucket(request.bucket) }
            return Self.answer(
                XMLWriter(s3: "VersioningConfiguration") { text in
                    if bucket.hasVersions { text.element("Status", bucket.versioning.rawValue) }
                })
        case "PUT":
            let document = try await request.document()
            guard document.name == "VersioningConfiguration", let status = document["Status"]?.text,
                let versioning = Bucket.Versioning(rawValue: status), versioning != .never
            else { throw S3Fault.malformedXML }
            try await setVersioning(versioning, of: request.bucket)
            return Self.answer()
        default: throw S3Fault.methodNotAllowed
        }
    }

    func setVersioning(_ versioning: Bucket.Versioning, of bucket: String) async throws {
        try await store.write { transaction in
            _ = try transaction.snapshot.bucket(bucket)
            try transaction.execute(
                "UPDATE s3_bucket SET versioning = ? WHERE name = ?", .text(versioning.rawValue), .text(bucket))
        }
    }

    // MARK: Access control lists, which grant the owner everything and cannot be changed

    private func bucketACL(_ request: S3Request) async throws -> HTTPResponse {
        _ = try store.read { snapshot in try snapshot.bucket(request.bucket) }
        return try await ownersACL(request)
    }

    func objectACL(_ request: S3Request) async throws -> HTTPResponse {
        _ = try locate(request)
        return try await ownersACL(request)
    }

    /// Refuses a list that grants anyone but the owner something, unless the bucket's ownership controls allow lists.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>
    func checkACL(_ request: S3Request) async throws {
        let canned = request.headers["x-amz-acl"] ?? "private"
        let grants = request.headers.fields.contains { $0.name.lowercased().hasPrefix("x-amz-grant-") }
        if !grants, canned == "private" || canned == "bucket-owner-full-control" { return }
        let document = try store.read { try $0.configuration("ownershipControls", of: request.bucket) }
        let ownership = try document.flatMap {
            try XMLElement(request: $0)["Rule"]?["ObjectOwnership"]?.text
        }
        guard let ownership, ownership != "BucketOwnerEnforced" else {
            throw S3Fault("AccessControlListNotSupported", "The bucket does not allow ACLs", 400)
        }
    }

    private func ownersACL(_ request: S3Request) async throws -> HTTPResponse {
        guard request.method == "GET" else {
            guard request.method == "PUT" else { throw S3Fault.methodNotAllowed }
            _ = try await request.configuration()
            try await checkACL(request)
            return Self.answer()
        }
        let document = XMLWriter(s3: "AccessControlPolicy") { text in
            owner(&text)
            text.element("AccessControlList") { text in
                text.element("Grant") { text in
                    let type = [
                        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"), ("xsi:type", "CanonicalUser"),
                    ]
                    text.element("Grantee", attributes: type) { grantee in
                        grantee.element("ID", canonicalUser)
                        grantee.element("DisplayName", "cupel")
                    }
                    text.element("Permission", "FULL_CONTROL")
                }
            }
        }
        return Self.answer(document)
    }
}
