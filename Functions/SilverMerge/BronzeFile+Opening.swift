internal import AWSClient
internal import AWSModels
internal import Lake
internal import ParquetRead

extension BronzeFile {
    /// Opens a bronze file.
    /// - Throws: ``SilverError/bronze(place:reason:)`` if there is none.
    static func open(_ object: S3Object, _ place: String, _ objects: ObjectStore) throws -> ParquetFile {
        let source: Source
        do throws(AWSError) {
            source = try current(object, objects)
        } catch {
            if error.isNotFound { throw SilverError.bronze(place: place, reason: "the file is gone: \(error)") }
            throw error
        }
        switch source {
        case .whole(let bytes): return try ParquetFile(reading: MemoryRanges(bytes))
        case .ranges(let ranges): return try ParquetFile(reading: ranges)
        }
    }

    private enum Source {
        case whole([UInt8])
        case ranges(ObjectRanges)
    }

    /// A file up to so many bytes is fetched with one request.
    private static let wholeLimit = 1 << 20

    /// The object; if that version is gone, the one that a replay of the raw file has written since.
    private static func current(_ object: S3Object, _ objects: ObjectStore) throws(AWSError) -> Source {
        do throws(AWSError) {
            return try source(object, objects)
        } catch {
            guard error.isNotFound, object.versionID != nil else { throw error }
            return try source(S3Object(bucket: object.bucket, key: object.key), objects)
        }
    }

    private static func source(_ object: S3Object, _ objects: ObjectStore) throws(AWSError) -> Source {
        do throws(AWSError) {
            let (head, bytes) = try objects.get(object, range: .from(0, to: wholeLimit))
            return head.sizeInBytes == bytes.count
                ? .whole(bytes) : .ranges(ObjectRanges(objects, object, size: head.sizeInBytes))
        } catch {
            // An empty object has no first byte.
            guard error.code == "InvalidRange" else { throw error }
            return .whole([])
        }
    }
}
