internal import EmulatorCore
internal import JSON
internal import Time

/// A position between events, in the order of their times.
private struct EventPosition {
    var time: Int64
    var id: Int64

    static let start = EventPosition(time: .min, id: 0)

    var token: String { "\(time):\(id)" }

    init(time: Int64, id: Int64) {
        self.time = time
        self.id = id
    }

    init?(_ token: some StringProtocol) {
        let parts = token.split(separator: ":").compactMap { Int64($0) }
        guard parts.count == 2 else { return nil }
        self.init(time: parts[0], id: parts[1])
    }
}

private struct LogEvent: Sendable {
    let id: Int64
    let stream: String
    let time: Int64
    let ingestedAt: Int64
    let message: String

    static let columns = "log_event.id, log_stream.name, time, ingested_at, message"

    init(_ row: borrowing Row) {
        id = row.integer(0)
        stream = row.text(1)
        time = row.integer(2)
        ingestedAt = row.integer(3)
        message = row.text(4)
    }

    var position: EventPosition { EventPosition(time: time, id: id) }

    var members: JSONObject {
        ["timestamp": .int(time), "message": .string(message), "ingestionTime": .int(ingestedAt)]
    }
}

extension LogService {
    /// The most bytes of messages in an answer.
    private static let answerLimit = 1 << 20
    private static let eventLimit = 10_000
    /// In milliseconds.
    private static let batchSpan: Int64 = 24 * 60 * 60 * 1000

    func putEvents(_ input: JSON) async throws -> JSON {
        let (group, stream) = (try group(input), try stream(input))
        _ = try await streamID(stream, group: group)
        let events = try Self.events(input)
        let now = clock.now().milliseconds
        try await store.write { [store] transaction in
            for event in events {
                _ = try store.insert(event.message, at: event.time, ingestedAt: now, group, stream, in: transaction)
            }
        }
        for event in events {
            metrics.add(event.message)
            subscriptions.offer(event.message, at: event.time, group: group, stream: stream)
        }
        return ["nextSequenceToken": .string(String(now))]
    }

    /// A batch to put, which must be in the order of time and span at most a day.
    private static func events(_ input: JSON) throws(AWSFault) -> [(time: Int64, message: String)] {
        guard let documents = input["logEvents"]?.array, !documents.isEmpty else {
            throw .logsParameter("logEvents is missing or empty.")
        }
        var events: [(time: Int64, message: String)] = []
        for document in documents {
            guard let time = document["timestamp"]?.int, let message = document["message"]?.string else {
                throw .logsParameter("Each of logEvents needs a timestamp and a message.")
            }
            guard events.last.map({ $0.time <= time }) ?? true else {
                throw .logsParameter(
                    "Log events in a single PutLogEvents request must be in chronological order.")
            }
            guard events.first.map({ Int64(time) - $0.time <= Self.batchSpan }) ?? true else {
                throw .logsParameter(
                    "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
            }
            events.append((Int64(time), message))
        }
        return events
    }

    /// The events of a stream, forward or backward from a token.
    func getEvents(_ input: JSON) async throws -> JSON {
        let stream = try await streamID(try stream(input), group: try group(input))
        let token = input["nextToken"]?.string
        let given = token.flatMap { EventPosition($0.dropFirst(2)) }
        let isForward = token.map { $0.hasPrefix("f/") } ?? (input["startFromHead"]?.bool ?? false)
        let end = Int64(input["endTime"]?.int ?? .max)
        let from = Int64(input["startTime"]?.int ?? .min)
        let limit = min(input["limit"]?.int ?? Self.eventLimit, Self.eventLimit)
        let position = given ?? (isForward ? .start : EventPosition(time: .max, id: .max))
        let (comparison, order) = isForward ? (">", "ASC") : ("<", "DESC")
        var events = try await store.read { snapshot in
            try snapshot.all(
                """
                SELECT \(LogEvent.columns) FROM log_event JOIN log_stream ON log_stream.id = stream_id
                WHERE stream_id = ? AND (time, log_event.id) \(comparison) (?, ?) AND time >= ? AND time < ?
                ORDER BY time \(order), log_event.id \(order) LIMIT ?
                """, .integer(stream), .integer(position.time), .integer(position.id), .integer(from), .integer(end),
                .integer(limit)
            ) { LogEvent($0) }
        }
        events = Self.bounded(events)
        if !isForward { events.reverse() }
        // At either end, the token stays the same, by which callers detect the end.
        let forward = events.last?.position ?? position
        let backward = events.first?.position ?? position
        return [
            "events": .array(events.map { .object($0.members) }), "nextForwardToken": .string("f/" + forward.token),
            "nextBackwardToken": .string("b/" + backward.token),
        ]
    }

    /// The events of a group in the order of their times.
    func filterEvents(_ input: JSON) async throws -> JSON {
        let group = try await groupID(try group(input))
        let filter = try input["filterPattern"]?.string.map { text throws(AWSFault) in try LogFilter(text) }
        let names = input["logStreamNames"]?.array.map { Set($0.compactMap(\.string)) }
        let prefix = input["logStreamNamePrefix"]?.string ?? ""
        let position = input["nextToken"]?.string.flatMap { EventPosition($0) } ?? .start
        let limit = min(input["limit"]?.int ?? Self.eventLimit, Self.eventLimit)
        let from = Int64(input["startTime"]?.int ?? .min)
        let end = Int64(input["endTime"]?.int ?? .max)
        var events: [LogEvent] = []
        var size = 0
        var isCut = false
        try await store.read { snapshot in
            try snapshot.scan(
                """
                SELECT \(LogEvent.columns) FROM log_event JOIN log_stream ON log_stream.id = stream_id
                WHERE log_event.group_id = ? AND (time, log_event.id) > (?, ?) AND time >= ? AND time <= ?
                ORDER BY time, log_event.id
                """, .integer(group), .integer(position.time), .integer(position.id),
                .integer(from), .integer(end)
            ) { row in
                let event = LogEvent(row)
                guard names?.contains(event.stream) ?? true, event.stream.hasPrefix(prefix),
                    filter?.matches(event.message) ?? true
                else { return true }
                size += event.message.utf8.count
                isCut = events.count == limit || size > Self.answerLimit && !events.isEmpty
                if !isCut { events.append(event) }
                return !isCut
            }
        }
        let documents = events.map { event -> JSON in
            var members = event.members
            members["logStreamName"] = .string(event.stream)
            members["eventId"] = .string(String(event.id))
            return .object(members)
        }
        var answer: JSONObject = ["events": .array(documents), "searchedLogStreams": []]
        if isCut, let last = events.last { answer["nextToken"] = .string(last.position.token) }
        return .object(answer)
    }

    private static func bounded(_ events: [LogEvent]) -> [LogEvent] {
        var size = 0
        let count = events.prefix { event in
            size += event.message.utf8.count
            return size <= answerLimit
        }.count
        return Array(events.prefix(max(1, count)))
    }
}
