internal import EmulatorCore
internal import Time
internal import XML

/// The result of a deletion.
struct Deletion: Sendable {
    /// The deleted version, or the version of the new delete marker; nil in a bucket without versioning.
    var version: String?
    /// Whether a delete marker was created or deleted.
    var isDeleteMarker = false
}

extension S3 {
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>
    func deleteObject(_ request: S3Request, _ requestID: String) async throws -> HTTPResponse {
        let target = DeletionTarget(
            key: request.key, version: request.query["versionId"], etag: request.headers["If-Match"]?.unquoted)
        let deletion = try await delete(target, in: request.bucket, requestID: requestID)
        var headers: [(String, String)] = []
        if let version = deletion.version { headers.append(("x-amz-version-id", version)) }
        if deletion.isDeleteMarker { headers.append(("x-amz-delete-marker", "true")) }
        return Self.answer(204, headers)
    }

    func delete(_ target: DeletionTarget, in bucket: String, requestID: String) async throws -> Deletion {
        let markerVersion = clock.uuid().filter { $0 != "-" }
        return try await store.write(freesSpace: true) { [self] transaction in
            try delete(target, in: bucket, markerVersion, requestID, transaction)
        }
    }

    struct DeletionTarget: Sendable {
        var key: String
        var version: String?
        /// If set, only an object with this ETag is deleted.
        var etag: String?
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
    func deleteObjects(_ request: S3Request) async throws -> HTTPResponse {
        let document = try await request.document()
        let targets = document.all("Object").map { object in
            (
                DeletionTarget(
                    key: object["Key"]?.text ?? "", version: object["VersionId"]?.text,
                    etag: object["ETag"]?.text.unquoted),
                clock.uuid().filter { $0 != "-" }
            )
        }
        guard document.name == "Delete", (1...1000).contains(targets.count), targets.allSatisfy({ !$0.0.key.isEmpty })
        else { throw S3Fault.malformedXML }
        let requestID = clock.uuid()
        let results = try await store.write(freesSpace: true) { [self] transaction in
            _ = try transaction.snapshot.bucket(request.bucket)
            return try targets.map { target, markerVersion -> Result<Deletion, S3Fault> in
                do {
                    return .success(try delete(target, in: request.bucket, markerVersion, requestID, transaction))
                } catch let fault as S3Fault {
                    return .failure(fault)
                }
            }
        }
        let isQuiet = document["Quiet"]?.text == "true"
        return Self.answer(
            XMLWriter(s3: "DeleteResult") { text in
                for ((target, _), result) in zip(targets, results) { Self.write(target, result, isQuiet, to: &text) }
            })
    }

    private static func write(
        _ target: DeletionTarget, _ result: Result<Deletion, S3Fault>, _ isQuiet: Bool, to text: inout XMLWriter
    ) {
        switch result {
        case .success(let deletion):
            guard !isQuiet else { return }
            text.element("Deleted") { text in
                text.element("Key", target.key)
                text.element("VersionId", ifPresent: target.version)
                if deletion.isDeleteMarker {
                    text.element("DeleteMarker", true)
                    text.element("DeleteMarkerVersionId", ifPresent: deletion.version)
                }
            }
        case .failure(let fault):
            text.element("Error") { text in
                text.element("Key", target.key)
                text.element("VersionId", ifPresent: target.version)
                text.element("Code", fault.code)
                text.element("Message", fault.message)
            }
        }
    }

    /// Deletes a version or adds a delete marker. Throws before any change.
    private func delete(
        _ target: DeletionTarget, in bucketName: String, _ markerVersion: String, _ requestID: String,
        _ transaction: borrowing Transaction
    ) throws -> Deletion {
        let bucket = try transaction.snapshot.bucket(bucketName)
        let latest = try transaction.snapshot.latestObject(bucketName, target.key)
        if let etag = target.etag {
            let present = latest.flatMap { $0.isDeleteMarker ? nil : $0 }
            guard let present else { throw S3Fault.noSuchKey(target.key) }
            guard etag == "*" || etag == present.etag else { throw S3Fault.preconditionFailed("If-Match") }
        }
        var event = ObjectEvent(
            name: "ObjectRemoved:Delete", key: target.key, time: clock.now().milliseconds, sequence: 0,
            requestID: requestID)
        if let version = target.version {
            event.version = bucket.hasVersions ? version : nil
            return try deleteVersion(version, of: target.key, in: bucket, event, transaction)
        }
        guard bucket.hasVersions else {
            if latest != nil {
                _ = try deleteVersion(StoredObject.nullVersion, of: target.key, in: bucket, event, transaction)
            }
            return Deletion()
        }
        var marker = StoredObject(key: target.key, version: markerVersion, size: 0, etag: "", modified: event.time)
        marker.isDeleteMarker = true
        if bucket.versioning == .suspended {
            marker.version = StoredObject.nullVersion
            if let replaced = try transaction.snapshot.object(bucketName, target.key, version: marker.version) {
                try discard(replaced, in: bucketName, transaction)
            }
        }
        event.sequence = try transaction.insert(marker, in: bucketName, .files([]))
        event.name = "ObjectRemoved:DeleteMarkerCreated"
        event.version = marker.version
        event.etag = Self.emptyMD5
        try announce(event, in: bucketName, transaction)
        return Deletion(version: marker.version, isDeleteMarker: true)
    }

    private static let emptyMD5 = "d41d8cd98f00b204e9800998ecf8427e"

    private func deleteVersion(
        _ version: String, of key: String, in bucket: Bucket, _ event: ObjectEvent, _ transaction: borrowing Transaction
    ) throws -> Deletion {
        let told = bucket.hasVersions ? version : nil
        guard let object = try transaction.snapshot.object(bucket.name, key, version: version) else {
            return Deletion(version: told)
        }
        try discard(object, in: bucket.name, transaction)
        var event = event
        event.sequence = try transaction.nextObjectSequence()
        try announce(event, in: bucket.name, transaction)
        return Deletion(version: told, isDeleteMarker: object.isDeleteMarker)
    }

    private func discard(_ object: StoredObject, in bucket: String, _ transaction: borrowing Transaction) throws {
        let unused = try transaction.remove(object, from: bucket)
        let reclaimer = reclaimer
        transaction.afterCommit { reclaimer.reclaim(unused) }
    }
}
