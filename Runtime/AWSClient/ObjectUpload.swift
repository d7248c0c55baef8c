public import AWSModels

/// An object that is being written piece by piece: one put if it is small, else parts, so that only one is in memory.
///
/// The object appears when it is finished.
public final class ObjectUpload {
    public let object: S3Object
    public private(set) var sizeInBytes = 0
    private let store: ObjectStore
    private let contentType: String
    private let metadata: [String: String]
    private let partSize: Int
    private var pending: [UInt8] = []
    private var upload: MultipartUpload?
    private var parts: [UploadedPart] = []

    /// - Parameters:
    ///   - metadata: the object's user-defined metadata.
    ///   - partSize: in bytes. S3 takes parts from 5 MiB, and at most 10,000: 80 GB.
    public init(
        _ store: ObjectStore, to object: S3Object, contentType: String, metadata: [String: String] = [:],
        partSize: Int = 8 << 20
    ) {
        self.store = store
        self.object = object
        self.contentType = contentType
        self.metadata = metadata
        self.partSize = partSize
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws(AWSError) {
        sizeInBytes += bytes.count
        pending.append(contentsOf: bytes)
        if pending.count >= partSize { try sendPart() }
    }

    /// Whether parts have been sent: what is left of an upload whose completion was refused is not documented.
    public var isInParts: Bool { upload != nil }

    /// - Throws: ``AWSError``; ``AWSError/isPreconditionFailed`` if `condition` does not hold. An object that was not sent in
    ///   parts can then be finished again.
    @discardableResult
    public func finish(_ condition: ObjectStore.WriteCondition? = nil) throws(AWSError) -> StoredObject {
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
    public func abort() {
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
