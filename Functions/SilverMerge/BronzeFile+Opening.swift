internal import AWSClient
internal import AWSModels
internal import Lake
internal import ParquetRead

extension BronzeFile {
    /// Opens a bronze file.
    /// - Parameter eTag: what the object must have; nil takes the one that is there, and says which.
    /// - Throws: ``SilverError/bronze(place:reason:)`` if there is none, ``SilverError/conflict(_:)`` if it is another one now.
    static func open(
        _ object: S3Object, _ place: String, _ objects: ObjectStore, pinnedTo eTag: inout String?
    ) throws -> ParquetFile {
        let source: Source
        do throws(AWSError) {
            source = try current(object, objects, eTag)
        } catch {
            if eTag != nil, error.isNotFound || error.isPreconditionFailed { throw replaced(place) }
            if error.isNotFound { throw SilverError.bronze(place: place, reason: "the file is gone: \(error)") }
            throw error
        }
        eTag = source.eTag
        switch source.content {
        case .whole(let bytes): return try ParquetFile(reading: MemoryRanges(bytes))
        case .ranges(let ranges): return try ParquetFile(reading: ranges)
        }
    }

    static func open(_ object: S3Object, _ place: String, _ objects: ObjectStore) throws -> ParquetFile {
        var eTag: String?
        return try open(object, place, objects, pinnedTo: &eTag)
    }

    /// A file is read several times where its rows do not fit into memory, and it must be the same each time.
    static func replaced(_ place: String) -> SilverError {
        .conflict("\(place) was written again or moved while it was read")
    }

    private struct Source {
        let content: Content
        let eTag: String?
    }

    private enum Content {
        case whole([UInt8])
        case ranges(ObjectRanges)
    }

    /// A file up to so many bytes is fetched with one request.
    private static let wholeLimit = 1 << 20

    /// The object; if that version is gone, the one that a replay of the raw file has written since.
    private static func current(
        _ object: S3Object, _ objects: ObjectStore, _ eTag: String?
    ) throws(AWSError) -> Source {
        do throws(AWSError) {
            return try source(object, objects, eTag)
        } catch {
            guard error.isNotFound, object.versionID != nil else { throw error }
            return try source(S3Object(bucket: object.bucket, key: object.key), objects, eTag)
        }
    }

    private static func source(
        _ object: S3Object, _ objects: ObjectStore, _ eTag: String?
    ) throws(AWSError) -> Source {
        do throws(AWSError) {
            let (head, bytes) = try objects.get(object, range: .from(0, to: wholeLimit), ifMatch: eTag)
            return Source(
                content: head.sizeInBytes == bytes.count
                    ? .whole(bytes)
                    : .ranges(ObjectRanges(objects, object, size: head.sizeInBytes, eTag: head.eTag)),
                eTag: head.eTag)
        } catch {
            // An empty object has no first byte.
            guard error.code == "InvalidRange" else { throw error }
            return Source(content: .whole([]), eTag: eTag)
        }
    }
}
