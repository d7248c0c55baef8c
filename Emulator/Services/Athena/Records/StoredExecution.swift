internal import EmulatorCore
internal import JSON
internal import Time

/// A query's execution, from its start on.
struct StoredExecution: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS athena_execution (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, work_group TEXT NOT NULL,
            token TEXT UNIQUE, state TEXT NOT NULL, document TEXT NOT NULL) STRICT;
        """

    enum State: String, Sendable {
        case queued = "QUEUED", running = "RUNNING", succeeded = "SUCCEEDED", failed = "FAILED", cancelled = "CANCELLED"
    }

    let id: String
    let workGroup: String
    let token: String?
    private(set) var state = State.queued
    /// What is kept: AWS's `QueryExecution` without its status, and ``Member``.
    private var document: JSONObject

    private enum Member {
        static let columns = "columns"
        static let completed = "completed"
        static let reason = "reason"
        static let error = "error"
        static let submitted = "submitted"
        static let updateCount = "updateCount"
        static let request = "request"
    }

    /// - Parameter request: what a second request with the same token must be equal to.
    init(
        id: String, workGroup: String, token: String?, request: String, query: String, statementType: String,
        substatementType: String, context: JSONObject, parameters: [String], results: ResultSettings, now: Int64
    ) {
        self.id = id
        self.workGroup = workGroup
        self.token = token
        document = [
            "QueryExecutionId": .string(id), "Query": .string(query), "StatementType": .string(statementType),
            "ResultConfiguration": .object(results.configuration),
            "ResultReuseConfiguration": results.reuse,
            "QueryExecutionContext": .object(context), "WorkGroup": .string(workGroup),
            "EngineVersion": [
                "SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3",
            ],
            "SubstatementType": .string(substatementType),
        ]
        if !parameters.isEmpty { document["ExecutionParameters"] = .array(parameters.map(JSON.string)) }
        document[Member.submitted] = .int(now)
        document[Member.request] = .string(request)
    }

    private init(_ row: borrowing Row) throws {
        id = row.text(0)
        workGroup = row.text(1)
        token = row.textOrNil(2)
        state = State(rawValue: row.text(3)) ?? .failed
        document = try JSON(parsing: row.text(4)).object ?? [:]
    }

    // MARK: Changes

    mutating func begin() { state = .running }

    mutating func succeed(_ columns: [ResultColumn], _ statistics: JSONObject, updateCount: Int? = nil, at time: Int64)
    {
        end(.succeeded, at: time, statistics)
        document[Member.columns] = .array(columns.map(\.document))
        document[Member.updateCount] = updateCount.map { .int($0) }
    }

    /// - Parameter error: Athena's category: 1 system, 2 user, 3 other.
    mutating func fail(
        _ reason: String, category: Int, type: Int, isRetryable: Bool = false, _ statistics: JSONObject, at time: Int64
    ) {
        end(.failed, at: time, statistics)
        document[Member.reason] = .string(reason)
        document[Member.error] = [
            "ErrorCategory": .int(category), "ErrorType": .int(type), "Retryable": .bool(isRetryable),
            "ErrorMessage": .string(reason),
        ]
    }

    mutating func cancel(_ reason: String, _ statistics: JSONObject, at time: Int64) {
        end(.cancelled, at: time, statistics)
        document[Member.reason] = .string(reason)
    }

    /// Takes another execution's results for its own.
    mutating func succeed(reusing earlier: StoredExecution, at time: Int64) {
        var configuration = document["ResultConfiguration"]?.object ?? [:]
        configuration["OutputLocation"] = .string(earlier.outputLocation)
        document["ResultConfiguration"] = .object(configuration)
        succeed(
            earlier.columns,
            [
                "EngineExecutionTimeInMillis": 0, "DataScannedInBytes": 0,
                "TotalExecutionTimeInMillis": .int(time - submittedAt), "QueryQueueTimeInMillis": 0,
                "ServiceProcessingTimeInMillis": 0, "ResultReuseInformation": ["ReusedPreviousResult": true],
            ], at: time)
    }

    private mutating func end(_ state: State, at time: Int64, _ statistics: JSONObject) {
        self.state = state
        document["Statistics"] = .object(statistics)
        document[Member.completed] = .int(time)
    }

    // MARK: What it says

    var isDone: Bool { state != .queued && state != .running }
    var query: String { document["Query"]?.string ?? "" }
    var request: String { document[Member.request]?.string ?? "" }
    var submittedAt: Int64 { document[Member.submitted].flatMap(\.int).map(Int64.init) ?? 0 }
    var outputLocation: String { document["ResultConfiguration"]?["OutputLocation"]?.string ?? "" }
    /// Where the files are listed that a statement has written.
    var manifestLocation: String {
        let location = outputLocation
        return (location.hasSuffix(".csv") ? String(location.dropLast(4)) : location) + "-manifest.csv"
    }

    var columns: [ResultColumn] { (document[Member.columns]?.array ?? []).compactMap(ResultColumn.init) }
    var updateCount: Int? { document[Member.updateCount]?.int }
    var statementType: String { document["StatementType"]?.string ?? "" }
    var failure: String { document[Member.reason]?.string ?? "" }
    var statistics: JSON { document["Statistics"] ?? [:] }

    /// AWS's `QueryExecution`.
    var shown: JSON {
        var shown = document
        var status: JSONObject = ["State": .string(state.rawValue), "SubmissionDateTime": Timestamp.json(submittedAt)]
        if let completed = document[Member.completed]?.int {
            status["CompletionDateTime"] = Timestamp.json(Int64(completed))
        }
        status["StateChangeReason"] = document[Member.reason]
        status["AthenaError"] = document[Member.error]
        shown["Status"] = .object(status)
        if shown["Statistics"] == nil { shown["Statistics"] = [:] }
        for member in [
            Member.columns, Member.completed, Member.reason, Member.error, Member.submitted, Member.updateCount,
            Member.request,
        ] {
            shown[member] = nil
        }
        return .object(shown)
    }

    // MARK: Storage

    private static let columnList = "id, work_group, token, state, document"

    static func find(_ id: String, in snapshot: borrowing Snapshot) throws -> StoredExecution? {
        try snapshot.first("SELECT \(columnList) FROM athena_execution WHERE id = ?", .text(id)) { try Self.init($0) }
    }

    static func find(token: String, in snapshot: borrowing Snapshot) throws -> StoredExecution? {
        try snapshot.first("SELECT \(columnList) FROM athena_execution WHERE token = ?", .text(token)) {
            try Self.init($0)
        }
    }

    /// How far back results are looked for that may be used again.
    private static let reuseDepth = 200

    /// The newest execution of the same query whose results are not older.
    func reusable(since time: Int64, in snapshot: borrowing Snapshot) throws -> StoredExecution? {
        let found = try snapshot.all(
            """
            SELECT \(Self.columnList) FROM athena_execution WHERE work_group = ? AND state = 'SUCCEEDED' \
            ORDER BY number DESC LIMIT \(Self.reuseDepth)
            """, .text(workGroup)
        ) { try Self.init($0) }
        return found.first { other in
            ["Query", "QueryExecutionContext", "ExecutionParameters", "SubstatementType"].allSatisfy {
                document[$0] == other.document[$0]
            } && other.document[Member.completed]?.int.map { Int64($0) >= time } ?? false
        }
    }

    /// Those that have not ended.
    static func open(in snapshot: borrowing Snapshot) throws -> [StoredExecution] {
        try snapshot.all("SELECT \(columnList) FROM athena_execution WHERE state IN ('QUEUED', 'RUNNING')") {
            try Self.init($0)
        }
    }

    /// The numbers and IDs of a work group's executions, the newest first.
    static func ids(
        of workGroup: String, before number: Int64, limit: Int, in snapshot: borrowing Snapshot
    ) throws -> [(number: Int64, id: String)] {
        try snapshot.all(
            "SELECT number, id FROM athena_execution WHERE work_group = ? AND number < ? ORDER BY number DESC LIMIT ?",
            .text(workGroup), .integer(number), .integer(limit)
        ) { ($0.integer(0), $0.text(1)) }
    }

    func insert(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT INTO athena_execution (id, work_group, token, state, document) VALUES (?, ?, ?, ?, ?)", .text(id),
            .text(workGroup), .text(token), .text(state.rawValue), .text(JSON.object(document).text))
    }

    /// Writes the state, unless the execution has ended already.
    /// - Returns: whether it was written.
    @discardableResult
    func save(in transaction: borrowing Transaction) throws -> Bool {
        try transaction.execute(
            "UPDATE athena_execution SET state = ?, document = ? WHERE id = ? AND state IN ('QUEUED', 'RUNNING')",
            .text(state.rawValue), .text(JSON.object(document).text), .text(id)) == 1
    }
}
