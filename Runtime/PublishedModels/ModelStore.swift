public import AWSClient
public import AWSModels
internal import Digest
internal import JSON
public import Publication

/// The objects of published models in one bucket.
public struct ModelStore: Sendable {
    public let bucket: String
    public let objects: ObjectStore

    public init(bucket: String, objects: ObjectStore) {
        self.bucket = bucket
        self.objects = objects
    }

    /// The index in force.
    public var index: S3Object { S3Object(bucket: bucket, key: "models/current.json") }

    /// The texts of a model.
    public func object(hash: String) -> S3Object { S3Object(bucket: bucket, key: "models/texts/\(hash).json") }

    public struct Stored: Sendable, Hashable {
        public let index: ModelIndex
        /// Nil if nothing was published yet.
        public let eTag: String?
    }

    /// The index, unless it still has the entity tag `eTag`.
    public func index(since eTag: String? = nil) throws(PublishedModelError) -> Stored? {
        let read: (head: ObjectHead, bytes: [UInt8])?
        do throws(AWSError) { read = try objects.getIfChanged(index, since: eTag) } catch {
            guard error.code == "NoSuchKey" else { throw .aws(error) }
            return Stored(index: ModelIndex(), eTag: nil)
        }
        guard let read else { return nil }
        return Stored(index: try ModelIndex(parsing: read.bytes, at: "\(index)"), eTag: read.head.eTag)
    }

    public func texts(hash: String) throws(PublishedModelError) -> ModelTexts {
        let object = object(hash: hash)
        let bytes: [UInt8]
        do throws(AWSError) { bytes = try objects.get(object).bytes } catch {
            guard error.isNotFound || error.isForbidden else { throw .aws(error) }
            throw .unreadable(place: "\(object)", reason: "the published model is missing (\(error))")
        }
        guard Digest.sha256(bytes).hexadecimal == hash, let texts = (try? JSON(parsing: bytes)).flatMap(ModelTexts.init)
        else { throw .unreadable(place: "\(object)", reason: "the model has changed since it was published") }
        return texts
    }

    /// Writes texts, then replaces the index, if it is still the one that was read.
    /// - Returns: whether it was. If not, nothing is in force that was not.
    public func publish(
        _ texts: [ModelTexts], index next: ModelIndex, replacing stored: Stored
    ) throws(PublishedModelError) -> Bool {
        do throws(AWSError) {
            for texts in texts {
                try objects.put(texts.bytes, to: object(hash: texts.hash), contentType: "application/json")
            }
            try objects.put(
                next.bytes, to: index, contentType: "application/json",
                condition: stored.eTag.map { .eTag($0) } ?? .absent)
            return true
        } catch  where error.isPreconditionFailed {
            return false
        } catch { throw .aws(error) }
    }
}
