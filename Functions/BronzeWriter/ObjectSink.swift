internal import AWSClient
internal import AWSModels
internal import Control

/// An S3 object that is being written: one put if it is small, else parts that are uploaded while later bytes are made.
final class ObjectSink: OutputSink {
    private let store: ObjectStore
    private let object: S3Object
    private let contentType: String
    private var pending: [UInt8] = []
    private var upload: MultipartUpload?
    private var parts: [UploadedPart] = []
    private var sizeInBytes = 0
    private let partSize: Int

    /// - Parameter partSize: S3 takes parts from 5 MiB, and at most 10,000: 80 GB of Parquet.
    init(_ store: ObjectStore, _ object: S3Object, contentType: String, partSize: Int = 8 << 20) {
        self.partSize = partSize
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
        let stored: StoredObject
        if let upload {
            if !pending.isEmpty { try sendPart() }
            stored = try upload.complete(parts)
            self.upload = nil
        } else {
            stored = try store.put(pending, to: object, contentType: contentType)
        }
        return StoredFile(
            sizeInBytes: sizeInBytes, version: stored.versionID.map(ObjectVersion.versionID) ?? .eTag(stored.eTag))
    }

    /// If even the abort fails, the bucket's lifecycle rule removes the parts.
    func abort() {
        try? upload?.abort()
        upload = nil
    }

    private func sendPart() throws {
        let upload =
            if let upload { upload } else { try store.startMultipartUpload(to: object, contentType: contentType) }
        self.upload = upload
        parts.append(try upload.upload(pending, asPart: parts.count + 1))
        pending.removeAll(keepingCapacity: true)
    }
}
