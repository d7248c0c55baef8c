internal import Digest

/// Many changes in one record of the stream, in the form of the Kinesis Producer Library, which Firehose takes apart.
///
/// All have the partition key of the record, so every reader finds them in its shard.
/// - SeeAlso: <https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md>
struct AggregatedRecord: Sendable {
    /// Enough to make Kinesis's part of the work small, well below what Lambda and Firehose want of a record.
    static let sizeLimit = 48 << 10
    private static let magic: [UInt8] = [0xF3, 0x89, 0x9A, 0xC2]

    private var bytes = Self.magic
    private(set) var count = 0

    init(partitionKey: [UInt8]) {
        bytes.reserveCapacity(Self.sizeLimit + (4 << 10))
        appendField(1, length: partitionKey.count)  // the table of partition keys, with one
        bytes += partitionKey
    }

    var size: Int { bytes.count }

    mutating func append(_ data: UnsafeRawBufferPointer) {
        // A record: the index of its partition key, 0, and its data.
        appendField(3, length: 2 + 1 + Self.lengthOfVarint(data.count) + data.count)
        bytes += [1 << 3, 0]
        appendField(3, length: data.count)
        bytes += data
        count += 1
    }

    /// The record's data.
    consuming func sealed() -> [UInt8] {
        var digest = Digest(.md5)
        bytes.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[Self.magic.count...])) }
        bytes += digest.finish()
        return bytes
    }

    /// Appends the key of a field of bytes, and their number.
    private mutating func appendField(_ number: UInt8, length: Int) {
        bytes.append(number << 3 | 2)
        var rest = length
        while rest > 127 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func lengthOfVarint(_ number: Int) -> Int {
        max(1, (Int.bitWidth - number.leadingZeroBitCount + 6) / 7)
    }
}
