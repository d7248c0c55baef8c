internal import EmulatorCore
internal import JSON
internal import Time

/// A place in a shard, as the opaque text that clients carry.
struct ShardIterator: Sendable {
    /// The stream's id, which a later stream of the same name does not have.
    var stream: Int64
    var streamName: String
    var shard: Int
    /// The index of the next record.
    var index: Int64
    /// Milliseconds since 1970.
    var issued: Int64

    private static let lifetimeMilliseconds: Int64 = 300_000

    init(_ stream: StoredStream, _ shard: StoredShard, index: Int64, issued: Int64) {
        self.stream = stream.id
        streamName = stream.name
        self.shard = shard.number
        self.index = index
        self.issued = issued
    }

    var text: String { "1/\(stream)/\(streamName)/\(shard)/\(index)/\(issued)".utf8.base64 }

    /// - Throws: ``AWSFault`` `InvalidArgumentException`, or `ExpiredIteratorException` five minutes after it was given.
    init(_ text: String, at now: Int64) throws(AWSFault) {
        let parts = [UInt8](base64: text).map { String(decoding: $0, as: UTF8.self).split(separator: "/") } ?? []
        guard parts.count == 6, parts[0] == "1", let stream = Int64(parts[1]), let shard = Int(parts[3]),
            let index = Int64(parts[4]), index > 0, let issued = Int64(parts[5])
        else { throw .kinesisArgument("Invalid ShardIterator.") }
        guard now - issued <= Self.lifetimeMilliseconds else {
            throw AWSFault(
                "ExpiredIteratorException",
                "Iterator expired. The iterator was created at time \(Self.date(issued)) while right now it is "
                    + "\(Self.date(now)) which is further in the future than the tolerated delay of "
                    + "\(Self.lifetimeMilliseconds) milliseconds.")
        }
        self.stream = stream
        streamName = String(parts[2])
        self.shard = shard
        self.index = index
        self.issued = issued
    }

    /// `Thu Jan 22 01:22:02 UTC 2015`
    private static func date(_ milliseconds: Int64) -> String {
        let parts = Timestamp(milliseconds: milliseconds).httpDate.split(whereSeparator: { $0 == " " || $0 == "," })
        return "\(parts[0]) \(parts[2]) \(parts[1]) \(parts[4]) UTC \(parts[3])"
    }
}
