internal import Digest
internal import EmulatorCore
internal import JSON
internal import Time
internal import XML

/// An open multipart upload.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>
struct MultipartUpload: Sendable {
    var id: String
    var key: String
    /// Milliseconds since 1970.
    var startedAt: Int64
    var headers: ObjectHeaders
    var tags: TagSet
    var algorithm: ChecksumAlgorithm?
    var scope: Checksum.Scope
    /// Whether the client named no checksum, so that S3 computes its own and says nothing of it in listings.
    var isDefault: Bool

    /// The scope of a default checksum in the store.
    static let defaultScope = "DEFAULT"

    static let columns = "id, key, started_at, headers, tags, checksum_algorithm, checksum_scope"

    init(_ row: borrowing Row) {
        id = row.text(0)
        key = row.text(1)
        startedAt = row.integer(2)
        headers = ObjectHeaders(stored: row.text(3))
        tags = TagSet(stored: row.text(4))
        algorithm = row.textOrNil(5).flatMap(ChecksumAlgorithm.init(rawValue:))
        isDefault = row.textOrNil(6) == Self.defaultScope
        scope =
            isDefault ? .fullObject : row.textOrNil(6).flatMap(Checksum.Scope.init(rawValue:)) ?? .composite
    }
}

/// A part of an upload, whose bytes are always in a file.
struct UploadedPart: Sendable {
    var number: Int
    var file: String
    /// In bytes.
    var size: Int
    var etag: String
    /// Milliseconds since 1970.
    var modified: Int64
    /// In Base64.
    var checksum: String?

    static let columns = "number, file, size, etag, modified, checksum"

    init(_ row: borrowing Row) {
        number = row.int(0)
        file = row.text(1)
        size = row.int(2)
        etag = row.text(3)
        modified = row.integer(4)
        checksum = row.textOrNil(5)
    }
}

extension Snapshot {
    /// - Throws: `NoSuchUpload`.
    func upload(_ id: String, _ bucket: String, _ key: String) throws -> MultipartUpload {
        _ = try self.bucket(bucket)
        let found = try first(
            "SELECT \(MultipartUpload.columns) FROM s3_upload WHERE id = ? AND bucket = ? AND key = ?", .text(id),
            .text(bucket), .text(key)
        ) { MultipartUpload($0) }
        guard let found else {
            var fault = S3Fault.noSuchUpload
            fault.details = [("UploadId", id)]
            throw fault
        }
        return found
    }

    func parts(of upload: String) throws -> [UploadedPart] {
        try all("SELECT \(UploadedPart.columns) FROM s3_part WHERE upload = ? ORDER BY number", .text(upload)) {
            UploadedPart($0)
        }
    }
}

extension S3 {
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html>
    func createUpload(_ request: S3Request) async throws -> HTTPResponse {
        let headers = try ObjectHeaders(request.headers)
        let tags = try TagSet(header: request.headers["x-amz-tagging"])
        let algorithm = try request.headers["x-amz-checksum-algorithm"].map { name throws(S3Fault) in
            guard let algorithm = ChecksumAlgorithm(rawValue: name.uppercased()) else {
                throw .invalidRequest(
                    "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
                )
            }
            return algorithm
        }
        let given = request.headers["x-amz-checksum-type"].flatMap { Checksum.Scope(rawValue: $0.uppercased()) }
        let scope = given ?? (algorithm == .crc64nvme ? .fullObject : .composite)
        if let algorithm, scope == .fullObject ? algorithm.crc == nil : algorithm == .crc64nvme {
            throw S3Fault.invalidRequest(
                "The \(scope.rawValue) checksum type cannot be used with the \(algorithm.rawValue.lowercased()) checksum algorithm."
            )
        }
        try await checkACL(request)
        let id = clock.uuid().filter { $0 != "-" }
        let now = clock.now().milliseconds
        try await store.write { transaction in
            _ = try transaction.snapshot.bucket(request.bucket)
            try transaction.execute(
                "INSERT INTO s3_upload VALUES (?, ?, ?, ?, ?, ?, ?, ?)", .text(id), .text(request.bucket),
                .text(request.key), .integer(now), .text(headers.stored), .text(tags.stored),
                .text((algorithm ?? .crc64nvme).rawValue),
                .text(algorithm == nil ? MultipartUpload.defaultScope : scope.rawValue))
        }
        let document = XMLWriter(s3: "InitiateMultipartUploadResult") { text in
            text.element("Bucket", request.bucket)
            text.element("Key", request.key)
            text.element("UploadId", id)
        }
        var answered = headers.encryption
        if let algorithm {
            answered += [("x-amz-checksum-algorithm", algorithm.rawValue), ("x-amz-checksum-type", scope.rawValue)]
        }
        return Self.answer(document, answered)
    }

    func uploadAndPart(_ request: S3Request) throws -> (upload: MultipartUpload, number: Int) {
        guard let number = Int(request.query["partNumber"] ?? ""), (1...10_000).contains(number) else {
            throw S3Fault.argument(
                "partNumber", request.query["partNumber"] ?? "",
                "Part number must be an integer between 1 and 10000, inclusive")
        }
        let id = request.query["uploadId"] ?? ""
        let upload = try store.read { snapshot in try snapshot.upload(id, request.bucket, request.key) }
        return (upload, number)
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html>
    func uploadPart(_ request: S3Request) async throws -> HTTPResponse {
        let (upload, number) = try uploadAndPart(request)
        let payload = try await receive(
            request, checksum: upload.algorithm, second: upload.isDefault ? upload.algorithm : nil, inFile: true)
        if let algorithm = upload.algorithm, !upload.isDefault, let sent = payload.facts.checksum,
            sent.algorithm != algorithm
        {
            reclaimer.reclaim(payload.files)
            throw S3Fault.invalidRequest(
                "Checksum Type mismatch occurred, expected checksum Type: \(algorithm.rawValue.lowercased()), actual checksum Type: \(sent.algorithm.rawValue.lowercased())"
            )
        }
        let etag = try await keep(payload, as: number, of: upload, request).quoted
        var checksum = payload.facts.checksum.map { [($0.algorithm.header, $0.value)] } ?? []
        checksum += upload.headers.encryption
        return Self.answer(200, [("ETag", etag)] + checksum)
    }

    /// Stores a part, which replaces an earlier part with the same number.
    /// - Returns: its ETag.
    func keep(
        _ payload: Payload, as number: Int, of upload: MultipartUpload, _ request: S3Request
    ) async throws -> String {
        let etag = payload.facts.md5.hexadecimal
        let now = clock.now().milliseconds
        do {
            let replaced = try await store.write { transaction in
                _ = try transaction.snapshot.upload(upload.id, request.bucket, request.key)
                let replaced = try transaction.snapshot.all(
                    "SELECT file FROM s3_part WHERE upload = ? AND number = ?", .text(upload.id), .integer(number)
                ) { $0.text(0) }
                try transaction.execute(
                    "INSERT OR REPLACE INTO s3_part VALUES (?, ?, ?, ?, ?, ?, ?)", .text(upload.id), .integer(number),
                    .text(payload.files.first), .integer(payload.facts.size), .text(etag), .integer(now),
                    .text((payload.facts.second ?? payload.facts.checksum)?.value))
                return replaced
            }
            reclaimer.reclaim(replaced)
            return etag
        } catch {
            reclaimer.reclaim(payload.files)
            throw error
        }
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html>
    func abortUpload(_ request: S3Request) async throws -> HTTPResponse {
        let id = request.query["uploadId"] ?? ""
        let files = try await store.write { transaction in
            _ = try transaction.snapshot.upload(id, request.bucket, request.key)
            let files = try transaction.snapshot.parts(of: id).map(\.file)
            try transaction.execute("DELETE FROM s3_part WHERE upload = ?", .text(id))
            try transaction.execute("DELETE FROM s3_upload WHERE id = ?", .text(id))
            return files
        }
        reclaimer.reclaim(files)
        return Self.answer(204)
    }
}

extension String {
    /// The text in quotation marks, the wire form of an ETag.
    var quoted: String { "\"\(self)\"" }
}
