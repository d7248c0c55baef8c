internal import EmulatorCore
internal import JSON

/// A message in the store.
///
/// It can be received from `visibleAt` on. A delay, a receive and a change of visibility all move that time; only a
/// received message is in flight until then.
struct StoredMessage: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS sqs_message (
            id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, message_id TEXT NOT NULL, body TEXT NOT NULL,
            attributes BLOB NOT NULL, trace TEXT, group_id TEXT, deduplication_id TEXT, source TEXT,
            sent_at INTEGER NOT NULL, visible_at INTEGER NOT NULL, receives INTEGER NOT NULL DEFAULT 0,
            total_receives INTEGER NOT NULL DEFAULT 0, first_received_at INTEGER) STRICT;
        CREATE INDEX IF NOT EXISTS sqs_message_visible ON sqs_message (queue, visible_at, id);
        CREATE INDEX IF NOT EXISTS sqs_message_sent ON sqs_message (queue, sent_at);
        CREATE INDEX IF NOT EXISTS sqs_message_group ON sqs_message (queue, group_id, id) WHERE group_id IS NOT NULL;
        CREATE TABLE IF NOT EXISTS sqs_deduplication (
            queue TEXT NOT NULL, id TEXT NOT NULL, message_id TEXT NOT NULL, sequence INTEGER NOT NULL,
            sent_at INTEGER NOT NULL, PRIMARY KEY (queue, id)) STRICT, WITHOUT ROWID;
        """

    /// Its position in the order of sending.
    let id: Int64
    let messageID: String
    let body: String
    let attributes: MessageAttributes
    let trace: String?
    let groupID: String?
    let deduplicationID: String?
    /// The source queue of a message in a dead-letter queue.
    let source: String?
    /// Milliseconds since 1970.
    let sentAt: Int64
    /// The number of receives from this queue.
    var receives: Int
    /// The number of receives from all queues.
    var totalReceives: Int
    var firstReceivedAt: Int64?

    private static let columns = """
        id, message_id, body, attributes, trace, group_id, deduplication_id, source, sent_at, receives, total_receives,
        first_received_at
        """

    private init(_ row: borrowing Row) throws {
        id = row.integer(0)
        messageID = row.text(1)
        body = row.text(2)
        attributes = MessageAttributes(checked: try JSON(parsing: row.blob(3)).object ?? [:])
        trace = row.textOrNil(4)
        groupID = row.textOrNil(5)
        deduplicationID = row.textOrNil(6)
        source = row.textOrNil(7)
        sentAt = row.integer(8)
        receives = row.int(9)
        totalReceives = row.int(10)
        firstReceivedAt = row.integerOrNil(11)
    }

    /// The sequence number of a message in a FIFO queue.
    static func sequenceNumber(_ id: Int64) -> String {
        let digits = String(id)
        return String(repeating: "0", count: 20 - digits.utf8.count) + digits
    }

    /// The next messages that can be received, at most `limit`.
    static func visible(
        in queue: StoredQueue, at now: Int64, limit: Int, _ snapshot: borrowing Snapshot
    ) throws -> [StoredMessage] {
        // While a message of a group is in flight, the other messages of the group stay invisible.
        let selection =
            queue.settings.isFIFO
            ? """
            SELECT \(columns) FROM sqs_message AS message
            WHERE queue = ?1 AND visible_at <= ?2 AND sent_at > ?3 AND NOT EXISTS (
                SELECT 1 FROM sqs_message AS other WHERE other.queue = ?1 AND other.group_id = message.group_id
                AND other.visible_at > ?2 AND other.receives > 0)
            ORDER BY id LIMIT ?4
            """
            : """
            SELECT \(columns) FROM sqs_message WHERE queue = ?1 AND visible_at <= ?2 AND sent_at > ?3
            ORDER BY visible_at, id LIMIT ?4
            """
        return try snapshot.all(
            selection, .text(queue.name), .integer(now), .integer(queue.oldestSent(at: now)), .integer(limit)
        ) { try StoredMessage($0) }
    }

    /// The time at which the next invisible message becomes visible; nil if there is none.
    static func nextVisible(in queue: String, after now: Int64, _ snapshot: borrowing Snapshot) throws -> Int64? {
        try snapshot.first(
            "SELECT min(visible_at) FROM sqs_message WHERE queue = ? AND visible_at > ?", .text(queue), .integer(now)
        ) { $0.integerOrNil(0) } ?? nil
    }

    /// The number of messages in a queue.
    static func depth(
        of queue: StoredQueue, at now: Int64, in snapshot: borrowing Snapshot
    ) throws -> (visible: Int, inFlight: Int, delayed: Int) {
        let counted = try snapshot.first(
            """
            SELECT count(*) FILTER (WHERE visible_at <= ?2), count(*) FILTER (WHERE visible_at > ?2 AND receives > 0),
                count(*) FILTER (WHERE visible_at > ?2 AND receives = 0)
            FROM sqs_message WHERE queue = ?1 AND sent_at > ?3
            """, .text(queue.name), .integer(now), .integer(queue.oldestSent(at: now))
        ) { (visible: $0.int(0), inFlight: $0.int(1), delayed: $0.int(2)) }
        return counted ?? (0, 0, 0)
    }

    // MARK: Changes

    func hide(until time: Int64, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            """
            UPDATE sqs_message SET visible_at = ?, receives = ?, total_receives = ?, first_received_at = ? WHERE id = ?
            """, .integer(time), .integer(receives), .integer(totalReceives), .integer(firstReceivedAt), .integer(id))
    }

    /// Moves the message to the dead-letter queue, which restarts its receive count. Only a FIFO queue also restarts
    /// its age.
    func move(from queue: StoredQueue, to target: String, at now: Int64, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "UPDATE sqs_message SET queue = ?, source = ?, sent_at = ?, visible_at = ?, receives = 0 WHERE id = ?",
            .text(target), .text(queue.name), .integer(queue.settings.isFIFO ? now : sentAt), .integer(now),
            .integer(id))
    }

    static func removeAll(from queue: String, in transaction: borrowing Transaction) throws {
        try transaction.execute("DELETE FROM sqs_message WHERE queue = ?", .text(queue))
        try transaction.execute("DELETE FROM sqs_deduplication WHERE queue = ?", .text(queue))
    }

    /// Removes messages that are older than the queue's retention period.
    static func removeExpired(from queue: StoredQueue, at now: Int64, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "DELETE FROM sqs_message WHERE queue = ? AND sent_at <= ?", .text(queue.name),
            .integer(queue.oldestSent(at: now)))
    }
}
