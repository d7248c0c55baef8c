internal import Digest
internal import EmulatorCore
internal import JSON
internal import Threads
internal import Time
internal import URLCoding
internal import XML

/// The source of a copy: `bucket/key?versionId=…`, percent-encoded, with an optional leading slash.
struct CopySource: Sendable {
    let bucket: String
    let key: String
    let version: String?

    init(_ header: String) throws(S3Fault) {
        let fault = S3Fault.argument("x-amz-copy-source", header, "Invalid copy source object key")
        let halves = header.split(separator: "?", maxSplits: 1)
        guard var path = halves.first else { throw fault }
        if path.hasPrefix("/") { path = path.dropFirst() }
        guard let decoded = String(percentDecoding: String(path)), let slash = decoded.firstIndex(of: "/") else {
            throw fault
        }
        bucket = String(decoded[..<slash])
        key = String(decoded[slash...].dropFirst())
        guard !bucket.isEmpty, !key.isEmpty else { throw fault }
        version = halves.count > 1 ? try S3Query(String(halves[1]))["versionId"] : nil
    }
}

extension S3 {
    /// Large objects share their files, so a copy writes rows but no bytes.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
    func copyObject(_ request: S3Request, _ requestID: String) async throws -> HTTPResponse {
        let source = try CopySource(request.headers["x-amz-copy-source"] ?? "")
        try await checkACL(request)
        let reading = reclaimer.enter()
        let (located, content) = try self.source(source, request)
        let replaces = request.headers["x-amz-metadata-directive"]?.uppercased() == "REPLACE"
        let isSame = source.bucket == request.bucket && source.key.utf8.elementsEqual(request.key.utf8)
        let changes = ["x-amz-storage-class", "x-amz-server-side-encryption", "x-amz-website-redirect-location"]
        if isSame, source.version == nil, !replaces, changes.allSatisfy({ request.headers[$0] == nil }) {
            throw S3Fault.invalidRequest(
                "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."
            )
        }
        var object = located.object
        object.key = request.key
        object.isLatest = true
        object.headers =
            replaces
            ? try ObjectHeaders(request.headers) : object.headers.copied(with: try ObjectHeaders(request.headers))
        if request.headers["x-amz-tagging-directive"]?.uppercased() == "REPLACE" {
            object.tags = try TagSet(header: request.headers["x-amz-tagging"])
        }
        let wanted = request.headers["x-amz-checksum-algorithm"].flatMap {
            ChecksumAlgorithm(rawValue: $0.uppercased())
        }
        let isWhole = object.checksum?.scope == .fullObject
        // The ETag and checksum of a multipart object depend on its parts, but the copy has only one part.
        if object.partCount > 0 || wanted != nil && (object.checksum?.algorithm != wanted || !isWhole) {
            let (md5, checksum) = try await digests(of: content, wanted ?? object.checksum?.algorithm)
            object.etag = md5
            object.checksum = checksum
            object.partCount = 0
        }
        let publication = Publication(
            object: object, content: content, event: "ObjectCreated:Copy",
            conditions: try WriteConditions(request.headers), requestID: requestID)
        let (stored, bucket) = try await publish(publication, in: request.bucket) { transaction in
            // A file that was deleted meanwhile cannot be shared.
            guard case .files(let segments) = content else { return }
            let exists = try segments.allSatisfy { segment in try transaction.snapshot.refers(to: segment.file) }
            guard exists else { throw S3Fault.noSuchKey(source.key) }
        }
        withExtendedLifetime(reading) {}
        let document = XMLWriter(s3: "CopyObjectResult") { text in
            text.element("LastModified", stored.lastModified.rfc3339)
            text.element("ETag", stored.quotedETag)
            if let checksum = stored.checksum {
                text.element(checksum.algorithm.element, checksum.value)
                text.element("ChecksumType", checksum.scope.rawValue)
            }
        }
        return Self.answer(
            document,
            located.sourceVersionHeader
                + bucket.versionHeader(stored.version) + stored.headers.encryption)
    }

    private func source(_ source: CopySource, _ request: S3Request) throws -> (Located, ObjectContent) {
        let (located, content) = try store.read { snapshot in
            _ = try snapshot.bucket(request.bucket)
            let located = try locate(source.bucket, source.key, source.version, snapshot)
            return (located, try snapshot.content(of: located.object))
        }
        do throws(S3Fault) {
            try ReadConditions(request.headers, prefix: "x-amz-copy-source-").check(located.object)
        } catch {
            // A copy is a write, so an unmodified source is a failed condition too.
            throw S3Fault.preconditionFailed(
                error.status == 304 ? "x-amz-copy-source-If-Modified-Since" : "x-amz-copy-source-If-Match")
        }
        return (located, content)
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html>
    func uploadPartCopy(_ request: S3Request) async throws -> HTTPResponse {
        let (upload, number) = try uploadAndPart(request)
        let source = try CopySource(request.headers["x-amz-copy-source"] ?? "")
        let reading = reclaimer.enter()
        let (located, content) = try self.source(source, request)
        var range = 0..<located.object.size
        if let header = request.headers["x-amz-copy-source-range"] {
            guard case .between(let first, let last)? = ByteRange(header) else {
                throw S3Fault.argument(
                    "x-amz-copy-source-range", header,
                    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy"
                )
            }
            guard last < located.object.size else {
                throw S3Fault.argument(
                    "x-amz-copy-source-range", header,
                    "Range specified is not valid for source object of size: \(located.object.size)")
            }
            range = first..<last + 1
        }
        let draft = try files.create()
        let (md5, checksum) = try await copy(range, of: content, to: draft, upload.algorithm)
        try await draft.finish()
        let payload = Payload(
            content: .files([ObjectContent.Segment(file: draft.name, size: range.count)]),
            facts: PayloadVerifier.Result(size: range.count, md5: md5, checksum: checksum))
        let etag = try await keep(payload, as: number, of: upload, request)
        withExtendedLifetime(reading) {}
        let document = XMLWriter(s3: "CopyPartResult") { text in
            text.element("LastModified", clock.now().rfc3339)
            text.element("ETag", etag.quoted)
            if let checksum { text.element(checksum.algorithm.element, checksum.value) }
        }
        return Self.answer(
            document,
            located.sourceVersionHeader)
    }

    private func digests(
        of content: ObjectContent, _ algorithm: ChecksumAlgorithm?
    ) async throws -> (md5: String, checksum: Checksum?) {
        let (md5, checksum) = try await copy(nil, of: content, to: nil, algorithm)
        return (md5.hexadecimal, checksum)
    }

    /// Reads a range of `content`, on a thread of its own, and writes it to `draft` if there is one.
    private func copy(
        _ range: Range<Int>?, of content: ObjectContent, to draft: FileDraft?, _ algorithm: ChecksumAlgorithm?
    ) async throws -> (md5: [UInt8], checksum: Checksum?) {
        let files = files
        return try await SystemThread.run {
            var md5 = Digest(.md5)
            var running: RunningChecksum? = nil
            if let algorithm { running = RunningChecksum(algorithm) }
            try content.read(range, files) { piece in
                md5.update(piece)
                running?.update(piece)
                try draft?.append(piece)
            }
            guard let algorithm, let whole = running.take() else { return (md5.finish(), nil) }
            return (md5.finish(), Checksum(algorithm: algorithm, value: whole.finish().base64))
        }
    }
}

extension S3.Located {
    fileprivate var sourceVersionHeader: [(String, String)] {
        bucket.hasVersions ? [("x-amz-copy-source-version-id", object.version)] : []
    }
}
