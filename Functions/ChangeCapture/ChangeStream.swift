internal import LambdaRuntime
internal import Postgres
internal import PostgresReplication
internal import Time

/// Reads the source's changes from one connection and appends their envelopes to the lanes.
final class ChangeStream {
    private let connection: PostgresConnection
    private let lanes: RecordLanes
    private let isCaptured: (Relation) -> Bool
    private let primaryKey: (UInt32) throws -> [String]
    private let putLarge: (_ line: [UInt8], RowShape, _ commit: LogPosition, _ index: UInt64) throws -> Void
    private let clock: ClockAndChance
    private let isStopping: () -> Bool
    private let spillFolder: String
    /// Transactions that have not ended, by number.
    private var spilled: [UInt32: SpilledTransaction] = [:]
    /// The transaction that the messages belong to, where it has not ended.
    private var streamed: UInt32?
    /// The snapshot that waits for the stream to come to its position.
    var snapshot: Snapshot?
    private var decoder = PgOutputDecoder()
    private var writer = EnvelopeWriter()
    private var shapes: [UInt32: RowShape] = [:]
    /// Relations that the publication has, and nobody wants.
    private var passedOver: Set<UInt32> = []
    /// The shape of the last change: the next is often of the same table.
    private var lastShape: RowShape?
    private var transaction = Transaction()
    /// The time of the last transaction.
    private var time: Int64
    private var history = CommitHistory()
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

    /// Kinesis takes 1 MiB with the partition key, and Firehose 1,000 KiB.
    private static let recordLimit = 1_000_000

    /// SIGTERM came within a large transaction.
    struct Stopped: Error {}

    init(
        _ connection: PostgresConnection, from point: CapturePoint, lanes: RecordLanes, spillFolder: String,
        clock: ClockAndChance, isStopping: @escaping () -> Bool,
        isCaptured: @escaping (Relation) -> Bool, primaryKey: @escaping (UInt32) throws -> [String],
        putLarge: @escaping ([UInt8], RowShape, LogPosition, UInt64) throws -> Void
    ) {
        self.connection = connection
        self.lanes = lanes
        self.spillFolder = spillFolder
        self.clock = clock
        self.isStopping = isStopping
        self.isCaptured = isCaptured
        self.primaryKey = primaryKey
        self.putLarge = putLarge
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
    func wait() {
        lanes.wakeup.wait(on: connection.socket, milliseconds: snapshot?.wantedPosition == nil ? 500 : 20)
    }

    /// Learns what the stream has taken, without telling the server.
    func advance() { progress.advance(to: lanes.durableOrdinal()) }

    /// Whether the server should hear of us now.
    var isAnswerDue: Bool {
        let interval = snapshot?.wantedPosition == nil ? Self.answerInterval : .milliseconds(50)
        return isAskedToAnswer || clock.instant() - answered >= interval
    }

    /// Tells the server what it may forget.
    func answer(_ durable: LogPosition) throws {
        // The answer says how far the stream is, for which a snapshot may wait.
        let wantsReply = snapshot?.wantedPosition != nil
        let status = StandbyStatus(durable: durable, time: clock.now().microseconds, wantsReply: wantsReply)
        try connection.send(status.bytes)
        acknowledged = durable
        answered = clock.instant()
        isAskedToAnswer = false
    }

    func end() throws { try connection.endReplication() }

    // MARK: Messages

    private func take(_ bytes: UnsafeRawBufferPointer) throws {
        let message: PgOutputMessage
        let text: UnsafeRawBufferPointer
        let subtransaction: UInt32?
        do throws(ReplicationFault) {
            switch try ReplicationFrame(bytes) {
            case .data(let start, let bytes):
                if start != .zero { position = start }
                text = bytes
                (message, subtransaction) = try decoder.decode(bytes)
            case .keepalive(let end, let wantsReply):
                isAskedToAnswer = isAskedToAnswer || wantsReply
                guard !transaction.isOpen else { return }
                tellSnapshot(before: end)
                return reach(end)
            }
        } catch {
            throw CaptureError.message(error, at: position)
        }
        if let streamed, let subtransaction {
            try spilled[streamed]?.append(text, of: subtransaction)
        } else {
            try apply(message)
        }
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
            lastShape = nil
            guard isCaptured(relation) else {
                passedOver.insert(relation.id)
                return
            }
            passedOver.remove(relation.id)
            let key = relation.identity == .full ? try primaryKey(relation.id) : []
            shapes[relation.id] = RowShape(relation, primaryKey: key)
        case .insert(let relation, let new):
            try change(relation) { writer.insert(new, $0, &$1) }
        case .update(let relation, let old, let new):
            try change(relation) { writer.update(old, new, $0, &$1) }
        case .delete(let relation, let old):
            try change(relation) { writer.delete(old, $0, &$1) }
        case .truncate(let relations):
            for relation in relations { try change(relation) { writer.truncate($0, &$1) } }
        case .type, .origin, .logical: break
        case .streamStart(let id):
            streamed = id
            if spilled[id] == nil { spilled[id] = try SpilledTransaction(folder: spillFolder) }
        case .streamStop: streamed = nil
        case .streamAbort(let id, let subtransaction):
            if id == subtransaction { spilled[id] = nil } else { try spilled[id]?.abort(subtransaction) }
        case .streamCommit(let id, let commit, let end, let committed):
            begin(id, commit, committed)
            if let messages = spilled.removeValue(forKey: id) { try applyAll(messages) }
            transaction.end()
            reach(end)
        }
    }

    /// Applies the messages of a transaction that has ended.
    private func applyAll(_ messages: SpilledTransaction) throws {
        var decoder = PgOutputDecoder(isInStream: true)
        var count = 0
        try messages.forEach { text in
            let message: PgOutputMessage
            do throws(ReplicationFault) { message = try decoder.decode(text).message } catch {
                throw CaptureError.message(error, at: position)
            }
            try apply(message)
            count += 1
            guard count & 1023 == 0 else { return }
            if isStopping() { throw Stopped() }
            try keepAlive()
        }
    }

    private func begin(_ id: UInt32, _ commit: LogPosition, _ committed: Int64) {
        history.append(commit, timeBefore: time)
        tellSnapshot(before: commit)
        time = max(time, committed)
        transaction.begin(id, commit: commit, time: time)
    }

    /// Every transaction with a place before `position` has been read.
    private func tellSnapshot(before position: LogPosition) {
        guard let snapshot, let wanted = snapshot.wantedPosition, wanted <= position else { return }
        switch history.time(at: wanted) {
        case .time(let time): snapshot.answer(time)
        case .last: snapshot.answer(time)
        case .forgotten: snapshot.answer(nil)
        }
    }

    /// Whether transactions that have not ended are kept.
    var spilledCount: Int { spilled.count }

    @inline(__always)
    private func change(_ relation: UInt32, _ write: (RowShape, inout Transaction) -> Void) throws {
        guard let shape = try shape(of: relation) else { return }
        guard transaction.isOpen else { throw CaptureError.outsideTransaction(at: position) }
        write(shape, &transaction)
        changes += 1
        guard writer.envelope.count <= Self.recordLimit else {
            return try putLarge(writer.rawLine(transaction), shape, transaction.commit, transaction.changeCount)
        }
        try lanes.append(
            writer.envelope.bytes, prefix: shape.partitionPrefix, keyHash: writer.keyHash,
            meanwhile: { try keepAlive() })
    }

    @inline(__always)
    private func shape(of relation: UInt32) throws -> RowShape? {
        if let lastShape, lastShape.relation.id == relation { return lastShape }
        if passedOver.contains(relation) { return nil }
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
