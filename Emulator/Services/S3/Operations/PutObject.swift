internal import EmulatorCore
internal import Digest

extension S3 {
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
    func putObject(_ request: S3Request, _ requestID: String) async throws -> HTTPResponse {
        _ = try store.read { snapshot in try snapshot.bucket(request.bucket) }
        guard
            request.body.length != nil || request.headers["x-amz-decoded-content-length"] != nil
                || request.headers["Transfer-Encoding"] != nil
        else {
            throw S3Fault("MissingContentLength", "You must provide the Content-Length HTTP header.", 411)
        }
        let conditions = try WriteConditions(request.headers)
        let headers = try ObjectHeaders(request.headers)
        let tags = try TagSet(header: request.headers["x-amz-tagging"])
        try await checkACL(request)
        // S3 computes this checksum if the client sends none.
        let payload = try await receive(request, checksum: .crc64nvme)
        let new = NewObject(key: request.key, headers: headers, tags: tags, conditions: conditions)
        let (stored, bucket) = try await put(new, payload, in: request.bucket, requestID: requestID)
        return Self.answer(
            200,
            [("ETag", stored.quotedETag)] + bucket.versionHeader(stored.version) + headers.encryption
                + Self.checksumHeaders(stored.checksum))
    }

    /// The properties of an object to put.
    struct NewObject: Sendable {
        var key: String
        var headers = ObjectHeaders()
        var tags = TagSet()
        var conditions = WriteConditions()
        var event = "ObjectCreated:Put"
    }

    /// Publishes a received payload as an object.
    func put(
        _ new: NewObject, _ payload: Payload, in bucket: String, requestID: String
    ) async throws -> (object: StoredObject, bucket: Bucket) {
        var object = StoredObject(
            key: new.key, version: "", size: payload.facts.size, etag: payload.facts.md5.hexadecimal, modified: 0)
        object.headers = new.headers
        object.tags = new.tags
        object.checksum = payload.facts.checksum
        let publication = Publication(
            object: object, content: payload.content, event: new.event, conditions: new.conditions,
            requestID: requestID)
        do {
            return try await publish(publication, in: bucket)
        } catch {
            reclaimer.reclaim(payload.files)
            throw error
        }
    }

    static func checksumHeaders(_ checksum: Checksum?) -> [(String, String)] {
        guard let checksum else { return [] }
        return [
            (checksum.algorithm.header, checksum.value), ("x-amz-checksum-type", checksum.scope.rawValue),
        ]
    }
}
