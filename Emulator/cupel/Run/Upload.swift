internal import AWSClient
internal import AWSModels
internal import Control

/// Puts local files into the stage bucket.
enum Upload {
    /// A file up to this size is uploaded in one request, a larger one in parts of this size. An upload holds one part
    /// in memory.
    static let partSizeInBytes = 16 << 20

    /// - Returns: the ID of the control record that the object will have.
    static func put(_ file: RawFile, into pipeline: Pipeline) throws(CommandFailure) -> ControlID {
        var reader = try FileReader(path: file.path)
        let object = S3Object(bucket: pipeline.stageBucket, key: file.key)
        let store = ObjectStore(pipeline.client)
        let stored: StoredObject
        if file.sizeInBytes <= partSizeInBytes {
            let bytes = try reader.next(file.sizeInBytes)
            do throws(AWSError) { stored = try store.put(bytes, to: object, contentType: contentType) } catch {
                throw pipeline.failure(error)
            }
        } else {
            stored = try putInParts(&reader, object, store, pipeline)
        }
        return ControlID(
            bucket: object.bucket, key: object.key, version: stored.versionID ?? stored.eTag, schema: .bronze)
    }

    private static let contentType = "application/gzip"

    private static func putInParts(
        _ reader: inout FileReader, _ object: S3Object, _ store: ObjectStore, _ pipeline: Pipeline
    ) throws(CommandFailure) -> StoredObject {
        let upload: MultipartUpload
        do throws(AWSError) {
            upload = try store.startMultipartUpload(to: object, contentType: contentType)
        } catch { throw pipeline.failure(error) }
        do throws(CommandFailure) {
            var parts: [UploadedPart] = []
            while true {
                let bytes = try reader.next(partSizeInBytes)
                if bytes.isEmpty { break }
                do throws(AWSError) { parts.append(try upload.upload(bytes, asPart: parts.count + 1)) } catch {
                    throw pipeline.failure(error)
                }
            }
            do throws(AWSError) { return try upload.complete(parts) } catch { throw pipeline.failure(error) }
        } catch {
            // If the abort fails too, the bucket's lifecycle rule removes the parts.
            try? upload.abort()
            throw error
        }
    }
}
