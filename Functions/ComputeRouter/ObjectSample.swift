internal import AWSClient
internal import AWSModels
internal import Columnar
internal import Control

/// The beginning and the end of a gzip object: what two ranged reads tell about it.
struct ObjectSample {
    let sizeInBytes: Int
    let beginning: [UInt8]
    /// The last four bytes: the size of the content modulo 2^32, where the object has a single gzip member.
    let trailer: [UInt8]

    static let sampleSize = 64 << 10

    /// - Throws: ``AWSError``; `isNotFound` or `isPreconditionFailed` when the record's version is gone.
    init(of record: ControlRecord, in objects: ObjectStore) throws(AWSError) {
        let head: ObjectHead
        do throws(AWSError) {
            (head, beginning) = try objects.get(
                record.object, range: .from(0, to: Self.sampleSize), ifMatch: record.expectedETag)
        } catch {
            // An empty object has no range to give.
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

    /// What cannot be sampled counts as nothing: it goes the quick way, where the writer says what is wrong with it.
    func estimatedRecordCount(in format: ControlRecord.FileFormat) -> Int {
        guard format != .parquet else { return 0 }
        let estimate = try? SampleEstimate(
            head: beginning, compressedSize: sizeInBytes, trailer: trailer, format: format == .csv ? .csv : .json)
        return estimate?.recordCount ?? 0
    }
}
