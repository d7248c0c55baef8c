internal import EmulatorCore
internal import Time

/// An object about to become visible, and the event that will tell of it.
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
    /// `If-None-Match: *`: nothing may be there.
    var mustBeNew = false
    /// `If-Match`: the ETag that must be there.
    var etag: String?

    init() {}

    init(_ headers: HTTPHeaders) throws(S3Fault) {
        if let value = headers["If-None-Match"] {
            guard value.unquoted == "*" else {
                throw .notEmulated("A write on If-None-Match with anything but *")
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
    /// The text without the quotation marks that an ETag comes in.
    var unquoted: String {
        hasPrefix("\"") && hasSuffix("\"") && utf8.count >= 2 ? String(dropFirst().dropLast()) : self
    }
}

extension S3 {
    /// Makes an object visible: index, bytes that are not in files, and events, durable together.
    /// - Parameter first: checks and changes that belong to it, before its own.
    /// - Returns: the object as stored, the bucket that it is in.
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
            // A copy of an object to itself keeps its files.
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

    /// Unless versioning is enabled, what is written replaces the version `null`.
    /// - Returns: the files of what was replaced.
    private func removeNullVersion(
        of key: String, in bucket: Bucket, _ transaction: borrowing Transaction
    ) throws -> [String] {
        guard bucket.versioning != .enabled,
            let replaced = try transaction.snapshot.object(bucket.name, key, version: StoredObject.nullVersion)
        else { return [] }
        return try transaction.remove(replaced, from: bucket.name)
    }
}
