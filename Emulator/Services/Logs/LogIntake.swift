internal import EmulatorCore
internal import Synchronization

/// Lines that wait for the writer's thread, which stores them some times a second.
///
/// A commit for each line would write the same pages again and again. A crash of the emulator loses the lines of the last
/// ``delay`` at most.
final class LogIntake: Sendable {
    private struct Line: Sendable {
        let message: String
        let time: Int64
        let name: StreamName
    }

    private struct StreamName: Hashable, Sendable {
        let group: String
        let stream: String
    }

    /// The row ids of a stream and its group.
    private struct Place: Sendable {
        let group: Int64
        let stream: Int64
    }

    private static let delay = Duration.milliseconds(20)
    private static let mostPlaces = 1000

    private let pending = Mutex<[Line]>([])
    /// The streams that exist. Only the writer's thread changes it.
    private let places = Mutex<[StreamName: Place]>([:])

    /// Adds an event, which ``store(in:deleteOldest:)`` stores.
    /// - Parameter store: called after ``delay`` if the line is the first that waits.
    func add(_ message: String, at time: Int64, group: String, stream: String, store: @escaping @Sendable () -> Void) {
        let line = Line(message: message, time: time, name: StreamName(group: group, stream: stream))
        let isFirst = pending.withLock { lines in
            lines.append(line)
            return lines.count == 1
        }
        guard isFirst else { return }
        Task {
            try? await Task.sleep(for: Self.delay)
            store()
        }
    }

    /// Stores what waits. Creates missing groups and streams.
    /// - Parameter deleteOldest: called with the id of each event; returns whether it deleted streams.
    func store(in transaction: borrowing Transaction, deleteOldest: (Int64) throws -> Bool) throws {
        let lines = pending.withLock { lines in
            defer { lines = [] }
            return lines
        }
        guard !lines.isEmpty else { return }
        var known = places.withLock { $0 }
        if known.count > Self.mostPlaces { known = [:] }
        var spans: [Int64: (first: Int64, last: Int64)] = [:]
        for line in lines {
            let place: Place
            if let found = known[line.name] {
                place = found
            } else {
                place = try Self.place(of: line.name, at: line.time, in: transaction)
                known[line.name] = place
            }
            try transaction.execute(
                "INSERT INTO log_event (group_id, stream_id, time, ingested_at, message) VALUES (?, ?, ?, ?, ?)",
                .integer(place.group), .integer(place.stream), .integer(line.time), .integer(line.time),
                .text(line.message))
            spans[place.stream] = (spans[place.stream]?.first ?? line.time, line.time)
            if try deleteOldest(transaction.lastInsertedRow) { known = [:] }
        }
        for (stream, span) in spans {
            try transaction.execute(
                "UPDATE log_stream SET first_at = coalesce(first_at, ?), last_at = ? WHERE id = ?",
                .integer(span.first), .integer(span.last), .integer(stream))
        }
        // Rows that are rolled back must not be known.
        let stored = known
        transaction.afterCommit { [self] in places.withLock { $0 = stored } }
    }

    /// Looks for streams anew, as some are deleted with `transaction`.
    func forget(in transaction: borrowing Transaction) {
        places.withLock { $0 = [:] }
        // Lines of the same commit may have been stored before.
        transaction.afterCommit { [self] in places.withLock { $0 = [:] } }
    }

    private static func place(
        of name: StreamName, at time: Int64, in transaction: borrowing Transaction
    ) throws -> Place {
        if let found = try find(name, in: transaction.snapshot) { return found }
        try LogStore.create(group: name.group, at: time, in: transaction)
        try LogStore.create(stream: name.stream, group: name.group, at: time, in: transaction)
        guard let created = try find(name, in: transaction.snapshot) else { throw AWSFault.noLogStream }
        return created
    }

    private static func find(_ name: StreamName, in snapshot: borrowing Snapshot) throws -> Place? {
        try snapshot.first(
            """
            SELECT log_group.id, log_stream.id FROM log_group JOIN log_stream ON group_id = log_group.id
            WHERE log_group.name = ? AND log_stream.name = ?
            """, .text(name.group), .text(name.stream)
        ) { Place(group: $0.integer(0), stream: $0.integer(1)) }
    }
}
