internal import AWSClient
public import AWSModels

extension LakeStorage {
    /// All objects below a location, such as `s3://lake/silver/beer/data/`, with their locations.
    public func list(below location: String) throws(LakeError) -> [(location: String, object: ListedObject)] {
        guard let prefix = Self.object(at: location) else { throw .answer("the location \(location) is not in S3") }
        do throws(AWSError) {
            return try objects.listAll(bucket: prefix.bucket, prefix: prefix.key).map {
                ("s3://\(prefix.bucket)/\($0.key)", $0)
            }
        } catch { throw .storage(location, error) }
    }

    /// Deletes an object; one that is gone already is no error.
    public func delete(_ location: String) throws(LakeError) {
        guard let object = Self.object(at: location) else { throw .answer("the location \(location) is not in S3") }
        do throws(AWSError) { try objects.delete(object) } catch { throw .storage(location, error) }
    }
}
