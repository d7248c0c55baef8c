internal import EmulatorCore
internal import JSON

/// Applications and job runs in the store.
struct JobStore: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS emr_application (id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, document BLOB NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS emr_job_run (
            id TEXT PRIMARY KEY, application TEXT NOT NULL, token TEXT, is_final INTEGER NOT NULL, created_at INTEGER NOT NULL,
            document BLOB NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS emr_job_run_age ON emr_job_run (application, created_at);
        CREATE UNIQUE INDEX IF NOT EXISTS emr_job_run_token ON emr_job_run (application, token);
        """

    let store: Store

    func save(_ application: Application) async throws {
        try await store.write { transaction in
            try transaction.execute(
                "INSERT INTO emr_application VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET document = excluded.document",
                .text(application.id), .integer(application.createdAt), .blob(application.stored.bytes))
        }
    }

    /// Oldest first.
    func applications() throws -> [Application] {
        try store.read { snapshot in
            try snapshot.all("SELECT document FROM emr_application ORDER BY created_at, id") { row in
                Application(stored: try JSON(parsing: row.blob(0)))
            }.compactMap { $0 }
        }
    }

    func save(_ job: JobRun) async throws {
        try await store.write { transaction in
            try transaction.execute(
                """
                INSERT INTO emr_job_run VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET is_final = excluded.is_final, document = excluded.document
                """, .text(job.id), .text(job.applicationID),
                job.request["clientToken"]?.string.map { .text($0) } ?? .null,
                .integer(job.state.isFinal ? 1 : 0), .integer(job.createdAt), .blob(job.stored.bytes))
        }
    }

    func job(_ id: String) throws -> JobRun? {
        try store.read { snapshot in
            try snapshot.first("SELECT document FROM emr_job_run WHERE id = ?", .text(id)) { row in
                JobRun(stored: try JSON(parsing: row.blob(0)))
            } ?? nil
        }
    }

    /// The run that a client has started with the token.
    func job(token: String, of application: String) throws -> JobRun? {
        try store.read { snapshot in
            try snapshot.first(
                "SELECT document FROM emr_job_run WHERE application = ? AND token = ?", .text(application), .text(token)
            ) { row in JobRun(stored: try JSON(parsing: row.blob(0))) } ?? nil
        }
    }

    /// Newest first.
    func jobs(of application: String) throws -> [JobRun] {
        try store.read { snapshot in
            try snapshot.all(
                "SELECT document FROM emr_job_run WHERE application = ? ORDER BY created_at DESC, id DESC",
                .text(application)
            ) { JobRun(stored: try JSON(parsing: $0.blob(0))) }.compactMap { $0 }
        }
    }

    func unfinished() throws -> [JobRun] {
        try store.read { snapshot in
            try snapshot.all("SELECT document FROM emr_job_run WHERE is_final = 0") { row in
                JobRun(stored: try JSON(parsing: row.blob(0)))
            }.compactMap { $0 }
        }
    }
}
