internal import EmulatorCore
internal import JSON

/// A stack as the emulator stores it.
struct StackRecord: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS cloudformation_stack (
            name TEXT PRIMARY KEY, template TEXT NOT NULL, file TEXT NOT NULL, parameters TEXT NOT NULL,
            outputs TEXT NOT NULL, resources TEXT NOT NULL, status TEXT NOT NULL, reason TEXT,
            created_at INTEGER NOT NULL) STRICT;
        """
    private static let columns = "name, template, file, parameters, outputs, resources, status, reason, created_at"

    let name: String
    /// The template's text; empty while the stack is only planned.
    var template = ""
    /// The name of the template in errors, and the base of its relative paths.
    var file = ""
    var parameters = JSONObject()
    var outputs = JSONObject()
    var resources: [StackResource] = []
    var status = Status.reviewInProgress
    var reason: String?
    var createdAt: Int64

    /// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html>
    enum Status: String, Sendable {
        case reviewInProgress = "REVIEW_IN_PROGRESS"
        case createInProgress = "CREATE_IN_PROGRESS"
        case createComplete = "CREATE_COMPLETE"
        case createFailed = "CREATE_FAILED"
        case rollbackComplete = "ROLLBACK_COMPLETE"
        case rollbackFailed = "ROLLBACK_FAILED"
        case updateInProgress = "UPDATE_IN_PROGRESS"
        case updateComplete = "UPDATE_COMPLETE"
        case updateFailed = "UPDATE_FAILED"
        case updateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE"
        case updateRollbackFailed = "UPDATE_ROLLBACK_FAILED"
        case deleteFailed = "DELETE_FAILED"

        var isInProgress: Bool { self == .createInProgress || self == .updateInProgress }
        /// Whether at least some of the stack's resources were created.
        var exists: Bool { self != .reviewInProgress }
    }

    init(name: String, createdAt: Int64) {
        self.name = name
        self.createdAt = createdAt
    }

    static func all(in snapshot: borrowing Snapshot) throws -> [StackRecord] {
        try snapshot.all("SELECT \(columns) FROM cloudformation_stack ORDER BY name") { row in try StackRecord(row) }
    }

    static func named(_ name: String, in snapshot: borrowing Snapshot) throws -> StackRecord? {
        try snapshot.first("SELECT \(columns) FROM cloudformation_stack WHERE name = ?", .text(name)) { row in
            try StackRecord(row)
        }
    }

    private init(_ row: borrowing Row) throws {
        name = row.text(0)
        template = row.text(1)
        file = row.text(2)
        parameters = try JSON(parsing: row.text(3)).object ?? [:]
        outputs = try JSON(parsing: row.text(4)).object ?? [:]
        resources = (try JSON(parsing: row.text(5)).array ?? []).map(StackResource.init)
        status = Status(rawValue: row.text(6)) ?? .createFailed
        reason = row.textOrNil(7)
        createdAt = row.integer(8)
    }

    static func delete(_ name: String, in transaction: borrowing Transaction) throws {
        try transaction.execute("DELETE FROM cloudformation_stack WHERE name = ?", .text(name))
    }

    func save(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO cloudformation_stack VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", .text(name),
            .text(template), .text(file), .text(JSON.object(parameters).text), .text(JSON.object(outputs).text),
            .text(JSON.array(resources.map(\.json)).text), .text(status.rawValue), .text(reason), .integer(createdAt))
    }
}
