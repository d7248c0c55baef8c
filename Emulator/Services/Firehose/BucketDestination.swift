internal import EmulatorCore
internal import JSON

/// A bucket that a delivery stream writes to: how large its objects become, and what they are called.
struct BucketDestination: Sendable {
    let bucket: String
    let prefix: KeyPrefix
    /// An object is stored when it has this many bytes, or when its first record has waited this long.
    let bufferBytes: Int
    let bufferMilliseconds: Int64
    let isCompressed: Bool
    /// The end of object keys, such as `.json.gz`.
    let fileExtension: String
    /// The zone of the times in object keys.
    let timeZone: TimeZoneRules

    /// - Parameters:
    ///   - document: an S3 destination, or the destination of its backup.
    ///   - prefix: what the document says about keys.
    ///   - timeZone: the zone that the destination declares; a backup has none of its own.
    init(
        _ document: JSON, prefix: KeyPrefix, isPartitioned: Bool = false, timeZone: TimeZoneRules
    ) throws(AWSFault) {
        guard let arn = document["BucketARN"]?.string, let bucket = ARN(arn), bucket.service == "s3" else {
            throw .firehoseArgument("The destination needs a BucketARN, such as arn:aws:s3:::bucket.")
        }
        self.bucket = bucket.resource
        self.prefix = prefix
        self.timeZone = timeZone
        let hints = document["BufferingHints"]
        let size = hints?["SizeInMBs"]?.looseInt ?? (isPartitioned ? 64 : 5)
        let interval = hints?["IntervalInSeconds"]?.looseInt ?? 300
        guard (isPartitioned ? 64 : 1)...128 ~= size else {
            let least = isPartitioned ? "64, for dynamic partitioning," : "1"
            throw .firehoseArgument("BufferingHints.SizeInMBs is \(size); expected \(least) to 128.")
        }
        guard (isPartitioned ? 1 : 0)...900 ~= interval else {
            let least = isPartitioned ? "1, for dynamic partitioning," : "0"
            throw .firehoseArgument("BufferingHints.IntervalInSeconds is \(interval); expected \(least) to 900.")
        }
        bufferBytes = size << 20
        bufferMilliseconds = Int64(interval) * 1000
        let compression = document["CompressionFormat"]?.string ?? "UNCOMPRESSED"
        guard ["UNCOMPRESSED", "GZIP"].contains(compression) else {
            throw .notEmulated("The compression format \(compression)")
        }
        isCompressed = compression == "GZIP"
        fileExtension = document["FileExtension"]?.string ?? (isCompressed ? ".gz" : "")
        guard fileExtension.isEmpty || Self.isExtension(fileExtension) else {
            throw .firehoseArgument(
                "FileExtension is \(fileExtension); expected a dot and lower-case letters or digits, such as .json.gz.")
        }
    }

    private static func isExtension(_ text: String) -> Bool {
        let others = Array("0123456789!-_.*'()".utf8)
        return text.hasPrefix(".") && 2...128 ~= text.utf8.count
            && text.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || others.contains($0) }
    }
}
