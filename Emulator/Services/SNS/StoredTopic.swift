internal import EmulatorCore
internal import JSON

/// A topic in the store.
struct StoredTopic: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS sns_topic (
            name TEXT PRIMARY KEY, attributes BLOB NOT NULL, tags BLOB NOT NULL) STRICT;
        """

    let name: String
    /// By name; values are text, as in the API.
    var attributes: JSONObject
    var tags: JSONObject

    /// Whether its messages have an order, by group.
    /// - SeeAlso: <https://docs.aws.amazon.com/sns/latest/dg/sns-fifo-topics.html>
    var isFIFO: Bool { name.hasSuffix(".fifo") }
    var deduplicatesByContent: Bool { attributes["ContentBasedDeduplication"]?.string == "true" }

    /// The name without its ending, which only FIFO topics have.
    static func stem(of name: String, isFIFO: Bool) throws(AWSFault) -> Substring {
        guard name.hasSuffix(".fifo") else {
            if isFIFO {
                throw .topicParameter(
                    "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long."
                )
            }
            return name[...]
        }
        guard isFIFO else { throw .topicParameter("Topic Name") }
        return name.dropLast(".fifo".count)
    }

    static func find(_ name: String, in snapshot: borrowing Snapshot) throws -> StoredTopic? {
        try snapshot.first("SELECT attributes, tags FROM sns_topic WHERE name = ?", .text(name)) { row in
            StoredTopic(
                name: name, attributes: try JSON(parsing: row.blob(0)).object ?? [:],
                tags: try JSON(parsing: row.blob(1)).object ?? [:])
        }
    }

    /// - Parameter missing: the error if the topic does not exist.
    static func named(
        _ name: String, in snapshot: borrowing Snapshot, orThrow missing: AWSFault = .noTopic
    ) throws -> StoredTopic {
        guard let topic = try find(name, in: snapshot) else { throw missing }
        return topic
    }

    func save(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO sns_topic VALUES (?, ?, ?)", .text(name), .blob(JSON.object(attributes).bytes),
            .blob(JSON.object(tags).bytes))
    }

    func remove(in transaction: borrowing Transaction) throws {
        try transaction.execute("DELETE FROM sns_subscription WHERE topic = ?", .text(name))
        try transaction.execute("DELETE FROM sns_published WHERE topic = ?", .text(name))
        try transaction.execute("DELETE FROM sns_topic WHERE name = ?", .text(name))
    }

    private static let names: Set = [
        "DisplayName", "Policy", "DeliveryPolicy", "KmsMasterKeyId", "TracingConfig", "SignatureVersion",
        "ContentBasedDeduplication", "FifoThroughputScope",
    ]

    /// - Throws: ``AWSFault`` for an unknown attribute.
    static func check(_ attributes: JSONObject) throws(AWSFault) {
        for (name, _) in attributes where !names.contains(name) && !name.hasSuffix("FeedbackRoleArn") {
            guard name == "FifoTopic" || name.hasSuffix("FeedbackSampleRate") else {
                throw .topicParameter("AttributeName")
            }
        }
    }
}
