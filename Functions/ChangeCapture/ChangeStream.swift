internal import LambdaRuntime
internal import Postgres
internal import PostgresReplication
internal import Time

/// Reads the source's changes from one connection and appends their envelopes to the lanes.
final class ChangeStream {
    private let connection: PostgresConnection
    private let lanes: RecordLanes
    private let primaryKey: (UInt32) throws -> [String]
    private let clock: ClockAndChance
    private var decoder = PgOutputDecoder()
    private var writer = EnvelopeWriter()
    private var shapes: [UInt32: RowShape] = [:]
    /// The shape of the last change: the next is often of the same table.
    private var lastShape: RowShape?
    private var transaction = Transaction()
    /// The time of the last transaction.
    private var time: Int64
    /// The position of the message that is being read.
    private var position: LogPosition
    private(set) var progress: CaptureProgress
    private(set) var changes: UInt64 = 0
    /// What the server has been told.
    private(set) var acknowledged: LogPosition = .zero
    private var answered: ContinuousClock.Instant
    private var isAskedToAnswer = false

    /// How often the server hears of us, well within its wal_sender_timeout of a minute.
    private static let answerInterval: Duration = .seconds(1)

    init(
        _ connection: PostgresConnection, from point: CapturePoint, lanes: RecordLanes, clock: ClockAndChance = .system,
        primaryKey: @escaping (UInt32) throws -> [String]
    ) {
        self.connection = connection
        self.lanes = lanes
        self.clock = clock
        self.primaryKey = primaryKey
        time = point.time
        position = point.position
        progress = CaptureProgress(point)
        answered = clock.instant()
    }

    /// Reads what has arrived, at most for a moment.
    /// - Returns: whether more may be there.
    func readAvailable() throws -> Bool {
        writer.setTime(microseconds: clock.now().microseconds)
        for _ in 0..<1000 {
            let received = try connection.receive { try take($0) }
            switch received {
            case .message: continue
            case .nothing: return false
            case .end:
                throw PostgresError(
                    state: "57P01", message: "the server ended the stream", operation: "receive changes")
            }
        }
        return true
    }

    /// Waits for a message, the end of a request, or a moment.
    func wait() { lanes.wakeup.wait(on: connection.socket, milliseconds: 500) }

    /// Learns what the stream has taken, without telling the server.
    func advance() { progress.advance(to: lanes.durableOrdinal()) }

    /// Whether the server should hear of us now.
    var isAnswerDue: Bool { isAskedToAnswer || clock.instant() - answered >= Self.answerInterval }

    /// Tells the server what it may forget.
    func answer(_ durable: LogPosition) throws {
        try connection.send(StandbyStatus(durable: durable, time: clock.now().microseconds).bytes)
        acknowledged = durable
        answered = clock.instant()
        isAskedToAnswer = false
    }

    func end() throws { try connection.endReplication() }

    // MARK: Messages

    private func take(_ bytes: UnsafeRawBufferPointer) throws {
        let message: PgOutputMessage
        do throws(ReplicationFault) {
            switch try ReplicationFrame(bytes) {
            case .data(let start, let bytes):
                if start != .zero { position = start }
                message = try decoder.decode(bytes).message
            case .keepalive(let end, let wantsReply):
                isAskedToAnswer = isAskedToAnswer || wantsReply
                if !transaction.isOpen { reach(end) }
                return
            }
        } catch {
            throw CaptureError.message(error, at: position)
        }
        try apply(message)
    }

    private func reach(_ end: LogPosition) {
        progress.reach(CapturePoint(position: end, time: time), ordinal: lanes.nextOrdinal)
    }

    private func apply(_ message: PgOutputMessage) throws {
        switch message {
        case .begin(let commit, let committed, let id): begin(id, commit, committed)
        case .commit(_, let end, _):
            transaction.end()
            reach(end)
        case .relation(let relation):
            let key = relation.identity == .full ? try primaryKey(relation.id) : []
            shapes[relation.id] = RowShape(relation, primaryKey: key)
            lastShape = nil
        case .insert(let relation, let new):
            try change(relation) { writer.insert(new, $0, &$1) }
        case .update(let relation, let old, let new):
            try change(relation) { writer.update(old, new, $0, &$1) }
        case .delete(let relation, let old):
            try change(relation) { writer.delete(old, $0, &$1) }
        case .truncate(let relations):
            for relation in relations { try change(relation) { writer.truncate($0, &$1) } }
        case .type, .origin, .logical: break
        case .streamStart, .streamStop, .streamCommit, .streamAbort:
            throw CaptureError.message(.unknownMessage(UInt8(ascii: "S")), at: position)
        }
    }

    private func begin(_ id: UInt32, _ commit: LogPosition, _ committed: Int64) {
        time = max(time, committed)
        transaction.begin(id, commit: commit, time: time)
    }

    @inline(__always)
    private func change(_ relation: UInt32, _ write: (RowShape, inout Transaction) -> Void) throws {
        let shape = try shape(of: relation)
        guard transaction.isOpen else { throw CaptureError.outsideTransaction(at: position) }
        write(shape, &transaction)
        changes += 1
        try lanes.append(
            writer.envelope.bytes, prefix: shape.partitionPrefix, keyHash: writer.keyHash,
            meanwhile: { try keepAlive() })
    }

    @inline(__always)
    private func shape(of relation: UInt32) throws -> RowShape {
        if let lastShape, lastShape.relation.id == relation { return lastShape }
        guard let shape = shapes[relation] else { throw CaptureError.unknownRelation(relation, at: position) }
        lastShape = shape
        return shape
    }

    /// While the lanes are full, the server hears that we are here, and nothing new.
    private func keepAlive() throws {
        if isAnswerDue { try answer(acknowledged) }
    }
}

extension Timestamp {
    var microseconds: Int64 { seconds &* 1_000_000 &+ Int64(nanoseconds / 1000) }
}
