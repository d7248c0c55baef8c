internal import EmulatorCore
internal import JSON

/// What the emulator keeps of a stack beside ``StackRecord``.
struct StackDetail: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS cloudformation_detail (stack TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
        """

    var tags = JSONObject()
    var capabilities: [String] = []
    var exports: [StackExport] = []
    /// The names of the exports of other stacks that the stack uses.
    var imports: [String] = []
    var rollsBack = false
    var updatedAt: Int64?

    init() {}

    private init(_ document: JSON) {
        tags = document["Tags"]?.object ?? [:]
        capabilities = (document["Capabilities"]?.array ?? []).compactMap(\.string)
        exports = (document["Exports"]?.array ?? []).map {
            StackExport(
                output: $0["Output"]?.string ?? "", name: $0["Name"]?.string ?? "", value: $0["Value"]?.string ?? "")
        }
        imports = (document["Imports"]?.array ?? []).compactMap(\.string)
        rollsBack = document["RollsBack"]?.bool ?? false
        updatedAt = document["UpdatedAt"]?.int.map(Int64.init)
    }

    private var document: JSON {
        var document: JSONObject = [
            "Tags": .object(tags), "Capabilities": .array(capabilities.map { .string($0) }),
            "Exports": .array(
                exports.map {
                    ["Output": .string($0.output), "Name": .string($0.name), "Value": .string($0.value)]
                }),
            "Imports": .array(imports.map { .string($0) }), "RollsBack": .bool(rollsBack),
        ]
        document["UpdatedAt"] = updatedAt.map { .int($0) }
        return .object(document)
    }

    static func all(in snapshot: borrowing Snapshot) throws -> [String: StackDetail] {
        var details: [String: StackDetail] = [:]
        try snapshot.query("SELECT stack, document FROM cloudformation_detail") { row in
            details[row.text(0)] = StackDetail((try? JSON(parsing: row.text(1))) ?? [:])
        }
        return details
    }

    func save(_ stack: String, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO cloudformation_detail VALUES (?, ?)", .text(stack), .text(document.text))
    }

    static func delete(_ stack: String, in transaction: borrowing Transaction) throws {
        try transaction.execute("DELETE FROM cloudformation_detail WHERE stack = ?", .text(stack))
    }
}

/// Something that happened to a stack or to a resource of it.
struct StackEvent: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS cloudformation_event (
            id INTEGER PRIMARY KEY AUTOINCREMENT, stack TEXT NOT NULL, time INTEGER NOT NULL, logical_id TEXT NOT NULL,
            physical_id TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL, reason TEXT) STRICT;
        """
    static let stackType = "AWS::CloudFormation::Stack"

    let logicalID: String
    let physicalID: String
    let type: String
    let status: String
    var reason: String?
    var id: Int64 = 0
    var time: Int64 = 0

    func save(_ stack: String, at now: Int64, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            """
            INSERT INTO cloudformation_event (stack, time, logical_id, physical_id, type, status, reason)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """, .text(stack), .integer(now), .text(logicalID), .text(physicalID), .text(type), .text(status),
            .text(reason))
    }

    /// The events of a stack, the newest first.
    static func all(of stack: String, in snapshot: borrowing Snapshot) throws -> [StackEvent] {
        try snapshot.all(
            """
            SELECT id, time, logical_id, physical_id, type, status, reason FROM cloudformation_event
            WHERE stack = ? ORDER BY id DESC
            """, .text(stack)
        ) { row in
            StackEvent(
                logicalID: row.text(2), physicalID: row.text(3), type: row.text(4), status: row.text(5),
                reason: row.textOrNil(6), id: row.integer(0), time: row.integer(1))
        }
    }

    static func deleteAll(of stack: String, in transaction: borrowing Transaction) throws {
        try transaction.execute("DELETE FROM cloudformation_event WHERE stack = ?", .text(stack))
    }
}
