package import EmulatorCore
package import Time

/// An object store without objects.
package struct NoObjects: ObjectStore {
    package init() {}

    private static let noSuchKey = AWSFault("NoSuchKey", "The specified key does not exist.", status: 404)

    package func getObject(_ object: ObjectLocation) throws(AWSFault) -> (facts: ObjectFacts, contents: [UInt8]) {
        throw Self.noSuchKey
    }

    package func getObject(_ object: ObjectLocation, range: Range<Int>) throws(AWSFault) -> [UInt8] {
        throw Self.noSuchKey
    }

    package func copyObject(_ object: ObjectLocation, toFile path: String) throws(AWSFault) { throw Self.noSuchKey }

    package func headObject(_ object: ObjectLocation) throws(AWSFault) -> ObjectFacts { throw Self.noSuchKey }

    package func putObject(_ contents: [UInt8], to object: ObjectLocation) async throws(AWSFault) -> ObjectFacts {
        throw AWSFault("NoSuchBucket", "The specified bucket does not exist", status: 404)
    }

    package func deleteObject(_ object: ObjectLocation) async throws(AWSFault) {}

    package func listObjects(
        in bucket: String, prefix: String, after key: String, limit: Int
    ) throws(AWSFault) -> (objects: [ObjectFacts], isTruncated: Bool) {
        ([], false)
    }

    package func listBuckets() throws(AWSFault) -> [(name: String, createdAt: Timestamp)] { [] }
}
