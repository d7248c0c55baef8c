internal import EmulatorCore
internal import JSON

/// The planned changes of a stack, which can be reviewed before they are executed.
struct ChangeSet: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS cloudformation_change_set (
            stack TEXT NOT NULL, name TEXT NOT NULL, template TEXT NOT NULL, file TEXT NOT NULL, parameters TEXT NOT NULL,
            changes TEXT NOT NULL, reason TEXT, is_executed INTEGER NOT NULL, created_at INTEGER NOT NULL,
            PRIMARY KEY (stack, name)) STRICT;
        """

    let stack: String
    let name: String
    let template: String
    let file: String
    let parameters: JSONObject
    let changes: [Change]
    /// Why the change set cannot be executed; nil if it can.
    let reason: String?
    let createdAt: Int64
    var isExecuted = false

    struct Change: Sendable, Hashable {
        enum Action: String, Sendable {
            case add = "Add"
            case modify = "Modify"
            case remove = "Remove"
        }
        let action: Action
        let logicalID: String
        let type: String
    }

    /// - Parameter current: the existing stack, or nil.
    init(
        stack: String, name: String, template: String, file: String, parameters: JSONObject, current: StackRecord?,
        at createdAt: Int64
    ) throws(AWSFault) {
        self.stack = stack
        self.name = name
        self.template = template
        self.file = file
        self.parameters = parameters
        self.createdAt = createdAt
        let wanted: [String: TemplateDigest]
        let present: [String: TemplateDigest]
        do throws(TemplateError) {
            wanted = try TemplateDigest.resources(of: template, file: file, with: parameters)
            present =
                if let current {
                    try TemplateDigest.resources(of: current.template, file: current.file, with: current.parameters)
                } else { [:] }
        } catch { throw AWSFault("ValidationError", "Template error: \(error)") }
        // Any resource may depend on a parameter, so a changed parameter may change them all.
        let isParametrised = current.map { $0.parameters != parameters } ?? false
        var changes: [Change] = []
        for (logicalID, resource) in wanted {
            if let known = present[logicalID] {
                guard known != resource || isParametrised else { continue }
                changes.append(Change(action: .modify, logicalID: logicalID, type: resource.type))
            } else {
                changes.append(Change(action: .add, logicalID: logicalID, type: resource.type))
            }
        }
        for (logicalID, resource) in present where wanted[logicalID] == nil {
            changes.append(Change(action: .remove, logicalID: logicalID, type: resource.type))
        }
        self.changes = changes.sorted { $0.logicalID < $1.logicalID }
        reason =
            changes.isEmpty
            ? "The submitted information didn't contain changes. Submit different information to create a change set."
            : nil
    }
}

extension ChangeSet {
    static func named(_ name: String, of stack: String, in snapshot: borrowing Snapshot) throws -> ChangeSet? {
        try snapshot.first(
            """
            SELECT stack, name, template, file, parameters, changes, reason, is_executed, created_at
            FROM cloudformation_change_set WHERE stack = ? AND name = ?
            """, .text(stack), .text(name)
        ) { row in
            ChangeSet(
                stack: row.text(0), name: row.text(1), template: row.text(2), file: row.text(3),
                parameters: try JSON(parsing: row.text(4)).object ?? [:],
                changes: (try JSON(parsing: row.text(5)).array ?? []).compactMap(Change.init),
                reason: row.textOrNil(6), createdAt: row.integer(8), isExecuted: row.int(7) == 1)
        }
    }

    /// The change sets of a stack, by name.
    static func all(of stack: String, in snapshot: borrowing Snapshot) throws -> [ChangeSet] {
        let names = try snapshot.all(
            "SELECT name FROM cloudformation_change_set WHERE stack = ? ORDER BY name", .text(stack)
        ) { $0.text(0) }
        var sets: [ChangeSet] = []
        for name in names {
            if let found = try named(name, of: stack, in: snapshot) { sets.append(found) }
        }
        return sets
    }

    static func deleteAll(of stack: String, in transaction: borrowing Transaction) throws {
        try transaction.execute("DELETE FROM cloudformation_change_set WHERE stack = ?", .text(stack))
    }

    func save(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO cloudformation_change_set VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", .text(stack),
            .text(name), .text(template), .text(file), .text(JSON.object(parameters).text),
            .text(JSON.array(changes.map(\.json)).text), .text(reason), .integer(isExecuted ? 1 : 0),
            .integer(createdAt))
    }

    private init(
        stack: String, name: String, template: String, file: String, parameters: JSONObject, changes: [Change],
        reason: String?, createdAt: Int64, isExecuted: Bool
    ) {
        self.stack = stack
        self.name = name
        self.template = template
        self.file = file
        self.parameters = parameters
        self.changes = changes
        self.reason = reason
        self.createdAt = createdAt
        self.isExecuted = isExecuted
    }
}

extension ChangeSet.Change {
    fileprivate init?(_ json: JSON) {
        guard let action = json["action"]?.string.flatMap(Action.init), let logicalID = json["id"]?.string,
            let type = json["type"]?.string
        else { return nil }
        self.init(action: action, logicalID: logicalID, type: type)
    }

    fileprivate var json: JSON {
        ["action": .string(action.rawValue), "id": .string(logicalID), "type": .string(type)]
    }
}
