/// Why bytes are not a message of the replication protocol.
public enum ReplicationFault: Error, Hashable, CustomStringConvertible {
    /// The message ends at `offset`, before its last field does.
    case truncated(offset: Int)
    /// Bytes follow the last field.
    case tooLong(offset: Int)
    case unknownMessage(UInt8)
    /// A field at `offset` has no value that the protocol knows.
    case invalid(String, offset: Int)

    public var description: String {
        switch self {
        case .truncated(let offset): "the message ends at byte \(offset), inside a field"
        case .tooLong(let offset): "the message goes on after its last field, at byte \(offset)"
        case .unknownMessage(let type):
            "the message type \(String(decoding: [type], as: UTF8.self)) (\(type)) is unknown; "
                + "expected messages of pgoutput, protocol version 1 or 2"
        case .invalid(let field, let offset): "byte \(offset): \(field) is invalid"
        }
    }
}
