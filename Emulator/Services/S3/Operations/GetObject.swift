internal import EmulatorCore
internal import Time

extension S3 {
    /// The object of a request, and its bucket.
    struct Located {
        var bucket: Bucket
        var object: StoredObject
    }

    /// Finds the version that a request names, or the latest.
    /// - Throws: `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed` for a delete marker.
    func locate(_ request: S3Request) throws -> Located {
        try store.read { snapshot in try locate(request, snapshot) }
    }

    func locate(_ request: S3Request, _ snapshot: borrowing Snapshot) throws -> Located {
        try locate(request.bucket, request.key, request.query["versionId"], snapshot)
    }

    func locate(
        _ bucketName: String, _ key: String, _ version: String?, _ snapshot: borrowing Snapshot
    ) throws -> Located {
        let bucket = try snapshot.bucket(bucketName)
        if let version {
            guard !version.isEmpty else {
                throw S3Fault.argument("versionId", "", "Version id cannot be the empty string")
            }
            guard let object = try snapshot.object(bucketName, key, version: version) else {
                throw S3Fault.noSuchVersion(key, version)
            }
            guard !object.isDeleteMarker else {
                var fault = S3Fault.methodNotAllowed
                fault.details = [("Method", "GET"), ("ResourceType", "DeleteMarker")]
                fault.headers =
                    [
                        ("x-amz-delete-marker", "true"), ("Allow", "DELETE"),
                        ("Last-Modified", object.lastModified.httpDate),
                    ] + bucket.versionHeader(version)
                throw fault
            }
            return Located(bucket: bucket, object: object)
        }
        guard let object = try snapshot.latestObject(bucketName, key) else { throw S3Fault.noSuchKey(key) }
        guard !object.isDeleteMarker else {
            var fault = S3Fault.noSuchKey(key)
            fault.headers = [("x-amz-delete-marker", "true")] + bucket.versionHeader(object.version)
            throw fault
        }
        return Located(bucket: bucket, object: object)
    }

    /// GetObject and HeadObject.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
    func getObject(_ request: S3Request) throws -> HTTPResponse {
        guard request.headers["x-amz-server-side-encryption-customer-algorithm"] == nil else {
            // No object has a customer's key.
            _ = try locate(request)
            throw S3Fault.invalidRequest("The encryption parameters are not applicable to this object.")
        }
        let reading = reclaimer.enter()
        let (located, content) = try store.read { snapshot in
            let located = try locate(request, snapshot)
            let isWanted = request.method == "GET" || request.query.contains("partNumber")
            return (located, isWanted ? try snapshot.content(of: located.object) : nil)
        }
        let object = located.object
        let headers = described(located, request)
        try ReadConditions(request.headers).check(object, headers)
        var answer = HTTPResponse(status: 200, headers: HTTPHeaders(headers))
        let range: Range<Int>?
        if let part = try request.query.count("partNumber") {
            range = try partRange(part, object, content)
            if object.partCount > 0 { answer.headers.append("x-amz-mp-parts-count", String(object.partCount)) }
        } else {
            range = try ByteRange(request.headers["Range"])?.resolved(in: object.size)
        }
        if let range {
            answer.status = 206
            answer.headers.append("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.size)")
        } else if request.headers["x-amz-checksum-mode"]?.uppercased() == "ENABLED" {
            for (name, value) in Self.checksumHeaders(object.checksum) { answer.headers.append(name, value) }
        }
        let bytes = range ?? 0..<object.size
        if request.method == "HEAD" {
            answer.headers.append("Content-Length", String(bytes.count))
        } else if let content {
            answer.body = try body(bytes, of: content, reading)
        }
        return answer
    }

    /// The bytes of a range; files stay until they are sent.
    private func body(
        _ range: Range<Int>, of content: ObjectContent, _ reading: FileReclaimer.Reading
    ) throws -> HTTPResponse.Body {
        switch content {
        case .inline(let bytes): return .bytes(range.count == bytes.count ? bytes : Array(bytes[range]))
        case .files(let segments):
            var ranges: [FileRange] = []
            var start = 0
            for segment in segments {
                let wanted = range.clamped(to: start..<start + segment.size)
                if !wanted.isEmpty {
                    try files.check(segment.file, size: segment.size)
                    ranges.append(
                        FileRange(
                            path: files.path(of: segment.file), offset: wanted.lowerBound - start, length: wanted.count)
                    )
                }
                start += segment.size
            }
            return .files(FileRanges(ranges, keeping: reading))
        }
    }

    private func partRange(_ part: Int, _ object: StoredObject, _ content: ObjectContent?) throws(S3Fault) -> Range<
        Int
    >? {
        if object.partCount == 0, part == 1 { return object.size == 0 ? nil : 0..<object.size }
        guard part >= 1, part <= object.partCount, case .files(let segments)? = content else {
            throw S3Fault("InvalidPartNumber", "The requested partnumber is not satisfiable", 416)
        }
        let start = segments[..<(part - 1)].reduce(0) { $0 + $1.size }
        return start..<start + segments[part - 1].size
    }

    /// The headers that describe an object.
    func described(_ located: Located, _ request: S3Request) -> [(String, String)] {
        let object = located.object
        var headers: [(String, String)] = [
            ("Last-Modified", object.lastModified.httpDate), ("ETag", object.quotedETag), ("Accept-Ranges", "bytes"),
        ]
        headers += located.bucket.versionHeader(object.version)
        if !object.tags.isEmpty { headers.append(("x-amz-tagging-count", String(object.tags.tags.count))) }
        for (name, value) in object.headers.answered {
            headers.append((name, request.query["response-\(name.lowercased())"] ?? value))
        }
        for name in ["Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"]
        where object.headers[name] == nil {
            if let value = request.query["response-\(name.lowercased())"] { headers.append((name, value)) }
        }
        return headers
    }
}
