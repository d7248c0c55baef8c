internal import EmulatorCore
internal import JSON

/// Clusters, task definitions and tasks in the store.
struct TaskStore: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS ecs_cluster (name TEXT PRIMARY KEY) STRICT;
        CREATE TABLE IF NOT EXISTS ecs_task_definition (
            family TEXT NOT NULL, revision INTEGER NOT NULL, declaration BLOB NOT NULL,
            PRIMARY KEY (family, revision)) STRICT;
        CREATE TABLE IF NOT EXISTS ecs_task (
            arn TEXT PRIMARY KEY, family TEXT NOT NULL, status TEXT NOT NULL, created_at INTEGER NOT NULL,
            document BLOB NOT NULL, request BLOB NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS ecs_task_age ON ecs_task (created_at);
        """

    /// How long stopped tasks are described, in milliseconds. This is longer than ECS's hour, for a later look.
    static let memory: Int64 = 24 * 3_600_000

    let store: Store

    // MARK: Clusters and definitions

    func addCluster(_ name: String) async throws {
        try await store.write { try $0.execute("INSERT OR IGNORE INTO ecs_cluster VALUES (?)", .text(name)) }
    }

    func removeCluster(_ name: String) async throws {
        try await store.write { try $0.execute("DELETE FROM ecs_cluster WHERE name = ?", .text(name)) }
    }

    func clusters() throws -> [String] {
        try store.read { try $0.all("SELECT name FROM ecs_cluster ORDER BY name") { $0.text(0) } }
    }

    /// Adds a revision, unless the newest one is equal.
    func register(_ declaration: JSONObject) async throws -> TaskDefinition {
        // Check before storing.
        let family = try TaskDefinition(declaration, revision: 0).family
        return try await store.write { transaction in
            let newest = try Self.newest(of: family, in: transaction.snapshot)
            if let newest, newest.declaration == declaration { return newest }
            let definition = try TaskDefinition(declaration, revision: (newest?.revision ?? 0) + 1)
            try transaction.execute(
                "INSERT INTO ecs_task_definition VALUES (?, ?, ?)", .text(family), .integer(definition.revision),
                .blob(JSON.object(declaration).bytes))
            return definition
        }
    }

    private static func newest(of family: String, in snapshot: borrowing Snapshot) throws -> TaskDefinition? {
        try snapshot.first(
            """
            SELECT revision, declaration FROM ecs_task_definition WHERE family = ? ORDER BY revision DESC LIMIT 1
            """, .text(family), row: definition) ?? nil
    }

    private static func definition(_ row: borrowing Row) throws -> TaskDefinition? {
        guard case .object(let declaration) = try JSON(parsing: row.blob(1)) else { return nil }
        return try TaskDefinition(declaration, revision: row.int(0))
    }

    /// - Parameter revision: nil means the newest.
    func definition(_ family: String, revision: Int?) throws -> TaskDefinition? {
        try store.read { snapshot in
            guard let revision else { return try Self.newest(of: family, in: snapshot) }
            return try snapshot.first(
                "SELECT revision, declaration FROM ecs_task_definition WHERE family = ? AND revision = ?",
                .text(family), .integer(revision), row: Self.definition) ?? nil
        }
    }

    func definitions() throws -> [(family: String, revision: Int)] {
        try store.read { snapshot in
            try snapshot.all("SELECT family, revision FROM ecs_task_definition ORDER BY family, revision") { row in
                (row.text(0), row.int(1))
            }
        }
    }

    // MARK: Tasks

    func save(_ task: TaskRecord) async throws {
        try await store.write { transaction in
            try transaction.execute(
                """
                INSERT INTO ecs_task VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (arn)
                DO UPDATE SET status = excluded.status, document = excluded.document
                """, .text(task.arn), .text(task.family), .text(task.status), .integer(task.createdAt),
                .blob(task.document.bytes), .blob(task.request.bytes))
        }
    }

    func task(_ arn: String) throws -> TaskRecord? {
        try store.read { snapshot in
            try snapshot.first("SELECT document, request, family FROM ecs_task WHERE arn = ?", .text(arn)) { row in
                try Self.task(row)
            } ?? nil
        }
    }

    /// Newest first.
    func tasks(limit: Int = 1000) throws -> [TaskRecord] {
        try store.read { snapshot in
            try snapshot.all(
                "SELECT document, request, family FROM ecs_task ORDER BY created_at DESC LIMIT ?", .integer(limit)
            ) { try Self.task($0) }.compactMap { $0 }
        }
    }

    private static func task(_ row: borrowing Row) throws -> TaskRecord? {
        TaskRecord(try JSON(parsing: row.blob(0)), request: try JSON(parsing: row.blob(1)), family: row.text(2))
    }

    /// Marks the tasks that ran when the emulator ended as stopped, and deletes old tasks.
    func stopOrphans(at time: Int64) async throws {
        let orphans = try store.read { snapshot in
            try snapshot.all("SELECT document, request, family FROM ecs_task WHERE status <> 'STOPPED'") {
                try Self.task($0)
            }.compactMap { $0 }
        }
        for var task in orphans {
            for position in task.containers.indices where task.containers[position].exitCode == nil {
                task.containers[position].exitCode = 137
            }
            task.stop(
                at: time, code: "EssentialContainerExited",
                reason: "The emulator stopped while the task ran; its processes ended with it.")
            try await save(task)
        }
        try await store.write { transaction in
            try transaction.execute("DELETE FROM ecs_task WHERE created_at < ?", .integer(time - Self.memory))
        }
    }
}
