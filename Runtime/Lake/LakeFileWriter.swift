internal import AWSClient
internal import AWSModels

/// A file of a table that is being written: one put if it is small, else parts.
///
/// The object appears when it is finished, under a name that no other attempt has.
public final class LakeFileWriter {
    public let location: String
    public private(set) var sizeInBytes = 0
    private let storage: LakeStorage
    private let object: S3Object
    private var pending: [UInt8] = []
    private var upload: MultipartUpload?
    private var parts: [UploadedPart] = []

    private static let contentType = "application/vnd.apache.parquet"
    private static let partSize = 8 << 20

    /// - Parameter location: `s3://bucket/key`.
    public init(_ storage: LakeStorage, to location: String) throws(LakeError) {
        guard let object = LakeStorage.object(at: location) else {
            throw .answer("the location \(location) is not in S3")
        }
        self.storage = storage
        self.object = object
        self.location = location
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws(LakeError) {
        sizeInBytes += bytes.count
        pending.append(contentsOf: bytes)
        if pending.count >= Self.partSize { try stored { () throws(AWSError) in try self.sendPart() } }
    }

    public func finish() throws(LakeError) {
        try stored { () throws(AWSError) in
            guard let upload = self.upload else {
                _ = try self.storage.objects.put(self.pending, to: self.object, contentType: Self.contentType)
                return
            }
            if !self.pending.isEmpty { try self.sendPart() }
            _ = try upload.complete(self.parts)
            self.upload = nil
        }
    }

    /// If even the abort fails, the bucket's lifecycle rule removes the parts.
    public func abort() {
        try? upload?.abort()
        upload = nil
    }

    private func stored(_ body: () throws(AWSError) -> Void) throws(LakeError) {
        do throws(AWSError) { try body() } catch { throw .storage(location, error) }
    }

    private func sendPart() throws(AWSError) {
        let upload =
            if let upload { upload } else {
                try storage.objects.startMultipartUpload(to: object, contentType: Self.contentType)
            }
        self.upload = upload
        parts.append(try upload.upload(pending, asPart: parts.count + 1))
        pending.removeAll(keepingCapacity: true)
    }
}
