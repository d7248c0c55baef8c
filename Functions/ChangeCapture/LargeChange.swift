internal import AWSModels
internal import PostgresReplication

/// A change that exceeds a record of the stream: it goes to a raw object of its own, where Firehose would have put it.
enum LargeChange {
    /// The same change has the same object whenever it is read.
    static func object(_ options: CaptureOptions, table: String, _ commit: LogPosition, _ index: UInt64) -> S3Object {
        var name = ByteBuffer()
        name.append(hexadecimal: commit.value, width: 16)
        name.append("-")
        name.append(index, width: 10)
        return S3Object(
            bucket: options.bucket,
            key: "raw/\(table)/\(options.slot)-change-\(String(decoding: name.array, as: UTF8.self)).json.gz")
    }
}
