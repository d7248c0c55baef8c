/// A message of PostgreSQL's output plugin `pgoutput`. Rows in it are valid as long as its bytes are.
/// - SeeAlso: <https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html>
public enum PgOutputMessage {
    /// What is known at the start of a transaction that has been committed. `commit` is where its commit is in the log.
    case begin(commit: LogPosition, time: Int64, transaction: UInt32)
    /// `end` is the position after the commit.
    case commit(commit: LogPosition, end: LogPosition, time: Int64)
    case relation(Relation)
    case insert(relation: UInt32, new: TupleData)
    case update(relation: UInt32, old: OldRow?, new: TupleData)
    case delete(relation: UInt32, old: OldRow)
    case truncate(relations: [UInt32])
    /// A type that is not built in.
    case type(id: UInt32, schema: String, name: String)
    /// The transaction came from another server.
    case origin(String)
    /// What `pg_logical_emit_message` wrote.
    case logical(prefix: String, isTransactional: Bool)

    /// A part of a transaction that has not ended yet begins, up to ``streamStop``.
    case streamStart(transaction: UInt32)
    case streamStop
    case streamCommit(transaction: UInt32, commit: LogPosition, end: LogPosition, time: Int64)
    /// Without a subtransaction of its own, `subtransaction` equals `transaction`.
    case streamAbort(transaction: UInt32, subtransaction: UInt32)

    /// The row before a change, as far as the replica identity has it.
    public enum OldRow {
        /// Columns of the identity; the others are null.
        case key(TupleData)
        case full(TupleData)

        public var tuple: TupleData {
            switch self {
            case .key(let tuple), .full(let tuple): tuple
            }
        }
    }
}

/// Decodes the messages of `pgoutput`, protocol versions 1 and 2, with values as text.
public struct PgOutputDecoder: Sendable {
    /// Whether the messages are those of a transaction that has not ended: each then begins with a transaction's number.
    public private(set) var isInStream: Bool

    public init(isInStream: Bool = false) { self.isInStream = isInStream }

    /// - Returns: the message, and the (sub)transaction that it belongs to where ``isInStream``.
    public mutating func decode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(ReplicationFault) -> (message: PgOutputMessage, transaction: UInt32?) {
        var reader = MessageReader(bytes)
        let type = try reader.uint8()
        let transaction = isInStream && Self.isOfTransaction(type) ? try reader.number(UInt32.self) : nil
        let message = try Self.message(type, &reader)
        try reader.end()
        switch message {
        case .streamStart: isInStream = true
        case .streamStop: isInStream = false
        default: break
        }
        return (message, transaction)
    }

    /// Whether a message of this type begins with its transaction's number in a stream.
    private static func isOfTransaction(_ type: UInt8) -> Bool {
        switch type {
        case UInt8(ascii: "R"), UInt8(ascii: "Y"), UInt8(ascii: "I"), UInt8(ascii: "U"), UInt8(ascii: "D"),
            UInt8(ascii: "T"), UInt8(ascii: "M"):
            true
        default: false
        }
    }

    @inline(__always)
    private static func message(
        _ type: UInt8, _ reader: inout MessageReader
    ) throws(ReplicationFault) -> PgOutputMessage {
        switch type {
        case UInt8(ascii: "I"):
            let relation = try reader.number(UInt32.self)
            try expect("N", &reader)
            return .insert(relation: relation, new: try TupleData(&reader))
        case UInt8(ascii: "U"):
            let relation = try reader.number(UInt32.self)
            let old = try oldRow(&reader, mayBeMissing: true)
            return .update(relation: relation, old: old, new: try TupleData(&reader))
        case UInt8(ascii: "D"):
            let relation = try reader.number(UInt32.self)
            guard let old = try oldRow(&reader, mayBeMissing: false) else {
                throw .invalid("the kind of the old row", offset: reader.offset)
            }
            return .delete(relation: relation, old: old)
        case UInt8(ascii: "B"):
            let commit = try reader.position()
            let time = try reader.time()
            return .begin(commit: commit, time: time, transaction: try reader.number(UInt32.self))
        case UInt8(ascii: "C"):
            _ = try reader.uint8()
            let commit = try reader.position()
            let end = try reader.position()
            return .commit(commit: commit, end: end, time: try reader.time())
        default: return try rareMessage(type, &reader)
        }
    }

    private static func rareMessage(
        _ type: UInt8, _ reader: inout MessageReader
    ) throws(ReplicationFault) -> PgOutputMessage {
        switch type {
        case UInt8(ascii: "R"): return .relation(try Relation(&reader))
        case UInt8(ascii: "Y"):
            let id = try reader.number(UInt32.self)
            let schema = try reader.text()
            return .type(id: id, schema: schema, name: try reader.text())
        case UInt8(ascii: "O"):
            _ = try reader.position()
            return .origin(try reader.text())
        case UInt8(ascii: "T"):
            let count = try reader.number(UInt32.self)
            _ = try reader.uint8()  // CASCADE, RESTART IDENTITY
            var relations: [UInt32] = []
            for _ in 0..<count { relations.append(try reader.number(UInt32.self)) }
            return .truncate(relations: relations)
        case UInt8(ascii: "M"):
            let flags = try reader.uint8()
            _ = try reader.position()
            let prefix = try reader.text()
            _ = try reader.bytes(Int(try reader.number(Int32.self)))
            return .logical(prefix: prefix, isTransactional: flags & 1 == 1)
        case UInt8(ascii: "S"):
            let transaction = try reader.number(UInt32.self)
            _ = try reader.uint8()  // whether it is the first part
            return .streamStart(transaction: transaction)
        case UInt8(ascii: "E"): return .streamStop
        case UInt8(ascii: "c"):
            let transaction = try reader.number(UInt32.self)
            _ = try reader.uint8()
            let commit = try reader.position()
            let end = try reader.position()
            return .streamCommit(transaction: transaction, commit: commit, end: end, time: try reader.time())
        case UInt8(ascii: "A"):
            let transaction = try reader.number(UInt32.self)
            return .streamAbort(transaction: transaction, subtransaction: try reader.number(UInt32.self))
        default: throw .unknownMessage(type)
        }
    }

    /// Reads the old row and, for an update, the mark of the new row after it.
    @inline(__always)
    private static func oldRow(
        _ reader: inout MessageReader, mayBeMissing: Bool
    ) throws(ReplicationFault) -> PgOutputMessage.OldRow? {
        let offset = reader.offset
        let old: PgOutputMessage.OldRow
        switch try reader.uint8() {
        case UInt8(ascii: "K"): old = .key(try TupleData(&reader))
        case UInt8(ascii: "O"): old = .full(try TupleData(&reader))
        case UInt8(ascii: "N") where mayBeMissing: return nil
        default: throw .invalid("the kind of a row", offset: offset)
        }
        if mayBeMissing { try expect("N", &reader) }
        return old
    }

    @inline(__always)
    private static func expect(_ mark: Unicode.Scalar, _ reader: inout MessageReader) throws(ReplicationFault) {
        let offset = reader.offset
        guard try reader.uint8() == UInt8(ascii: mark) else { throw .invalid("the mark of a new row", offset: offset) }
    }
}
