internal import AWSClient
internal import AWSModels
internal import Digest

/// A versioned bucket's worth of S3.
struct FakeObjects {
    private struct Version {
        let id: String
        let bytes: [UInt8]
        var eTag: String { Digest.md5(bytes).hexadecimal }
    }

    private var versions: [String: [Version]] = [:]
    private var count = 0

    mutating func put(_ bytes: [UInt8], bucket: String, key: String) -> StoredObject {
        count += 1
        let version = Version(id: "version-\(count)", bytes: bytes)
        versions["/\(bucket)/\(key)", default: []].append(version)
        return StoredObject(eTag: version.eTag, versionID: version.id)
    }

    mutating func delete(bucket: String, key: String) { versions["/\(bucket)/\(key)"] = nil }

    mutating func perform(_ request: HTTPRequest) -> HTTPResponse {
        switch request.method {
        case .get, .head: return read(request)
        case .put:
            let parts = request.path.split(separator: "/", maxSplits: 1)
            let stored = put(request.body, bucket: String(parts[0]), key: String(parts[1]))
            var headers: HTTPHeaders = ["etag": "\"\(stored.eTag)\""]
            headers["x-amz-version-id"] = stored.versionID
            return HTTPResponse(status: 200, headers: headers)
        case .post, .delete: return HTTPResponse(status: 501)
        }
    }

    private func read(_ request: HTTPRequest) -> HTTPResponse {
        let wanted = request.query.first { $0.name == "versionId" }?.value
        let candidates = versions[request.path] ?? []
        guard let version = wanted.map({ id in candidates.last { $0.id == id } }) ?? candidates.last else {
            return Self.fault(404, wanted == nil ? "NoSuchKey" : "NoSuchVersion")
        }
        if let match = request.headers["if-match"], match != "\"\(version.eTag)\"" {
            return Self.fault(412, "PreconditionFailed")
        }
        var headers: HTTPHeaders = ["etag": "\"\(version.eTag)\"", "x-amz-version-id": version.id]
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

    private static func fault(_ status: Int, _ code: String) -> HTTPResponse {
        HTTPResponse(status: status, body: Array("<Error><Code>\(code)</Code><Message>no</Message></Error>".utf8))
    }
}
