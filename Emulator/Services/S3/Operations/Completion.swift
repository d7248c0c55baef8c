internal import EmulatorCore
internal import JSON
internal import Time
internal import XML

/// The answer to a completed upload, which a client that lost it gets again.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
struct Completion: Sendable {
    /// With its quotation marks.
    var etag: String
    var checksum: Checksum?
    var headers: [(String, String)]

    /// How long the answer to an upload is kept.
    static let keptMilliseconds: Int64 = 24 * 60 * 60 * 1000

    static let schema = """
        CREATE TABLE IF NOT EXISTS s3_completion (
            upload TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, answer TEXT NOT NULL,
            completed_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        """

    init(etag: String, checksum: Checksum?, headers: [(String, String)]) {
        self.etag = etag
        self.checksum = checksum
        self.headers = headers
    }

    init(stored text: String) {
        let document = (try? JSON(parsing: text)) ?? .null
        etag = document["etag"]?.string ?? ""
        headers = (document["headers"]?.array ?? []).map { ($0[0]?.string ?? "", $0[1]?.string ?? "") }
        guard let algorithm = ChecksumAlgorithm(rawValue: document["algorithm"]?.string ?? ""),
            let scope = Checksum.Scope(rawValue: document["scope"]?.string ?? "")
        else { return }
        checksum = Checksum(algorithm: algorithm, value: document["checksum"]?.string ?? "", scope: scope)
    }

    var stored: String {
        var document: JSONObject = [
            "etag": .string(etag), "headers": .array(headers.map { .array([.string($0.0), .string($0.1)]) }),
        ]
        document["algorithm"] = checksum.map { .string($0.algorithm.rawValue) }
        document["scope"] = checksum.map { .string($0.scope.rawValue) }
        document["checksum"] = checksum.map { .string($0.value) }
        return JSON.object(document).text
    }

    func answer(_ request: S3Request) -> HTTPResponse {
        let document = XMLWriter(s3: "CompleteMultipartUploadResult") { text in
            text.element(
                "Location", "http://\(request.headers["Host"] ?? "localhost")/\(request.bucket)/\(request.key)")
            text.element("Bucket", request.bucket)
            text.element("Key", request.key)
            text.element("ETag", etag)
            if let checksum {
                text.element(checksum.algorithm.element, checksum.value)
                text.element("ChecksumType", checksum.scope.rawValue)
            }
        }
        return S3.answer(document, headers)
    }
}

extension Snapshot {
    func completion(of upload: String, _ bucket: String, _ key: String) throws -> Completion? {
        try first(
            "SELECT answer FROM s3_completion WHERE upload = ? AND bucket = ? AND key = ?", .text(upload),
            .text(bucket), .text(key)
        ) { Completion(stored: $0.text(0)) }
    }
}

extension S3 {
    /// Keeps the answer for a repeated request, and forgets those of another day.
    func remember(_ completion: Completion, of upload: String, _ request: S3Request) async throws {
        let now = clock.now().milliseconds
        try await store.write { transaction in
            try transaction.execute(
                "DELETE FROM s3_completion WHERE completed_at < ?", .integer(now - Completion.keptMilliseconds))
            try transaction.execute(
                "INSERT OR REPLACE INTO s3_completion VALUES (?, ?, ?, ?, ?)", .text(upload), .text(request.bucket),
                .text(request.key), .text(completion.stored), .integer(now))
        }
    }
}
