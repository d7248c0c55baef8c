internal import AWSClient
internal import AWSModels

/// A file of a table that is being written. It appears when it is finished, under a name that no other attempt has.
public final class LakeFileWriter {
    public let location: String
    private let upload: ObjectUpload

    /// - Parameter location: `s3://bucket/key`.
    public init(_ storage: LakeStorage, to location: String) throws(LakeError) {
        guard let object = LakeStorage.object(at: location) else {
            throw .answer("the location \(location) is not in S3")
        }
        self.location = location
        upload = ObjectUpload(storage.objects, to: object, contentType: "application/vnd.apache.parquet")
    }

    public var sizeInBytes: Int { upload.sizeInBytes }

    public func write(_ bytes: UnsafeRawBufferPointer) throws(LakeError) {
        do throws(AWSError) { try upload.write(bytes) } catch { throw .storage(location, error) }
    }

    public func finish() throws(LakeError) {
        do throws(AWSError) { try upload.finish() } catch { throw .storage(location, error) }
    }

    public func abort() { upload.abort() }
}
