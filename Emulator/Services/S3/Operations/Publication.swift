internal import EmulatorCore
internal import Time

/// An object to publish, with its event.
struct Publication: Sendable {
    var object: StoredObject
    var content: ObjectContent
    /// Such as `ObjectCreated:Put`.
    var event: String
    var conditions = WriteConditions()
    var requestID: String
}

/// The conditions of a write.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
struct WriteConditions: Sendable {
    /// `If-None-Match: *`: the key must not exist.
    var mustBeNew = false
    /// `If-Match`: the ETag that the object must have.
    var etag: String?

    init() {}

    init(_ headers: HTTPHeaders) throws(S3Fault) {
        if let value = headers["If-None-Match"] {
            guard value.unquoted == "*" else {
                throw .notEmulated("A write with an If-None-Match other than *")
            }
            mustBeNew = true
        }
        etag = headers["If-Match"].map(\.unquoted)
    }

    func check(_ latest: StoredObject?, key: String) throws(S3Fault) {
        let present = latest.flatMap { $0.isDeleteMarker ? nil : $0 }
        if mustBeNew, present != nil { throw .preconditionFailed("If-None-Match") }
        guard let etag else { return }
        guard let present else { throw .noSuchKey(key) }
        guard etag == "*" || etag == present.etag else { throw .preconditionFailed("If-Match") }
    }
}

extension String {
    /// The text without the quotation marks of an ETag.
    var unquoted: String {
        hasPrefix("\"") && hasSuffix("\"") && utf8.count >= 2 ? String(dropFirst().dropLast()) : self
    }
}

extension S3 {
    /// Makes an object visible. Its index entry, its inline bytes and its events become durable together.
    /// - Parameter first: checks and changes of the same transaction, which run first.
    /// - Returns: the stored object, and its bucket.
    func publish(
        _ publication: Publication, in bucketName: String,
        first: @escaping @Sendable (borrowing Transaction) throws -> Void = { _ in }
    ) async throws -> (object: StoredObject, bucket: Bucket) {
        let newVersion = clock.uuid().filter { $0 != "-" }
        let now = clock.now().milliseconds
        return try await store.write { [self] transaction in
            let bucket = try transaction.snapshot.bucket(bucketName)
            var object = publication.object
            try publication.conditions.check(
                try transaction.snapshot.latestObject(bucketName, object.key), key: object.key)
            object.version = bucket.versioning == .enabled ? newVersion : StoredObject.nullVersion
            object.modified = now
            try first(transaction)
            let replaced = try removeNullVersion(of: object.key, in: bucket, transaction)
            object.sequence = try transaction.insert(object, in: bucketName, publication.content)
            // A copy of an object onto itself keeps its files.
            let unused = try replaced.filter { try !transaction.snapshot.refers(to: $0) }
            let reclaimer = reclaimer
            transaction.afterCommit { reclaimer.reclaim(unused) }
            let event = ObjectEvent(
                name: publication.event, key: object.key, time: now, sequence: object.sequence,
                requestID: publication.requestID, size: object.isDeleteMarker ? nil : object.size, etag: object.etag,
                version: bucket.hasVersions ? object.version : nil)
            try announce(event, in: bucketName, transaction)
            return (object, bucket)
        }
    }

    /// Removes the version `null`, which a write replaces unless versioning is enabled.
    /// - Returns: the files of the replaced version.
    private func removeNullVersion(
        of key: String, in bucket: Bucket, _ transaction: borrowing Transaction
    ) throws -> [String] {
        guard bucket.versioning != .enabled,
            let replaced = try transaction.snapshot.object(bucket.name, key, version: StoredObject.nullVersion)
        else { return [] }
        return try transaction.remove(replaced, from: bucket.name)
    }
}
