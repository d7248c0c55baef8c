/// Reads the fields of one message from front to back.
///
/// Unsafe pointers, because a message is a part of the connection's receive buffer, and each change passes here: nothing is
/// copied, and every read is checked against the message's end.
struct MessageReader {
    private let message: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ message: UnsafeRawBufferPointer) { self.message = message }

    var isAtEnd: Bool { offset == message.count }

    @inline(__always)
    mutating func bytes(_ count: Int) throws(ReplicationFault) -> UnsafeRawBufferPointer {
        guard count >= 0, message.count - offset >= count else { throw .truncated(offset: message.count) }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: message[offset..<offset + count])
    }

    @inline(__always)
    mutating func uint8() throws(ReplicationFault) -> UInt8 {
        guard offset < message.count else { throw .truncated(offset: offset) }
        defer { offset += 1 }
        return message[offset]
    }

    /// A number in network byte order.
    @inline(__always)
    mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type
    ) throws(ReplicationFault) -> Number {
        Number(bigEndian: try bytes(MemoryLayout<Number>.size).loadUnaligned(as: type))
    }

    mutating func position() throws(ReplicationFault) -> LogPosition { LogPosition(try number(UInt64.self)) }

    /// Microseconds since 1970, from PostgreSQL's microseconds since 2000.
    mutating func time() throws(ReplicationFault) -> Int64 {
        try number(Int64.self) &+ PostgresTime.epochInMicroseconds
    }

    /// Text up to a zero byte.
    mutating func text() throws(ReplicationFault) -> String {
        guard let end = message[offset...].firstIndex(of: 0) else { throw .truncated(offset: message.count) }
        defer { offset = end + 1 }
        return String(decoding: message[offset..<end], as: UTF8.self)
    }

    /// The bytes read since `start`.
    func slice(from start: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: message[start..<offset]) }

    /// The bytes after what was read.
    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: message[offset...]) }

    func end() throws(ReplicationFault) {
        guard isAtEnd else { throw .tooLong(offset: offset) }
    }
}

/// PostgreSQL counts time from 2000-01-01T00:00:00Z.
public enum PostgresTime {
    public static let epochInMicroseconds: Int64 = 946_684_800_000_000
}
