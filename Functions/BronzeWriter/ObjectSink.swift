internal import AWSClient
internal import AWSModels
internal import Control

/// An S3 object that is being written: one put if it is small, else parts that are uploaded while later bytes are made.
final class ObjectSink: OutputSink {
    private let store: ObjectStore
    private let object: S3Object
    private let contentType: String
    private let metadata: [String: String]
    private let place: OutputPlace?
    private var pending: [UInt8] = []
    private var upload: MultipartUpload?
    private var parts: [UploadedPart] = []
    private var sizeInBytes = 0
    private let partSize: Int

    static let parquet = "application/vnd.apache.parquet"

    /// - Parameters:
    ///   - metadata: the object's user-defined metadata.
    ///   - place: checked just before the object appears; without one, the object replaces any other.
    ///   - partSize: S3 takes parts from 5 MiB, and at most 10,000: 80 GB of Parquet.
    init(
        _ store: ObjectStore, _ object: S3Object, contentType: String, metadata: [String: String] = [:],
        place: OutputPlace? = nil, partSize: Int = 8 << 20
    ) {
        self.partSize = partSize
        self.metadata = metadata
        self.place = place
        self.store = store
        self.object = object
        self.contentType = contentType
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        sizeInBytes += bytes.count
        pending.append(contentsOf: bytes)
        if pending.count >= partSize { try sendPart() }
    }

    func finish() throws -> StoredFile {
        let stored = try place.map { try publish(at: $0) } ?? publish(nil)
        return StoredFile(
            sizeInBytes: sizeInBytes, version: stored.versionID.map(ObjectVersion.versionID) ?? .eTag(stored.eTag))
    }

    /// Another worker may change the place at any moment, and a lost answer leaves this object there: then it is prepared
    /// again.
    private func publish(at place: OutputPlace) throws -> StoredObject {
        for attempt in 0..<3 {
            let condition = try place.prepare(isTaken: attempt > 0)
            do throws(AWSError) {
                return try publish(condition)
            } catch {
                // S3 answers 409 to a write during another one, and 404 if the file that must be there is gone.
                let refusals = ["ConditionalRequestConflict", "NoSuchKey"]
                guard error.isPreconditionFailed || refusals.contains(error.code ?? "") else { throw error }
                // What is left of the upload after a refusal is not documented.
                guard upload == nil else { break }
            }
        }
        throw ConversionError.outputChanged("\(object)")
    }

    private func publish(_ condition: ObjectStore.WriteCondition?) throws(AWSError) -> StoredObject {
        guard let upload else {
            return try store.put(
                pending, to: object, contentType: contentType, metadata: metadata, condition: condition)
        }
        if !pending.isEmpty { try sendPart() }
        let stored = try upload.complete(parts, condition: condition)
        self.upload = nil
        return stored
    }

    /// If even the abort fails, the bucket's lifecycle rule removes the parts.
    func abort() {
        try? upload?.abort()
        upload = nil
    }

    private func sendPart() throws(AWSError) {
        let upload =
            if let upload { upload } else {
                try store.startMultipartUpload(to: object, contentType: contentType, metadata: metadata)
            }
        self.upload = upload
        parts.append(try upload.upload(pending, asPart: parts.count + 1))
        pending.removeAll(keepingCapacity: true)
    }
}
