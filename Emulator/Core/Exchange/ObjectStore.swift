package import Time

/// The properties of an object that S3 returns beside its bytes.
package struct ObjectFacts: Sendable {
    package var key: String
    /// In bytes.
    package var size: Int
    /// With its quotation marks.
    package var etag: String
    package var lastModified: Timestamp
    package var contentType: String
    package var storageClass: String
    /// The CRC-32 of all bytes in Base64, if S3 has it.
    package var crc32: String?
    /// Nil in a bucket without versioning.
    package var version: String?

    package init(
        key: String, size: Int, etag: String, lastModified: Timestamp, contentType: String, storageClass: String,
        crc32: String?, version: String?
    ) {
        self.key = key
        self.size = size
        self.etag = etag
        self.lastModified = lastModified
        self.contentType = contentType
        self.storageClass = storageClass
        self.crc32 = crc32
        self.version = version
    }
}

/// S3's operations on whole objects, below HTTP, for services of the same emulator.
///
/// Each throws ``AWSFault`` with S3's own code and message.
package protocol ObjectStore: Peer {
    func getObject(_ object: ObjectLocation) throws(AWSFault) -> (facts: ObjectFacts, contents: [UInt8])
    /// A range of the object's bytes, cut at its end.
    func getObject(_ object: ObjectLocation, range: Range<Int>) throws(AWSFault) -> [UInt8]
    /// Makes a file with the object's bytes, which nobody may write to: it may be the object's own.
    func copyObject(_ object: ObjectLocation, toFile path: String) throws(AWSFault)
    func headObject(_ object: ObjectLocation) throws(AWSFault) -> ObjectFacts
    /// Stores an object; durable, and announced to the bucket's event targets, when it returns.
    func putObject(_ contents: [UInt8], to object: ObjectLocation) async throws(AWSFault) -> ObjectFacts
    /// Stores an object like one in memory, piece by piece.
    func putObject(_ contents: RequestBody, to object: ObjectLocation) async throws(AWSFault) -> ObjectFacts
    /// Deletes an object or version. A missing object is not an error.
    func deleteObject(_ object: ObjectLocation) async throws(AWSFault)
    /// One page of at most 1,000 objects in key order.
    func listObjects(
        in bucket: String, prefix: String, after key: String, limit: Int
    ) throws(AWSFault) -> (objects: [ObjectFacts], isTruncated: Bool)
    /// Names and creation times, sorted by name.
    func listBuckets() throws(AWSFault) -> [(name: String, createdAt: Timestamp)]
}

extension ObjectStore {
    package func putObject(_ contents: RequestBody, to object: ObjectLocation) async throws(AWSFault) -> ObjectFacts {
        let bytes: [UInt8]
        do { bytes = try await contents.collect(upTo: .max) } catch { throw .internalFailure(error) }
        return try await putObject(bytes, to: object)
    }

    /// All objects under a prefix, in key order.
    package func allObjects(in bucket: String, prefix: String) throws(AWSFault) -> [ObjectFacts] {
        var objects: [ObjectFacts] = []
        while true {
            let page = try listObjects(in: bucket, prefix: prefix, after: objects.last?.key ?? "", limit: 1000)
            objects += page.objects
            guard page.isTruncated, !page.objects.isEmpty else { return objects }
        }
    }

    /// The whole object.
    /// - Throws: ``AWSFault`` with S3's own code, the object named.
    package func contents(of object: ObjectLocation) throws(AWSFault) -> [UInt8] {
        do throws(AWSFault) {
            return try getObject(object).contents
        } catch {
            throw AWSFault(
                error.code, "s3://\(object.bucket)/\(object.key): \(error.message)", status: error.status)
        }
    }
}
