internal import AWSClient
internal import AWSModels
internal import Control
internal import Time

/// The bronze files of the lake: which are there, and how an older version's is kept.
struct BronzeFiles {
    let objects: ObjectStore
    let bucket: String
    /// Called while a file is copied; an error that it throws ends the work.
    let checkpoint: () throws -> Void

    /// A file in bronze.
    struct Published {
        let eTag: String
        /// Which version wrote it; nil for a file from before files had that in their metadata.
        let version: VersionOrder?
    }

    func object(_ key: String) -> S3Object { S3Object(bucket: bucket, key: key) }

    /// The file under the key; nil if there is none.
    func published(_ key: String) throws(AWSError) -> Published? {
        let head: ObjectHead
        do throws(AWSError) {
            head = try objects.head(object(key))
        } catch {
            // Without the permission to list the bucket, S3 answers 403 where there is no object.
            guard error.isNotFound || error.code == "Forbidden" else { throw error }
            return nil
        }
        guard let eTag = head.eTag else {
            throw .unexpectedResponse(operation: "s3 HeadObject \(object(key))", reason: "the ETag is missing")
        }
        return Published(eTag: eTag, version: VersionOrder(head.metadata))
    }

    /// Copies a file out of its table's prefix, in pieces, whatever its size.
    /// - Returns: the key of the copy.
    func keep(_ key: String, eTag: String, of version: VersionOrder) throws -> String {
        let kept = SupersededKey(key, writtenBy: version.controlID).text
        let copy = ObjectSink(
            objects, object(kept), contentType: ObjectSink.parquet, metadata: version.metadata)
        do {
            let source = try objects.stream(object(key), ifMatch: eTag)
            var piece = [UInt8](repeating: 0, count: 1 << 18)
            while case let count = try piece.withUnsafeMutableBytes({ (bytes) throws in try source.read(into: bytes) }),
                count > 0
            {
                try piece[..<count].withUnsafeBytes { (bytes) throws in try copy.write(bytes) }
                try checkpoint()
            }
            _ = try copy.finish()
        } catch let error as AWSError where error.isPreconditionFailed {
            copy.abort()
            throw ConversionError.outputChanged("\(object(key))")
        } catch {
            copy.abort()
            throw error
        }
        return kept
    }
}
