internal import EmulatorCore
internal import JSON
internal import Time
internal import URLCoding
internal import XML

/// The parameters of a listing.
struct ListingRequest: Sendable {
    let prefix: String
    let delimiter: String
    let limit: Int
    let isEncoded: Bool

    private static let largestPage = 1000

    init(prefix: String, limit: Int) {
        self.prefix = prefix
        self.limit = min(limit, Self.largestPage)
        delimiter = ""
        isEncoded = false
    }

    init(_ query: S3Query, limit name: String = "max-keys") throws(S3Fault) {
        prefix = query["prefix"] ?? ""
        delimiter = query["delimiter"] ?? ""
        limit = min(try query.count(name) ?? Self.largestPage, Self.largestPage)
        let encoding = query["encoding-type"]
        guard encoding == nil || encoding == "url" else {
            throw .argument("encoding-type", encoding ?? "", "Invalid Encoding Method specified in Request")
        }
        isEncoded = encoding != nil
    }

    /// A key in the form of the response.
    func encoded(_ key: String) -> String {
        isEncoded ? key.percentEncoded(keeping: .path) : key
    }

    /// The common prefix of `key`: up to and including the first delimiter after the prefix.
    func commonPrefix(of key: String) -> String? {
        guard !delimiter.isEmpty else { return nil }
        let bytes = Array(key.utf8), mark = Array(delimiter.utf8)
        var position = prefix.utf8.count
        while position + mark.count <= bytes.count {
            if bytes[position..<position + mark.count].elementsEqual(mark) {
                return String(decoding: bytes[..<(position + mark.count)], as: UTF8.self)
            }
            position += 1
        }
        return nil
    }

    func matches(_ key: String) -> Bool { key.utf8.starts(with: prefix.utf8) }

    /// The first text after all texts that begin with `prefix`; nil if there is none.
    static func end(ofPrefix prefix: String) -> String? {
        var scalars = Array(prefix.unicodeScalars)
        while let last = scalars.popLast() {
            // UTF-8 keeps the order of scalars; surrogates are not scalars.
            if let next = Unicode.Scalar(last.value == 0xD7FF ? 0xE000 : last.value + 1) {
                scalars.append(next)
                return String(String.UnicodeScalarView(scalars))
            }
        }
        return nil
    }

    /// The first text after `key`.
    static func after(_ key: String) -> String { key + "\0" }

    func write(commonPrefixes: [String], to text: inout XMLWriter) {
        for prefix in commonPrefixes {
            text.element("CommonPrefixes") { $0.element("Prefix", encoded(prefix)) }
        }
    }

    func writeParameters(to text: inout XMLWriter) {
        text.element("Prefix", encoded(prefix))
        if !delimiter.isEmpty { text.element("Delimiter", encoded(delimiter)) }
        if isEncoded { text.element("EncodingType", "url") }
    }
}

/// A page of a listing.
struct ListingPage: Sendable {
    var objects: [StoredObject] = []
    var commonPrefixes: [String] = []
    var isTruncated = false
    /// The last key or common prefix of the page.
    var last = ""

    var count: Int { objects.count + commonPrefixes.count }

    /// Adds the next object of a scan in the order of keys. Other keys under a common prefix are skipped without
    /// reading them, so the cost of a page depends only on its entries.
    /// - Parameters:
    ///   - isSkipped: whether a matching object is not part of the listing.
    ///   - start: the start of the next scan after this one.
    /// - Returns: whether this scan continues.
    mutating func take(
        _ object: StoredObject, for request: ListingRequest, isSkipped: Bool, resumingAt start: inout String?
    ) -> Bool {
        guard request.matches(object.key) else { return false }
        if isSkipped { return true }
        guard count < request.limit else {
            isTruncated = true
            return false
        }
        if let common = request.commonPrefix(of: object.key) {
            commonPrefixes.append(common)
            last = common
            start = ListingRequest.end(ofPrefix: common)
            return false
        }
        objects.append(object)
        last = object.key
        return true
    }
}

extension Snapshot {
    /// The latest versions after `marker` that are not delete markers.
    func page(of bucket: String, _ request: ListingRequest, after marker: String) throws -> ListingPage {
        var page = ListingPage()
        guard request.limit > 0 else { return page }
        var start: String? = request.prefix
        if marker.utf8.lexicographicallyPrecedes(request.prefix.utf8) == false, !marker.isEmpty {
            // A marker that is or is inside a common prefix skips all keys of that prefix.
            let passed = request.matches(marker) ? request.commonPrefix(of: marker) : nil
            start = passed.map { ListingRequest.end(ofPrefix: $0) } ?? ListingRequest.after(marker)
        }
        while let from = start {
            start = nil
            try scanLatest(bucket, from: from) { object in
                page.take(object, for: request, isSkipped: object.isDeleteMarker, resumingAt: &start)
            }
        }
        return page
    }
}

extension S3 {
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html>
    func listObjects(_ request: S3Request) throws -> HTTPResponse {
        let listing = try ListingRequest(request.query)
        let marker = request.query["marker"] ?? ""
        let page = try page(request, listing, after: marker)
        let document = XMLWriter(s3: "ListBucketResult") { text in
            text.element("Name", request.bucket)
            listing.writeParameters(to: &text)
            text.element("Marker", listing.encoded(marker))
            text.element("MaxKeys", listing.limit)
            text.element("IsTruncated", page.isTruncated)
            if page.isTruncated, !listing.delimiter.isEmpty { text.element("NextMarker", listing.encoded(page.last)) }
            for object in page.objects { write(object, listing, withOwner: true, to: &text) }
            listing.write(commonPrefixes: page.commonPrefixes, to: &text)
        }
        return Self.answer(document, [("x-amz-bucket-region", account.region)])
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
    func listObjectsV2(_ request: S3Request) throws -> HTTPResponse {
        let listing = try ListingRequest(request.query)
        let token = request.query["continuation-token"]
        let startAfter = request.query["start-after"]
        var marker = startAfter ?? ""
        if let token {
            guard let bytes = [UInt8](base64: token), !bytes.isEmpty else {
                throw S3Fault.argument("continuation-token", token, "The continuation token provided is incorrect")
            }
            marker = String(decoding: bytes, as: UTF8.self)
        }
        let page = try page(request, listing, after: marker)
        let withOwner = request.query["fetch-owner"] == "true"
        let document = XMLWriter(s3: "ListBucketResult") { text in
            text.element("Name", request.bucket)
            listing.writeParameters(to: &text)
            text.element("MaxKeys", listing.limit)
            text.element("KeyCount", page.count)
            text.element("IsTruncated", page.isTruncated)
            text.element("ContinuationToken", ifPresent: token)
            text.element("StartAfter", ifPresent: startAfter.map(listing.encoded))
            if page.isTruncated { text.element("NextContinuationToken", Array(page.last.utf8).base64) }
            for object in page.objects { write(object, listing, withOwner: withOwner, to: &text) }
            listing.write(commonPrefixes: page.commonPrefixes, to: &text)
        }
        return Self.answer(document, [("x-amz-bucket-region", account.region)])
    }

    private func page(_ request: S3Request, _ listing: ListingRequest, after marker: String) throws -> ListingPage {
        try store.read { snapshot in
            _ = try snapshot.bucket(request.bucket)
            return try snapshot.page(of: request.bucket, listing, after: marker)
        }
    }

    private func write(_ object: StoredObject, _ listing: ListingRequest, withOwner: Bool, to text: inout XMLWriter) {
        text.element("Contents") { text in
            text.element("Key", listing.encoded(object.key))
            text.element("LastModified", object.lastModified.rfc3339)
            text.element("ETag", object.quotedETag)
            if let checksum = object.checksum {
                text.element("ChecksumAlgorithm", checksum.algorithm.rawValue)
                text.element("ChecksumType", checksum.scope.rawValue)
            }
            text.element("Size", object.size)
            if withOwner { owner(&text) }
            text.element("StorageClass", object.storageClass)
        }
    }
}
