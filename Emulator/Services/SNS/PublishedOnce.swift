internal import EmulatorCore
internal import JSON

/// A message of a FIFO topic: within five minutes a second one with its deduplication ID is not delivered.
///
/// - SeeAlso: <https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html>
struct PublishedOnce: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS sns_published (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL,
            at INTEGER NOT NULL, UNIQUE (topic, key)) STRICT;
        """

    private static let keptMilliseconds: Int64 = 5 * 60 * 1000

    let id: String
    let sequence: Int64

    var answer: JSONObject {
        let digits = String(sequence)
        let number = "1" + String(repeating: "0", count: max(0, 19 - digits.utf8.count)) + digits
        return ["MessageId": .string(id), "SequenceNumber": .string(number)]
    }

    static func find(
        _ key: String, of topic: String, at now: Int64, in transaction: borrowing Transaction
    ) throws -> PublishedOnce? {
        try transaction.execute("DELETE FROM sns_published WHERE at <= ?", .integer(now - keptMilliseconds))
        return try transaction.snapshot.first(
            "SELECT id, sequence FROM sns_published WHERE topic = ? AND key = ?", .text(topic), .text(key)
        ) { PublishedOnce(id: $0.text(0), sequence: $0.integer(1)) }
    }

    static func add(
        _ key: String, of topic: String, id: String, at now: Int64, in transaction: borrowing Transaction
    ) throws -> PublishedOnce {
        try transaction.execute(
            "INSERT INTO sns_published (topic, key, id, at) VALUES (?, ?, ?, ?)", .text(topic), .text(key), .text(id),
            .integer(now))
        return PublishedOnce(id: id, sequence: transaction.lastInsertedRow)
    }
}
