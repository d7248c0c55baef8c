/// What a server sends while it replicates: a piece of its output, or a sign of life.
/// - SeeAlso: <https://www.postgresql.org/docs/current/protocol-replication.html>
public enum ReplicationFrame {
    /// A message of the output plugin. `start` is its place in the log.
    case data(start: LogPosition, message: UnsafeRawBufferPointer)
    /// Everything before `end` has been sent.
    case keepalive(end: LogPosition, wantsReply: Bool)

    /// - Parameter bytes: one message of the copy stream; the frame is valid as long as they are.
    public init(_ bytes: UnsafeRawBufferPointer) throws(ReplicationFault) {
        var reader = MessageReader(bytes)
        let type = try reader.uint8()
        switch type {
        case UInt8(ascii: "w"):
            let start = try reader.position()
            _ = try reader.position()
            _ = try reader.time()
            self = .data(start: start, message: reader.rest)
        case UInt8(ascii: "k"):
            let end = try reader.position()
            _ = try reader.time()
            let reply = try reader.uint8()
            try reader.end()
            self = .keepalive(end: end, wantsReply: reply == 1)
        default: throw .unknownMessage(type)
        }
    }
}

/// What a client tells the server of its progress.
public struct StandbyStatus: Sendable, Hashable {
    /// The server may forget everything before it.
    public var durable: LogPosition
    /// Microseconds since 1970.
    public var time: Int64
    public var wantsReply: Bool

    public init(durable: LogPosition, time: Int64, wantsReply: Bool = false) {
        self.durable = durable
        self.time = time
        self.wantsReply = wantsReply
    }

    public var bytes: [UInt8] {
        var bytes = [UInt8(ascii: "r")]
        // Written, flushed and applied are the same to us.
        for number in [durable.value, durable.value, durable.value] { bytes.append(bigEndian: number) }
        bytes.append(bigEndian: UInt64(bitPattern: time - PostgresTime.epochInMicroseconds))
        bytes.append(wantsReply ? 1 : 0)
        return bytes
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian number: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) { append(UInt8(truncatingIfNeeded: number >> UInt64(shift))) }
    }
}
