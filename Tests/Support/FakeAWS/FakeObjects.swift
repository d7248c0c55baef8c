internal import AWSClient
internal import AWSModels
internal import Digest
internal import Time

/// The part of S3 that the functions need: buckets with versioning, or without.
struct FakeObjects {
    private struct Version {
        /// Nil in a bucket without versioning.
        let id: String?
        let bytes: [UInt8]
        var metadata = HTTPHeaders()
        let time: Timestamp
        var eTag: String { Digest.md5(bytes).hexadecimal }
    }

    private var versions: [String: [Version]] = [:]
    private var count = 0
    /// The time, as its owner has it.
    var now = Timestamp(milliseconds: 0)
    /// The parts of open multipart uploads, by upload ID.
    private(set) var uploads: [String: [Int: [UInt8]]] = [:]
    private var uploadMetadata: [String: HTTPHeaders] = [:]
    /// The buckets without versioning.
    var unversioned: Set<String> = []

    mutating func put(
        _ bytes: [UInt8], bucket: String, key: String, metadata: [String: String]
    ) -> StoredObject {
        var headers = HTTPHeaders()
        for (name, value) in metadata { headers.add("x-amz-meta-\(name)", value) }
        return put(bytes, at: "/\(bucket)/\(key)", metadata: headers)
    }

    private mutating func put(
        _ bytes: [UInt8], at path: String, metadata: HTTPHeaders = HTTPHeaders()
    ) -> StoredObject {
        count += 1
        let isVersioned = !unversioned.contains(String(path.split(separator: "/").first ?? ""))
        let version = Version(id: isVersioned ? "version-\(count)" : nil, bytes: bytes, metadata: metadata, time: now)
        if !isVersioned { versions[path] = nil }
        versions[path, default: []].append(version)
        return StoredObject(eTag: version.eTag, versionID: version.id)
    }

    mutating func delete(bucket: String, key: String) { versions["/\(bucket)/\(key)"] = nil }

    func newest(bucket: String, key: String) -> [UInt8]? { versions["/\(bucket)/\(key)"]?.last?.bytes }

    func keys(in bucket: String) -> [String] {
        versions.keys.filter { $0.hasPrefix("/\(bucket)/") }.map { String($0.dropFirst(bucket.utf8.count + 2)) }
            .sorted()
    }

    mutating func perform(_ request: HTTPRequest) -> HTTPResponse {
        switch request.method {
        case .get where request.queryValue("list-type") != nil: return list(request)
        case .get, .head: return read(request)
        case .put:
            if let id = request.queryValue("uploadId") { return putPart(request, of: id) }
            return refusal(request)
                ?? Self.answer(put(request.body, at: request.path, metadata: Self.metadata(request)))
        case .post:
            guard let id = request.queryValue("uploadId") else { return startUpload(request) }
            return refusal(request) ?? completeUpload(id, at: request.path)
        case .delete:
            guard let id = request.queryValue("uploadId") else {
                versions[request.path] = nil
                return HTTPResponse(status: 204)
            }
            return uploads.removeValue(forKey: id) == nil ? Self.fault(404, "NoSuchUpload") : HTTPResponse(status: 204)
        }
    }

    // MARK: Multipart uploads

    private mutating func startUpload(_ request: HTTPRequest) -> HTTPResponse {
        count += 1
        uploads["upload-\(count)"] = [:]
        uploadMetadata["upload-\(count)"] = Self.metadata(request)
        let id = "<UploadId>upload-\(count)</UploadId>"
        return HTTPResponse(
            status: 200, body: Array("<InitiateMultipartUploadResult>\(id)</InitiateMultipartUploadResult>".utf8))
    }

    private mutating func putPart(_ request: HTTPRequest, of id: String) -> HTTPResponse {
        guard uploads[id] != nil, let number = request.queryValue("partNumber").flatMap({ Int($0) }) else {
            return Self.fault(404, "NoSuchUpload")
        }
        uploads[id]?[number] = request.body
        return HTTPResponse(status: 200, headers: ["etag": "\"\(Digest.md5(request.body).hexadecimal)\""])
    }

    private mutating func completeUpload(_ id: String, at path: String) -> HTTPResponse {
        guard let parts = uploads.removeValue(forKey: id) else { return Self.fault(404, "NoSuchUpload") }
        let stored = put(
            parts.sorted { $0.key < $1.key }.flatMap(\.value), at: path, metadata: uploadMetadata[id] ?? [:])
        let eTag = "<ETag>\(stored.eTag)</ETag>"
        let result = "<CompleteMultipartUploadResult>\(eTag)</CompleteMultipartUploadResult>"
        return HTTPResponse(
            status: 200, headers: stored.versionID.map { ["x-amz-version-id": $0] } ?? [:], body: Array(result.utf8))
    }

    private static func answer(_ stored: StoredObject) -> HTTPResponse {
        var headers: HTTPHeaders = ["etag": "\"\(stored.eTag)\""]
        headers["x-amz-version-id"] = stored.versionID
        return HTTPResponse(status: 200, headers: headers)
    }

    // MARK: Conditions and metadata

    /// The refusal of a write whose condition does not hold.
    private func refusal(_ request: HTTPRequest) -> HTTPResponse? {
        let present = versions[request.path]?.last
        if request.headers["if-none-match"] != nil, present != nil { return Self.fault(412, "PreconditionFailed") }
        guard let wanted = request.headers["if-match"] else { return nil }
        guard let present else { return Self.fault(404, "NoSuchKey") }
        return wanted == "\"\(present.eTag)\"" ? nil : Self.fault(412, "PreconditionFailed")
    }

    private static func metadata(_ request: HTTPRequest) -> HTTPHeaders {
        var metadata = HTTPHeaders()
        for field in request.headers.fields where field.name.hasPrefix("x-amz-meta-") {
            metadata.add(field.name, field.value)
        }
        return metadata
    }

    // MARK: Reading

    /// All objects below a prefix, whatever a page may have. Keys of tests need no encoding.
    private func list(_ request: HTTPRequest) -> HTTPResponse {
        let bucket = String(request.path.split(separator: "/").first ?? "")
        let prefix = request.queryValue("prefix") ?? ""
        let entries = keys(in: bucket).filter { $0.hasPrefix(prefix) }.map { key in
            let version = versions["/\(bucket)/\(key)"]?.last
            let time = version.map { "<LastModified>\($0.time)</LastModified>" } ?? ""
            return "<Contents><Key>\(key)</Key><Size>\(version?.bytes.count ?? 0)</Size>\(time)</Contents>"
        }
        let document = "<ListBucketResult>\(entries.joined())<IsTruncated>false</IsTruncated></ListBucketResult>"
        return HTTPResponse(status: 200, body: Array(document.utf8))
    }

    private func read(_ request: HTTPRequest) -> HTTPResponse {
        let wanted = request.queryValue("versionId")
        let candidates = versions[request.path] ?? []
        guard let version = wanted.map({ id in candidates.last { $0.id == id } }) ?? candidates.last else {
            return Self.fault(404, wanted == nil ? "NoSuchKey" : "NoSuchVersion")
        }
        if let match = request.headers["if-match"], match != "\"\(version.eTag)\"" {
            return Self.fault(412, "PreconditionFailed")
        }
        if request.headers["if-none-match"] == "\"\(version.eTag)\"" { return HTTPResponse(status: 304) }
        var headers = version.metadata
        headers["etag"] = "\"\(version.eTag)\""
        headers["x-amz-version-id"] = version.id
        guard let range = request.headers["range"]?.dropFirst("bytes=".count) else {
            headers["content-length"] = String(version.bytes.count)
            return HTTPResponse(status: 200, headers: headers, body: request.method == .head ? [] : version.bytes)
        }
        let bounds = range.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        let size = version.bytes.count
        let (first, last) =
            bounds[0].map { ($0, min(bounds[1] ?? size - 1, size - 1)) } ?? (max(0, size - (bounds[1] ?? 0)), size - 1)
        guard first <= last else { return Self.fault(416, "InvalidRange") }
        headers["content-range"] = "bytes \(first)-\(last)/\(size)"
        headers["content-length"] = String(last - first + 1)
        return HTTPResponse(status: 206, headers: headers, body: Array(version.bytes[first...last]))
    }

    static func fault(_ status: Int, _ code: String) -> HTTPResponse {
        HTTPResponse(status: status, body: Array("<Error><Code>\(code)</Code><Message>no</Message></Error>".utf8))
    }
}

extension HTTPRequest {
    func queryValue(_ name: String) -> String? { query.first { $0.name == name }?.value }
}
