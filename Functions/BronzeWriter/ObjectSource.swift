internal import AWSClient
internal import Columnar
internal import Control

/// The bytes of the object version that a control record names, as they arrive.
final class ObjectSource: ByteSource {
    private let stream: ObjectStream
    private let record: ControlRecord

    /// - Throws: ``ConversionError/objectGone(place:version:)``, or ``AWSError``.
    init(_ record: ControlRecord, in objects: ObjectStore) throws {
        self.record = record
        do throws(AWSError) {
            stream = try objects.stream(record.object, ifMatch: record.expectedETag)
        } catch {
            throw Self.failure(error, record)
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        do throws(AWSError) { return try stream.read(into: buffer) } catch { throw Self.failure(error, record) }
    }

    private static func failure(_ error: AWSError, _ record: ControlRecord) -> any Error {
        // A missing bucket is a configuration error, not a deleted file.
        guard error.isNotFound || error.isPreconditionFailed, error.code != "NoSuchBucket" else { return error }
        return ConversionError.objectGone(place: record.place, version: record.objectVersion.text)
    }
}

extension ControlRecord {
    /// The object's URL, for messages.
    var place: String { "s3://\(bucket)/\(objectKey)" }
}
