internal import EmulatorCore
internal import Time
internal import XML

extension S3 {
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html>
    func listParts(_ request: S3Request) throws -> HTTPResponse {
        let id = request.query["uploadId"] ?? ""
        let limit = min(try request.query.count("max-parts") ?? 1000, 1000)
        let marker = try request.query.count("part-number-marker") ?? 0
        let (upload, parts) = try store.read { snapshot in
            (try snapshot.upload(id, request.bucket, request.key), try snapshot.parts(of: id))
        }
        let rest = parts.filter { $0.number > marker }
        let page = rest.prefix(limit)
        let document = XMLWriter(s3: "ListPartsResult") { text in
            text.element("Bucket", request.bucket)
            text.element("Key", request.key)
            text.element("UploadId", id)
            owner(&text, as: "Initiator")
            owner(&text)
            text.element("StorageClass", upload.headers["x-amz-storage-class"] ?? "STANDARD")
            if let algorithm = upload.algorithm, !upload.isDefault {
                text.element("ChecksumAlgorithm", algorithm.rawValue)
                text.element("ChecksumType", upload.scope.rawValue)
            }
            text.element("PartNumberMarker", marker)
            text.element("NextPartNumberMarker", page.last?.number ?? 0)
            text.element("MaxParts", limit)
            text.element("IsTruncated", page.count < rest.count)
            for part in page {
                text.element("Part") { text in
                    text.element("PartNumber", part.number)
                    text.element("LastModified", Timestamp(milliseconds: part.modified).rfc3339)
                    text.element("ETag", part.etag.quoted)
                    text.element("Size", part.size)
                    if let algorithm = upload.algorithm, !upload.isDefault {
                        text.element(algorithm.element, ifPresent: part.checksum)
                    }
                }
            }
        }
        return Self.answer(document)
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
    func listUploads(_ request: S3Request) throws -> HTTPResponse {
        let listing = try ListingRequest(request.query, limit: "max-uploads")
        let keyMarker = request.query["key-marker"] ?? ""
        let idMarker = request.query["upload-id-marker"] ?? ""
        let all = try store.read { snapshot in
            _ = try snapshot.bucket(request.bucket)
            // Uploads of the same key are listed in the order of their start.
            return try snapshot.all(
                """
                SELECT \(MultipartUpload.columns) FROM s3_upload WHERE bucket = ? AND key >= ?
                ORDER BY key, started_at, id
                """, .text(request.bucket), .text(keyMarker)
            ) { MultipartUpload($0) }
        }
        let page = UploadPage(all, listing, keyMarker: keyMarker, idMarker: idMarker)
        let document = XMLWriter(s3: "ListMultipartUploadsResult") { text in
            text.element("Bucket", request.bucket)
            text.element("KeyMarker", listing.encoded(keyMarker))
            text.element("UploadIdMarker", idMarker)
            if page.isTruncated {
                text.element("NextKeyMarker", listing.encoded(page.uploads.last?.key ?? page.commonPrefixes.last ?? ""))
                text.element("NextUploadIdMarker", page.uploads.last?.id ?? "")
            }
            listing.writeParameters(to: &text)
            text.element("MaxUploads", listing.limit)
            text.element("IsTruncated", page.isTruncated)
            for upload in page.uploads {
                text.element("Upload") { text in
                    text.element("Key", listing.encoded(upload.key))
                    text.element("UploadId", upload.id)
                    owner(&text, as: "Initiator")
                    owner(&text)
                    text.element("StorageClass", upload.headers["x-amz-storage-class"] ?? "STANDARD")
                    text.element("Initiated", Timestamp(milliseconds: upload.startedAt).rfc3339)
                    if let algorithm = upload.algorithm, !upload.isDefault {
                        text.element("ChecksumAlgorithm", algorithm.rawValue)
                        text.element("ChecksumType", upload.scope.rawValue)
                    }
                }
            }
            listing.write(commonPrefixes: page.commonPrefixes, to: &text)
        }
        return Self.answer(document)
    }
}

/// A page of a listing of uploads.
private struct UploadPage {
    var uploads: [MultipartUpload] = []
    var commonPrefixes: [String] = []
    var isTruncated = false

    /// - Parameter all: the uploads from the key marker on, in order.
    init(_ all: [MultipartUpload], _ listing: ListingRequest, keyMarker: String, idMarker: String) {
        var rest = all[...]
        if !keyMarker.isEmpty {
            let ofMarker = rest.prefix { $0.key.utf8.elementsEqual(keyMarker.utf8) }
            let passed = idMarker.isEmpty ? nil : ofMarker.firstIndex { $0.id == idMarker }
            rest = rest.dropFirst(passed.map { $0 - ofMarker.startIndex + 1 } ?? ofMarker.count)
        }
        for upload in rest where listing.matches(upload.key) {
            let common = listing.commonPrefix(of: upload.key)
            if let common {
                if commonPrefixes.last.map({ $0.utf8.elementsEqual(common.utf8) }) == true { continue }
                if common.utf8.elementsEqual(keyMarker.utf8) { continue }
            }
            guard uploads.count + commonPrefixes.count < listing.limit else {
                isTruncated = true
                return
            }
            if let common { commonPrefixes.append(common) } else { uploads.append(upload) }
        }
    }
}
