package import JSON

/// How far the readers of streams have come, in the store.
package struct ShardPositions: Sendable {
    package static let schema = """
        CREATE TABLE IF NOT EXISTS stream_position (
            reader TEXT NOT NULL, shard TEXT NOT NULL, slot TEXT NOT NULL, sequence INTEGER NOT NULL, state BLOB,
            PRIMARY KEY (reader, shard, slot)) STRICT, WITHOUT ROWID;
        """

    /// The sequence of the last record that a reader is done with, and what it keeps between records.
    package struct Position: Sendable, Hashable {
        package var sequence: Int64
        package var state: JSON?

        package init(sequence: Int64, state: JSON? = nil) {
            self.sequence = sequence
            self.state = state
        }
    }

    /// The name of the reader, such as the ARN of a pipe.
    package let reader: String
    private let store: Store

    package init(of reader: String, in store: Store) {
        self.reader = reader
        self.store = store
    }

    /// Where the lane begins or has come to.
    package func position(of lane: ShardLane) throws -> Position {
        try store.read { snapshot in
            try find(lane.shard.id, lane.slotName, snapshot) ?? find(lane.shard.id, "", snapshot)
        } ?? Position(sequence: 0)
    }

    private func find(_ shard: String, _ slot: String, _ snapshot: borrowing Snapshot) throws -> Position? {
        try snapshot.first(
            "SELECT sequence, state FROM stream_position WHERE reader = ? AND shard = ? AND slot = ?", .text(reader),
            .text(shard), .text(slot)
        ) { row in
            // In an expression of type JSON, nil would be JSON's null.
            guard !row.isNull(1) else { return Position(sequence: row.integer(0)) }
            return Position(sequence: row.integer(0), state: try JSON(parsing: row.blob(1)))
        }
    }

    /// Lets all slots of a shard begin after `sequence`.
    package func begin(_ shard: StreamShard, after sequence: Int64, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO stream_position VALUES (?, ?, '', ?, NULL)", .text(reader), .text(shard.id),
            .integer(sequence))
    }

    /// Moves the lane from one position to another.
    /// - Throws: ``AWSFault`` if another reader moved it; then nothing may be committed.
    package func advance(
        _ lane: ShardLane, from old: Position, to new: Position, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            "INSERT OR IGNORE INTO stream_position VALUES (?, ?, ?, ?, NULL)", .text(reader), .text(lane.shard.id),
            .text(lane.slotName), .integer(old.sequence))
        let moved = try transaction.execute(
            "UPDATE stream_position SET sequence = ?, state = ? WHERE reader = ? AND shard = ? AND slot = ? AND sequence = ?",
            .integer(new.sequence), new.state.map { .blob($0.bytes) } ?? .null, .text(reader), .text(lane.shard.id),
            .text(lane.slotName), .integer(old.sequence))
        guard moved == 1 else {
            throw AWSFault("ConflictException", "Records of shard \(lane.shard.name) were read twice.")
        }
    }

    /// Lets the slots of each shard, of which there are now others, begin where the slowest was.
    package func changeSlots(in transaction: borrowing Transaction) throws {
        let slowest = try transaction.snapshot.all(
            "SELECT shard, MIN(sequence) FROM stream_position WHERE reader = ? AND slot <> '' GROUP BY shard",
            .text(reader)
        ) { ($0.text(0), $0.integer(1)) }
        for (shard, sequence) in slowest {
            try transaction.execute(
                "DELETE FROM stream_position WHERE reader = ? AND shard = ?", .text(reader), .text(shard))
            try transaction.execute(
                "INSERT INTO stream_position VALUES (?, ?, '', ?, NULL)", .text(reader), .text(shard),
                .integer(sequence))
        }
    }

    package func remove(in transaction: borrowing Transaction) throws {
        try transaction.execute("DELETE FROM stream_position WHERE reader = ?", .text(reader))
    }
}
