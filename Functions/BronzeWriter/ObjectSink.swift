internal import AWSClient
internal import AWSModels
internal import Control

/// An S3 object that is being written, in a place that others may want.
final class ObjectSink: OutputSink {
    private let upload: ObjectUpload
    private let place: OutputPlace?

    static let parquet = "application/vnd.apache.parquet"

    /// - Parameters:
    ///   - metadata: the object's user-defined metadata.
    ///   - place: checked just before the object appears; without one, the object replaces any other.
    ///   - partSize: in bytes; S3 takes parts from 5 MiB.
    init(
        _ store: ObjectStore, _ object: S3Object, contentType: String, metadata: [String: String] = [:],
        place: OutputPlace? = nil, partSize: Int = 8 << 20
    ) {
        upload = ObjectUpload(store, to: object, contentType: contentType, metadata: metadata, partSize: partSize)
        self.place = place
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws { try upload.write(bytes) }

    func finish() throws -> StoredFile {
        let stored = try place.map { try publish(at: $0) } ?? upload.finish()
        return StoredFile(
            sizeInBytes: upload.sizeInBytes,
            version: stored.versionID.map(ObjectVersion.versionID) ?? .eTag(stored.eTag))
    }

    /// Another worker may change the place at any moment, and a lost answer leaves this object there: then it is prepared
    /// again.
    private func publish(at place: OutputPlace) throws -> StoredObject {
        for attempt in 0..<3 {
            let condition = try place.prepare(isTaken: attempt > 0)
            do throws(AWSError) {
                return try upload.finish(condition)
            } catch {
                // S3 answers 409 to a write during another one, and 404 if the file that must be there is gone.
                let refusals = ["ConditionalRequestConflict", "NoSuchKey"]
                guard error.isPreconditionFailed || refusals.contains(error.code ?? "") else { throw error }
                guard !upload.isInParts else { break }
            }
        }
        throw ConversionError.outputChanged("\(upload.object)")
    }

    func abort() { upload.abort() }
}
