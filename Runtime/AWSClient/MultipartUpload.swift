public import AWSModels
internal import Digest
internal import XML

/// An upload of an object in parts. The object appears when the upload is completed.
///
/// Several threads may send parts, in any order. Each part but the last has at least 5 MiB.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>
public struct MultipartUpload: Sendable {
    public let object: S3Object
    public let uploadID: String
    private let store: ObjectStore

    init(_ store: ObjectStore, _ object: S3Object, uploadID: String) {
        self.store = store
        self.object = object
        self.uploadID = uploadID
    }

    /// Sends one part. A later part with the same number replaces it.
    public func upload(_ bytes: [UInt8], asPart number: Int) throws(AWSError) -> UploadedPart {
        let operation = "s3 UploadPart \(number) of \(object)"
        var request = try request(.put, [.init("partNumber", String(number)), uploadIDItem], operation)
        request.body = bytes
        let response = try store.client.call(request, service: "s3", operation: operation)
        let stored = try ObjectStore.stored(response, operation)
        return UploadedPart(number: number, eTag: stored.eTag)
    }

    /// Joins the parts into the object.
    /// - Throws: ``AWSError``; ``AWSError/isPreconditionFailed`` if `condition` does not hold.
    @discardableResult
    public func complete(
        _ parts: [UploadedPart], condition: ObjectStore.WriteCondition? = nil
    ) throws(AWSError) -> StoredObject {
        let operation = "s3 CompleteMultipartUpload \(object)"
        let ordered = parts.sorted { $0.number < $1.number }
        var request = try request(.post, [uploadIDItem], operation)
        request.headers["content-type"] = "application/xml"
        condition?.add(to: &request.headers)
        let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        let document = XMLWriter("CompleteMultipartUpload", namespace: namespace) { document in
            for part in ordered {
                document.element("Part") { entry in
                    entry.element("PartNumber", part.number)
                    entry.element("ETag", ObjectStore.quoted(part.eTag))
                }
            }
        }
        request.body = document.bytes
        let response: HTTPResponse
        do throws(AWSError) {
            response = try store.client.call(request, service: "s3", operation: operation, faultInBody: true)
        } catch {
            guard error.code == "NoSuchUpload", let done = try alreadyCompleted(ordered) else { throw error }
            return done
        }
        guard let eTag = (try? XMLElement(parsing: response.body))?["ETag"]?.text else {
            throw .unexpectedResponse(operation: operation, reason: "the ETag is missing")
        }
        return StoredObject(
            eTag: ObjectStore.unquoted(eTag), versionID: response.head.headers["x-amz-version-id"])
    }

    /// Aborts the upload and deletes its parts. A missing upload is not an error.
    public func abort() throws(AWSError) {
        let operation = "s3 AbortMultipartUpload \(object)"
        let request = try request(.delete, [uploadIDItem], operation)
        do throws(AWSError) {
            _ = try store.client.call(request, service: "s3", operation: operation)
        } catch {
            guard error.isNotFound else { throw error }
        }
    }

    /// The object, if an earlier attempt completed the upload and its response was lost. Then the upload is unknown,
    /// but the object has the entity tag of these parts.
    private func alreadyCompleted(_ parts: [UploadedPart]) throws(AWSError) -> StoredObject? {
        let head: ObjectHead
        do throws(AWSError) {
            head = try store.head(object)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
        guard let eTag = head.eTag, eTag == Self.eTag(of: parts) else { return nil }
        return StoredObject(eTag: eTag, versionID: head.versionID)
    }

    /// S3's entity tag of a multipart object: the MD5 of its parts' MD5s, and the number of parts.
    static func eTag(of parts: [UploadedPart]) -> String {
        var hashes: [UInt8] = []
        for part in parts {
            let digits = Array(part.eTag)
            for start in stride(from: 0, to: digits.count - 1, by: 2) {
                hashes.append(UInt8(String(digits[start...start + 1]), radix: 16) ?? 0)
            }
        }
        return "\(Digest.md5(hashes).hexadecimal)-\(parts.count)"
    }

    private var uploadIDItem: HTTPRequest.QueryItem { .init("uploadId", uploadID) }

    private func request(
        _ method: HTTPMethod, _ query: [HTTPRequest.QueryItem], _ operation: String
    ) throws(AWSError) -> HTTPRequest {
        try store.request(method, bucket: object.bucket, key: object.key, query: query, operation)
    }
}

extension ObjectStore {
    /// Starts an upload in parts; end it with ``MultipartUpload/complete(_:condition:)`` or ``MultipartUpload/abort()``.
    public func startMultipartUpload(
        to object: S3Object, contentType: String = "application/octet-stream", metadata: [String: String] = [:]
    ) throws(AWSError) -> MultipartUpload {
        let operation = "s3 CreateMultipartUpload \(object)"
        var request = try request(.post, bucket: object.bucket, key: object.key, query: [.init("uploads")], operation)
        request.headers["content-type"] = contentType
        Self.add(metadata, to: &request.headers)
        // A second upload would remain unnoticed and cost money.
        request.isRepeatable = false
        let response = try client.call(request, service: "s3", operation: operation)
        guard let uploadID = (try? XMLElement(parsing: response.body))?["UploadId"]?.text, !uploadID.isEmpty else {
            throw .unexpectedResponse(operation: operation, reason: "the UploadId is missing")
        }
        return MultipartUpload(self, object, uploadID: uploadID)
    }
}
