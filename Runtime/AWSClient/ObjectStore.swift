public import AWSModels
internal import Time
internal import URLCoding
internal import XML

/// S3: objects by bucket and key.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html>
public struct ObjectStore: Sendable {
    let client: AWSClient

    public init(_ client: AWSClient) { self.client = client }

    /// The same store with a deadline for its calls; see ``AWSClient/limited(to:)``.
    public func limited(to deadline: ContinuousClock.Instant) -> ObjectStore {
        ObjectStore(client.limited(to: deadline))
    }

    // MARK: Reading

    /// A range of an object's bytes.
    public enum ByteRange: Sendable, Hashable {
        /// The bytes from `first` up to, but not including, `end`; to the object's end if `end` is nil or beyond it.
        case from(Int, to: Int? = nil)
        /// The last bytes, or all of them if the object is shorter.
        case last(Int)

        var header: String {
            switch self {
            case .from(let first, let end): "bytes=\(first)-\(end.map { String($0 - 1) } ?? "")"
            case .last(let count): "bytes=-\(count)"
            }
        }
    }

    /// Reads an object, or a range of it, into memory.
    ///
    /// - Parameter eTag: The entity tag, without quotes, that the object must still have.
    /// - Throws: ``AWSError``; ``AWSError/isNotFound`` if the object or version does not exist,
    ///   ``AWSError/isPreconditionFailed`` if the entity tag differs.
    public func get(
        _ object: S3Object, range: ByteRange? = nil, ifMatch eTag: String? = nil
    ) throws(AWSError) -> (head: ObjectHead, bytes: [UInt8]) {
        let operation = "s3 GetObject \(object)"
        var request = try self.request(.get, object, operation)
        request.headers["range"] = range?.header
        request.headers["if-match"] = eTag.map(Self.quoted)
        let response = try client.call(request, service: "s3", operation: operation)
        return (try Self.head(of: response.head, operation), response.body)
    }

    /// Reads an object into memory, unless it still has the entity tag `eTag`, without quotes.
    ///
    /// - Returns: nil if it has.
    /// - Throws: ``AWSError``; ``AWSError/isNotFound`` if the object does not exist.
    public func getIfChanged(
        _ object: S3Object, since eTag: String?
    ) throws(AWSError) -> (head: ObjectHead, bytes: [UInt8])? {
        let operation = "s3 GetObject \(object)"
        var request = try self.request(.get, object, operation)
        request.headers["if-none-match"] = eTag.map(Self.quoted)
        do throws(AWSError) {
            let response = try client.call(request, service: "s3", operation: operation)
            return (try Self.head(of: response.head, operation), response.body)
        } catch {
            if case .service(_, _, 304, _, _) = error { return nil }
            throw error
        }
    }

    /// Opens an object for reading in pieces, from `offset` on.
    ///
    /// After a lost connection, reading continues at the same byte if the object is unchanged.
    public func stream(
        _ object: S3Object, from offset: Int = 0, ifMatch eTag: String? = nil
    ) throws(AWSError) -> ObjectStream {
        try ObjectStream(self, object, offset: offset, eTag: eTag)
    }

    /// Reads an object's size, entity tag and version.
    public func head(_ object: S3Object, ifMatch eTag: String? = nil) throws(AWSError) -> ObjectHead {
        let operation = "s3 HeadObject \(object)"
        var request = try self.request(.head, object, operation)
        request.headers["if-match"] = eTag.map(Self.quoted)
        return try Self.head(of: try client.call(request, service: "s3", operation: operation).head, operation)
    }

    /// Lists one page of the objects whose keys start with `prefix`, ordered by the bytes of their keys.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
    public func list(
        bucket: String, prefix: String = "", delimiter: String? = nil, limit: Int? = nil,
        continuingFrom token: String? = nil
    ) throws(AWSError) -> ObjectPage {
        let operation = "s3 ListObjectsV2 \(bucket)/\(prefix)"
        // Keys may contain characters that XML does not allow, so they are requested URL-encoded.
        var query = [HTTPRequest.QueryItem("list-type", "2"), .init("encoding-type", "url"), .init("prefix", prefix)]
        if let delimiter { query.append(.init("delimiter", delimiter)) }
        if let limit { query.append(.init("max-keys", String(limit))) }
        if let token { query.append(.init("continuation-token", token)) }
        let request = try self.request(.get, bucket: bucket, query: query, operation)
        let response = try client.call(request, service: "s3", operation: operation)
        guard let answer = try? XMLElement(parsing: response.body), answer.name == "ListBucketResult" else {
            throw .unexpectedResponse(operation: operation, reason: "ListBucketResult is missing")
        }
        return try Self.page(answer, operation)
    }

    /// Lists all objects whose keys start with `prefix`, across pages.
    public func listAll(bucket: String, prefix: String = "") throws(AWSError) -> [ListedObject] {
        var objects: [ListedObject] = []
        var token: String?
        repeat {
            let page = try list(bucket: bucket, prefix: prefix, continuingFrom: token)
            objects += page.objects
            token = page.continuationToken
        } while token != nil
        return objects
    }

    // MARK: Writing

    /// What must hold for a key at the instant at which an object is written to it.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
    public enum WriteCondition: Sendable, Hashable {
        /// There is no object.
        case absent
        /// The object has this entity tag, without quotes.
        case eTag(String)

        func add(to headers: inout HTTPHeaders) {
            switch self {
            case .absent: headers["if-none-match"] = "*"
            case .eTag(let tag): headers["if-match"] = ObjectStore.quoted(tag)
            }
        }
    }

    /// Writes an object with one request. It appears complete or not at all.
    ///
    /// - Parameter metadata: User-defined metadata: names in lower case, without `x-amz-meta-`.
    /// - Throws: ``AWSError``; ``AWSError/isPreconditionFailed`` if `condition` does not hold. After a lost response, the
    ///   request is repeated, and then the condition may not hold because the first request took effect.
    @discardableResult
    public func put(
        _ bytes: [UInt8], to object: S3Object, contentType: String = "application/octet-stream",
        metadata: [String: String] = [:], condition: WriteCondition? = nil
    ) throws(AWSError) -> StoredObject {
        let operation = "s3 PutObject \(object)"
        var request = try self.request(.put, object, operation)
        request.headers["content-type"] = contentType
        Self.add(metadata, to: &request.headers)
        condition?.add(to: &request.headers)
        request.body = bytes
        return try Self.stored(try client.call(request, service: "s3", operation: operation), operation)
    }

    /// Deletes an object. In a versioned bucket, hides it or deletes the given version. A missing object is not an
    /// error.
    public func delete(_ object: S3Object) throws(AWSError) {
        let operation = "s3 DeleteObject \(object)"
        let request = try self.request(.delete, object, operation)
        _ = try client.call(request, service: "s3", operation: operation)
    }

    // MARK: Requests

    func request(_ method: HTTPMethod, _ object: S3Object, _ operation: String) throws(AWSError) -> HTTPRequest {
        guard !object.key.isEmpty else { throw .configuration("\(operation): the key is empty") }
        let query = object.versionID.map { [HTTPRequest.QueryItem("versionId", $0)] } ?? []
        return try request(method, bucket: object.bucket, key: object.key, query: query, operation)
    }

    /// Creates a request. With a configured endpoint, the bucket is the first part of the path. On AWS it is part of
    /// the host, unless its name has a dot, which does not match the certificate.
    func request(
        _ method: HTTPMethod, bucket: String, key: String = "", query: [HTTPRequest.QueryItem] = [], _ operation: String
    ) throws(AWSError) -> HTTPRequest {
        let isAllowed: (UInt8) -> Bool = { $0.isASCIILetterOrDigit || [0x2D, 0x2E, 0x5F].contains($0) }
        guard !bucket.isEmpty, bucket.utf8.allSatisfy(isAllowed) else {
            throw .configuration("\(operation): \(bucket) is not a bucket name")
        }
        let configuration = client.configuration
        if let origin = configuration.customOrigin(of: "s3") {
            return HTTPRequest(method, origin, path: "/\(bucket)/\(key)", query: query)
        }
        let regional = "s3.\(configuration.region).\(configuration.domain)"
        if bucket.contains(".") {
            let origin = HTTPOrigin(isSecure: true, host: regional)
            return HTTPRequest(method, origin, path: "/\(bucket)/\(key)", query: query)
        }
        return HTTPRequest(
            method, HTTPOrigin(isSecure: true, host: "\(bucket).\(regional)"), path: "/\(key)", query: query)
    }

    // MARK: Answers

    static func add(_ metadata: [String: String], to headers: inout HTTPHeaders) {
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) { headers["x-amz-meta-\(name)"] = value }
    }

    static func quoted(_ eTag: String) -> String { "\"\(eTag)\"" }

    static func unquoted(_ eTag: String) -> String { String(eTag.drop { $0 == "\"" }.prefix { $0 != "\"" }) }

    static func head(of head: HTTPResponseHead, _ operation: String) throws(AWSError) -> ObjectHead {
        // "bytes 0-9/443" has the size of the whole object. Without a range, the content length is the size.
        let whole = head.headers["content-range"]?.split(separator: "/").last.map(String.init)
        guard let size = (whole ?? head.headers["content-length"]).flatMap({ Int($0) }) else {
            throw .unexpectedResponse(operation: operation, reason: "the object's size is missing")
        }
        return ObjectHead(
            sizeInBytes: size, eTag: head.headers["etag"].map(unquoted), versionID: head.headers["x-amz-version-id"],
            contentType: head.headers["content-type"], lastModified: head.headers["last-modified"],
            metadata: Dictionary(
                head.headers.fields.filter { $0.name.hasPrefix("x-amz-meta-") }.map {
                    (String($0.name.dropFirst("x-amz-meta-".utf8.count)), $0.value)
                }, uniquingKeysWith: { first, _ in first }))
    }

    static func stored(_ response: HTTPResponse, _ operation: String) throws(AWSError) -> StoredObject {
        guard let eTag = response.head.headers["etag"] else {
            throw .unexpectedResponse(operation: operation, reason: "the ETag is missing")
        }
        return StoredObject(eTag: unquoted(eTag), versionID: response.head.headers["x-amz-version-id"])
    }

    private static func page(_ answer: XMLElement, _ operation: String) throws(AWSError) -> ObjectPage {
        func decoded(_ text: String) throws(AWSError) -> String {
            guard answer["EncodingType"]?.text == "url" else { return text }
            guard let decoded = String(formURLDecoding: text) else {
                throw .unexpectedResponse(operation: operation, reason: "the key \(text) is not URL-encoded UTF-8")
            }
            return decoded
        }
        var objects: [ListedObject] = []
        for entry in answer.all("Contents") {
            guard let key = entry["Key"]?.text, let size = entry["Size"].flatMap({ Int($0.text) }) else {
                throw .unexpectedResponse(operation: operation, reason: "an entry has no Key or Size")
            }
            objects.append(
                ListedObject(
                    key: try decoded(key), sizeInBytes: size, eTag: entry["ETag"].map { unquoted($0.text) },
                    lastModified: entry["LastModified"].flatMap { Timestamp(rfc3339: $0.text) }))
        }
        var prefixes: [String] = []
        for entry in answer.all("CommonPrefixes") { prefixes.append(try decoded(entry["Prefix"]?.text ?? "")) }
        let isTruncated = answer["IsTruncated"]?.text == "true"
        return ObjectPage(
            objects: objects, commonPrefixes: prefixes,
            continuationToken: isTruncated ? answer["NextContinuationToken"]?.text : nil)
    }
}
