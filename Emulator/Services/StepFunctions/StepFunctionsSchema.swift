internal import EmulatorCore

extension StepFunctionsService {
    /// The tables. The definition of a state machine is in its revisions, so that executions keep the one they started
    /// with. The log of an execution has its inputs and the resulting history, in the order of commits.
    package static let schema = [
        """
        CREATE TABLE IF NOT EXISTS state_machines (
            id INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL UNIQUE, name TEXT NOT NULL, type TEXT NOT NULL,
            created_at INTEGER NOT NULL, revision INTEGER NOT NULL, next_version INTEGER NOT NULL DEFAULT 1);
        CREATE TABLE IF NOT EXISTS state_machine_revisions (
            id INTEGER PRIMARY KEY AUTOINCREMENT, revision_id TEXT, definition TEXT NOT NULL, role TEXT NOT NULL,
            logging TEXT NOT NULL, tracing TEXT NOT NULL, updated_at INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS state_machine_versions (
            machine INTEGER NOT NULL, number INTEGER NOT NULL, revision INTEGER NOT NULL, description TEXT,
            created_at INTEGER NOT NULL, PRIMARY KEY (machine, number)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS state_machine_aliases (
            arn TEXT PRIMARY KEY, machine INTEGER NOT NULL, name TEXT NOT NULL, description TEXT, routing TEXT NOT NULL,
            created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS state_tags (
            resource TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (resource, name))
            WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS activities (
            arn TEXT PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS executions (
            id INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL UNIQUE, name TEXT NOT NULL, machine INTEGER NOT NULL,
            machine_arn TEXT NOT NULL, version_arn TEXT, alias_arn TEXT, revision INTEGER NOT NULL, status TEXT NOT NULL,
            input TEXT NOT NULL, output TEXT, error TEXT, cause TEXT, started_at INTEGER NOT NULL, stopped_at INTEGER);
        CREATE INDEX IF NOT EXISTS executions_of_machine ON executions (machine, status);
        CREATE INDEX IF NOT EXISTS executions_running ON executions (id) WHERE status = 'RUNNING';
        CREATE TABLE IF NOT EXISTS express_executions (
            arn TEXT PRIMARY KEY, name TEXT NOT NULL, machine_arn TEXT NOT NULL, revision INTEGER NOT NULL,
            input TEXT NOT NULL, started_at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS execution_log (
            execution INTEGER NOT NULL, sequence INTEGER NOT NULL, inputs TEXT NOT NULL, last_event INTEGER NOT NULL,
            events TEXT NOT NULL, PRIMARY KEY (execution, sequence)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS execution_redrives (
            execution INTEGER NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, token TEXT,
            PRIMARY KEY (execution, number)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS map_runs (
            arn TEXT PRIMARY KEY, execution TEXT NOT NULL, status TEXT NOT NULL, started_at INTEGER NOT NULL,
            stopped_at INTEGER, report TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS map_runs_of_execution ON map_runs (execution);
        """
    ]
}
