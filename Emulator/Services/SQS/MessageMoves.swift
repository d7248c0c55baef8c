internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// A task that moves the messages of a dead-letter queue back to where they came from, or to another queue.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>
struct MessageMove: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS sqs_message_move (
            id INTEGER PRIMARY KEY AUTOINCREMENT, handle TEXT NOT NULL UNIQUE, source TEXT NOT NULL, destination TEXT,
            rate INTEGER, status TEXT NOT NULL, moved INTEGER NOT NULL, total INTEGER NOT NULL, reason TEXT,
            started_at INTEGER NOT NULL) STRICT;
        """

    enum Status: String, Sendable {
        case running = "RUNNING"
        case completed = "COMPLETED"
        case cancelled = "CANCELLED"
        case failed = "FAILED"
    }

    let handle: String
    /// The ARN of the dead-letter queue.
    let source: String
    /// The ARN of the queue for all messages; nil for the queue of each.
    let destination: String?
    /// The most messages a second; nil for as many as can be.
    let rate: Int?
    var status = Status.running
    var moved = 0
    /// The messages in the queue when the task started.
    let total: Int
    var reason: String?
    /// Milliseconds since 1970.
    let startedAt: Int64

    private static let columns = """
        SELECT handle, source, destination, rate, status, moved, total, reason, started_at FROM sqs_message_move
        """

    init(handle: String, source: String, destination: String?, rate: Int?, total: Int, startedAt: Int64) {
        self.handle = handle
        self.source = source
        self.destination = destination
        self.rate = rate
        self.total = total
        self.startedAt = startedAt
    }

    private init(_ row: borrowing Row) {
        self.init(
            handle: row.text(0), source: row.text(1), destination: row.textOrNil(2),
            rate: row.integerOrNil(3).map { Int($0) }, total: row.int(6), startedAt: row.integer(8))
        status = Status(rawValue: row.text(4)) ?? .failed
        moved = row.int(5)
        reason = row.textOrNil(7)
    }

    static func find(_ handle: String, in snapshot: borrowing Snapshot) throws -> MessageMove? {
        try snapshot.first("\(columns) WHERE handle = ?", .text(handle)) { MessageMove($0) }
    }

    /// The newest first.
    static func all(from source: String, in snapshot: borrowing Snapshot) throws -> [MessageMove] {
        try snapshot.all("\(columns) WHERE source = ? ORDER BY id DESC", .text(source)) { MessageMove($0) }
    }

    static func running(in snapshot: borrowing Snapshot) throws -> [MessageMove] {
        try snapshot.all("\(columns) WHERE status = ?", .text(Status.running.rawValue)) { MessageMove($0) }
    }

    func save(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            """
            INSERT INTO sqs_message_move (handle, source, destination, rate, status, moved, total, reason, started_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (handle) DO UPDATE SET
                status = excluded.status, moved = excluded.moved, reason = excluded.reason
            """, .text(handle), .text(source), .text(destination), .integer(rate.map { Int64($0) }),
            .text(status.rawValue), .integer(moved), .integer(total), .text(reason), .integer(startedAt))
    }

    var document: JSON {
        var members: JSONObject = [
            "Status": .string(status.rawValue), "SourceArn": .string(source),
            "ApproximateNumberOfMessagesMoved": .int(moved), "ApproximateNumberOfMessagesToMove": .int(total),
            "StartedTimestamp": .int(startedAt),
        ]
        // Only a task that runs can be cancelled.
        if status == .running { members["TaskHandle"] = .string(handle) }
        members["DestinationArn"] = destination.map { .string($0) }
        members["MaxNumberOfMessagesPerSecond"] = rate.map { .int($0) }
        members["FailureReason"] = reason.map { .string($0) }
        return .object(members)
    }
}

extension SQSService {
    private static let batch = 500

    func startMove(_ input: JSON) async throws -> JSON {
        let source = try arn("SourceArn", in: input)
        let destination = input["DestinationArn"] == nil ? nil : try arn("DestinationArn", in: input)
        let rate = input["MaxNumberOfMessagesPerSecond"]?.int
        if let rate, !(1...500).contains(rate) {
            throw AWSFault.queueParameter(
                "MaxNumberOfMessagesPerSecond", String(rate), "Must be an integer between 1 and 500, if provided.")
        }
        let now = clock.now().milliseconds
        let id = clock.uuid()
        let handle = "{\"taskId\":\"\(id)\",\"sourceArn\":\"\(source)\"}".utf8.base64
        let move = try await store.write { transaction in
            let queue = try Self.queue(source, "SourceArn", in: transaction.snapshot)
            let names = try transaction.snapshot.all("SELECT name FROM sqs_queue") { $0.text(0) }
            let isTarget = try names.contains {
                try StoredQueue.find($0, in: transaction.snapshot)?.settings.redrivePolicy?.targetName == queue.name
            }
            guard isTarget else {
                throw AWSFault.queueParameter("Source queue must be configured as a Dead Letter Queue.")
            }
            if let destination { _ = try Self.queue(destination, "DestinationArn", in: transaction.snapshot) }
            guard
                try !MessageMove.all(from: source, in: transaction.snapshot).contains(where: { $0.status == .running })
            else {
                throw AWSFault.queueParameter(
                    "There is already a task running. Only one active task is allowed for a source queue arn at a given "
                        + "time.")
            }
            let depth = try StoredMessage.depth(of: queue, at: now, in: transaction.snapshot)
            let move = MessageMove(
                handle: handle, source: source, destination: destination, rate: rate, total: depth.visible,
                startedAt: now)
            try move.save(in: transaction)
            return move
        }
        run(move)
        return ["TaskHandle": .string(handle)]
    }

    func cancelMove(_ input: JSON) async throws -> JSON {
        guard let handle = input["TaskHandle"]?.string else { throw AWSFault.missingParameter("TaskHandle") }
        let moved = try await store.write { transaction in
            guard var move = try MessageMove.find(handle, in: transaction.snapshot) else {
                throw AWSFault("ResourceNotFoundException", "Task does not exist.", status: 404)
            }
            guard move.status == .running else {
                throw AWSFault.queueParameter("Only active tasks can be cancelled.")
            }
            move.status = .cancelled
            try move.save(in: transaction)
            return move.moved
        }
        moves.withLock { $0.removeValue(forKey: handle) }?.cancel()
        return ["ApproximateNumberOfMessagesMoved": .int(moved)]
    }

    func listMoves(_ input: JSON) throws -> JSON {
        let source = try arn("SourceArn", in: input)
        let limit = input["MaxResults"]?.int ?? 1
        guard (1...10).contains(limit) else {
            throw AWSFault.queueParameter(
                "MaxResults", String(limit), "Must be an integer between 1 and 10, if provided.")
        }
        let found = try store.read { snapshot in
            _ = try Self.queue(source, "SourceArn", in: snapshot)
            return try MessageMove.all(from: source, in: snapshot)
        }
        return ["Results": .array(found.prefix(limit).map(\.document))]
    }

    private func arn(_ name: String, in input: JSON) throws(AWSFault) -> String {
        guard let arn = input[name]?.string, !arn.isEmpty else { throw .missingParameter(name) }
        return arn
    }

    private static func queue(
        _ arn: String, _ member: String, in snapshot: borrowing Snapshot
    ) throws -> StoredQueue {
        guard ARN(arn)?.service == "sqs", let queue = try StoredQueue.find(StoredQueue.name(inARN: arn), in: snapshot)
        else {
            throw AWSFault(
                "ResourceNotFoundException",
                "The resource that you specified for the \(member) parameter doesn't exist.", status: 404)
        }
        return queue
    }

    // MARK: Moving

    /// Goes on with the tasks of the emulator's previous run.
    func resumeMoves() throws {
        for move in try store.read({ try MessageMove.running(in: $0) }) { run(move) }
    }

    func stopMoves() {
        let running = moves.withLock { moves in
            defer { moves = [:] }
            return moves
        }
        for task in running.values { task.cancel() }
    }

    private func run(_ move: MessageMove) {
        let task = Task { [self] in
            while !Task.isCancelled {
                let hasMore = try? await step(move.handle)
                guard hasMore == true else { break }
                guard move.rate != nil else { continue }
                guard (try? await clock.sleep(clock.now().advanced(byMilliseconds: 1000))) != nil else { break }
            }
            _ = moves.withLock { $0.removeValue(forKey: move.handle) }
        }
        moves.withLock { $0[move.handle] = task }
    }

    /// Moves the messages of one second, or as many as one commit takes.
    /// - Returns: whether the task goes on.
    private func step(_ handle: String) async throws -> Bool {
        let now = clock.now().milliseconds
        return try await store.write { [self] transaction in
            guard var move = try MessageMove.find(handle, in: transaction.snapshot), move.status == .running else {
                return false
            }
            let limit = move.rate ?? Self.batch
            let name = StoredQueue.name(inARN: move.source)
            let queue = try StoredQueue.find(name, in: transaction.snapshot)
            // Messages that arrive after the start are not the task's.
            let left = min(limit, max(0, move.total - move.moved))
            let messages =
                try queue.map {
                    try StoredMessage.visible(in: $0, at: now, limit: left, transaction.snapshot)
                } ?? []
            for message in messages {
                let target = move.destination.map { StoredQueue.name(inARN: $0) } ?? message.source
                guard let target, try StoredQueue.find(target, in: transaction.snapshot) != nil else {
                    move.status = .failed
                    move.reason =
                        target == nil
                        ? "CouldNotDetermineMessageSource" : "AWS.SimpleQueueService.NonExistentQueue"
                    break
                }
                try message.resend(to: target, as: clock.uuid(), at: now, in: transaction)
                move.moved += 1
                transaction.afterCommit { [pollers] in pollers.ring(target) }
            }
            if move.status == .running, messages.isEmpty || move.moved >= move.total { move.status = .completed }
            try move.save(in: transaction)
            return move.status == .running
        }
    }
}

extension StoredMessage {
    /// Makes it a new message of another queue.
    fileprivate func resend(
        to queue: String, as messageID: String, at now: Int64, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            UPDATE sqs_message SET queue = ?, message_id = ?, source = NULL, sent_at = ?, visible_at = ?, receives = 0,
                total_receives = 0, first_received_at = NULL
            WHERE id = ?
            """, .text(queue), .text(messageID), .integer(now), .integer(now), .integer(id))
    }
}
