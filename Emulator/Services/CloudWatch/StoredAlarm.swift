internal import EmulatorCore
internal import JSON
internal import Time

/// An alarm in the store: what was put, and the state that it is in.
struct StoredAlarm: Sendable {
    static let schema = [
        """
        CREATE TABLE IF NOT EXISTS cloudwatch_alarm (
            name TEXT PRIMARY KEY, document TEXT NOT NULL, tags TEXT NOT NULL, changed_at INTEGER NOT NULL,
            state TEXT NOT NULL, reason TEXT NOT NULL, data TEXT, state_at INTEGER NOT NULL) STRICT;
        """,
        """
        CREATE TABLE IF NOT EXISTS cloudwatch_history (
            id INTEGER PRIMARY KEY AUTOINCREMENT, alarm TEXT NOT NULL, time INTEGER NOT NULL, type TEXT NOT NULL,
            summary TEXT NOT NULL, data TEXT NOT NULL) STRICT;
        """,
    ]

    enum State: String, Sendable {
        case ok = "OK"
        case alarm = "ALARM"
        case insufficientData = "INSUFFICIENT_DATA"

        /// The member with the actions for this state.
        var actions: String {
            switch self {
            case .ok: "OKActions"
            case .alarm: "AlarmActions"
            case .insufficientData: "InsufficientDataActions"
            }
        }
    }

    let name: String
    /// The members of PutMetricAlarm.
    var document: JSONObject
    var tags: JSONObject
    var changedAt: Int64
    var state = State.insufficientData
    var reason = "Unchecked: Initial alarm creation"
    /// JSON text.
    var reasonData: String?
    var stateAt: Int64

    private static let columns = "name, document, tags, changed_at, state, reason, data, state_at"

    init(name: String, document: JSONObject, tags: JSONObject, at now: Int64) {
        self.name = name
        self.document = document
        self.tags = tags
        changedAt = now
        stateAt = now
    }

    private init(_ row: borrowing Row) {
        name = row.text(0)
        document = (try? JSON(parsing: row.text(1)))?.object ?? [:]
        tags = (try? JSON(parsing: row.text(2)))?.object ?? [:]
        changedAt = row.integer(3)
        state = State(rawValue: row.text(4)) ?? .insufficientData
        reason = row.text(5)
        reasonData = row.textOrNil(6)
        stateAt = row.integer(7)
    }

    static func find(_ name: String, in snapshot: borrowing Snapshot) throws -> StoredAlarm? {
        try snapshot.first("SELECT \(columns) FROM cloudwatch_alarm WHERE name = ?", .text(name)) { StoredAlarm($0) }
    }

    static func all(in snapshot: borrowing Snapshot) throws -> [StoredAlarm] {
        try snapshot.all("SELECT \(columns) FROM cloudwatch_alarm ORDER BY name") { StoredAlarm($0) }
    }

    func save(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO cloudwatch_alarm VALUES (?, ?, ?, ?, ?, ?, ?, ?)", .text(name),
            .text(JSON.object(document).text), .text(JSON.object(tags).text), .integer(changedAt),
            .text(state.rawValue), .text(reason), .text(reasonData), .integer(stateAt))
    }

    func record(
        _ type: String, _ summary: String, _ data: JSON, at now: Int64, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            "INSERT INTO cloudwatch_history (alarm, time, type, summary, data) VALUES (?, ?, ?, ?, ?)", .text(name),
            .integer(now), .text(type), .text(summary), .text(data.text))
    }

    func arn(in account: Account) -> String { account.arn("cloudwatch", "alarm:\(name)") }

    var sendsActions: Bool { document["ActionsEnabled"]?.looseBool ?? true }

    /// As DescribeAlarms answers it.
    func description(in account: Account) -> JSON {
        var answer: JSONObject = ["AlarmName": .string(name), "AlarmArn": .string(arn(in: account))]
        for (name, value) in document { answer[name] = value }
        answer["ActionsEnabled"] = .bool(sendsActions)
        for list in ["OKActions", "AlarmActions", "InsufficientDataActions"] { answer[list] = document[list] ?? [] }
        if answer["Metrics"] == nil { answer["Dimensions"] = document["Dimensions"] ?? [] }
        answer["AlarmConfigurationUpdatedTimestamp"] = Timestamp.json(changedAt)
        answer["StateValue"] = .string(state.rawValue)
        answer["StateReason"] = .string(reason)
        answer["StateReasonData"] = reasonData.map { .string($0) }
        answer["StateUpdatedTimestamp"] = Timestamp.json(stateAt)
        answer["StateTransitionedTimestamp"] = Timestamp.json(stateAt)
        return .object(answer)
    }
}
