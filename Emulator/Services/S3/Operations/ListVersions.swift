internal import EmulatorCore
internal import Time
internal import XML

extension Snapshot {
    /// All versions and delete markers after `version` of `key`; newest first within a key.
    func versionPage(
        of bucket: String, _ request: ListingRequest, after key: String, version: String?
    ) throws -> ListingPage {
        var page = ListingPage()
        guard request.limit > 0 else { return page }
        var start: String? = request.prefix
        var resumed: Int64?
        if !key.isEmpty, !key.utf8.lexicographicallyPrecedes(request.prefix.utf8) {
            let passed = request.matches(key) ? request.commonPrefix(of: key) : nil
            start = passed.map { ListingRequest.end(ofPrefix: $0) } ?? ListingRequest.after(key)
            if let version, let object = try object(bucket, key, version: version) {
                start = key
                resumed = object.sequence
            }
        }
        while let from = start {
            start = nil
            try scanVersions(bucket, from: from) { object in
                let isListed = resumed.map { object.sequence >= $0 && object.key.utf8.elementsEqual(key.utf8) } ?? false
                return page.take(object, for: request, isSkipped: isListed, resumingAt: &start)
            }
        }
        return page
    }
}

extension S3 {
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>
    func listVersions(_ request: S3Request) throws -> HTTPResponse {
        let listing = try ListingRequest(request.query)
        let keyMarker = request.query["key-marker"] ?? ""
        let versionMarker = request.query["version-id-marker"]
        let page = try store.read { snapshot in
            _ = try snapshot.bucket(request.bucket)
            return try snapshot.versionPage(
                of: request.bucket, listing, after: keyMarker, version: versionMarker)
        }
        let document = XMLWriter(s3: "ListVersionsResult") { text in
            text.element("Name", request.bucket)
            listing.writeParameters(to: &text)
            text.element("KeyMarker", listing.encoded(keyMarker))
            text.element("VersionIdMarker", versionMarker ?? "")
            text.element("MaxKeys", listing.limit)
            text.element("IsTruncated", page.isTruncated)
            if page.isTruncated {
                text.element("NextKeyMarker", listing.encoded(page.last))
                if let last = page.objects.last, last.key.utf8.elementsEqual(page.last.utf8) {
                    text.element("NextVersionIdMarker", last.version)
                }
            }
            for object in page.objects { writeVersion(object, listing, to: &text) }
            listing.write(commonPrefixes: page.commonPrefixes, to: &text)
        }
        return Self.answer(document)
    }

    private func writeVersion(_ object: StoredObject, _ listing: ListingRequest, to text: inout XMLWriter) {
        text.element(object.isDeleteMarker ? "DeleteMarker" : "Version") { text in
            text.element("Key", listing.encoded(object.key))
            text.element("VersionId", object.version)
            text.element("IsLatest", object.isLatest)
            text.element("LastModified", object.lastModified.rfc3339)
            if !object.isDeleteMarker {
                text.element("ETag", object.quotedETag)
                if let checksum = object.checksum {
                    text.element("ChecksumAlgorithm", checksum.algorithm.rawValue)
                    text.element("ChecksumType", checksum.scope.rawValue)
                }
                text.element("Size", object.size)
                text.element("StorageClass", object.storageClass)
            }
            owner(&text)
        }
    }
}
