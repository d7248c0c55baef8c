internal import AWSClient
internal import AWSModels
internal import Columnar
internal import Control
internal import RawFile

/// The beginning and the end of a raw object, from two ranged reads.
struct ObjectSample {
    let sizeInBytes: Int
    let beginning: [UInt8]
    /// The last four bytes: the size of the content modulo 2^32, if the object is gzip of a single member.
    let trailer: [UInt8]

    static let sampleSize = 64 << 10

    /// - Throws: ``AWSError``; `isNotFound` or `isPreconditionFailed` if the record's version no longer exists.
    init(of record: ControlRecord, in objects: ObjectStore) throws(AWSError) {
        let head: ObjectHead
        do throws(AWSError) {
            (head, beginning) = try objects.get(
                record.object, range: .from(0, to: Self.sampleSize), ifMatch: record.expectedETag)
        } catch {
            // An empty object has no valid range.
            guard error.code == "InvalidRange" else { throw error }
            (sizeInBytes, beginning, trailer) = (0, [], [])
            return
        }
        sizeInBytes = head.sizeInBytes
        if beginning.count >= sizeInBytes {
            trailer = beginning.suffix(4)
        } else {
            trailer = try objects.get(record.object, range: .last(4), ifMatch: record.expectedETag).bytes
        }
    }

    /// An object that cannot be sampled counts as 0: it goes to the function, whose error says what is wrong with it.
    func estimatedRecordCount(in file: RawFileName?) -> Int {
        guard let file else { return 0 }
        let estimate = try? SampleEstimate(
            head: beginning, compressedSize: sizeInBytes, trailer: trailer, format: file.format,
            compression: file.compression)
        return estimate?.recordCount ?? 0
    }
}
