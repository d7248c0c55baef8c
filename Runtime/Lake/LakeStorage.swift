public import AWSClient
public import AWSModels

/// The files of tables, by their locations `s3://bucket/key`.
public struct LakeStorage: Sendable {
    public let objects: ObjectStore

    public init(_ objects: ObjectStore) { self.objects = objects }

    /// The object at a location; `s3a://` and `s3n://` are older names of the same.
    public static func object(at location: String) -> S3Object? {
        let parts = location.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, ["s3:", "s3a:", "s3n:"].contains(parts[0]), parts[1].isEmpty, !parts[3].isEmpty else {
            return nil
        }
        return S3Object(bucket: String(parts[2]), key: String(parts[3]))
    }

    /// A location as objects are listed, by which locations are compared: other engines write `s3a://` and `s3n://` for the same.
    public static func canonical(_ location: String) -> String {
        object(at: location).map { "s3://\($0.bucket)/\($0.key)" } ?? location
    }

    public func read(_ location: String) throws(LakeError) -> [UInt8] {
        guard let object = Self.object(at: location) else { throw .answer("the location \(location) is not in S3") }
        do throws(AWSError) { return try objects.get(object).bytes } catch { throw .storage(location, error) }
    }

    public func write(_ bytes: [UInt8], to location: String, contentType: String) throws(LakeError) {
        guard let object = Self.object(at: location) else { throw .answer("the location \(location) is not in S3") }
        do throws(AWSError) {
            _ = try objects.put(bytes, to: object, contentType: contentType)
        } catch {
            throw .storage(location, error)
        }
    }
}
