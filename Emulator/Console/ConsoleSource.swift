package import JSON

/// What the console knows of a pipeline: every answer is a document of the API, and comes from AWS's own APIs.
///
/// The calls block their thread.
package protocol ConsoleSource: Sendable {
    /// Counts of each stage, queues and streams.
    func flow() throws(ConsoleFault) -> JSON
    func files(_ filter: FileFilter) throws(ConsoleFault) -> JSON
    /// A file from its raw object to the gold tables that read it.
    func file(_ id: String) throws(ConsoleFault) -> JSON
    /// The log lines of a function around one invocation or time.
    func log(_ request: LogRequest) throws(ConsoleFault) -> JSON
    func executions(machine: String?, status: String?, limit: Int) throws(ConsoleFault) -> JSON
    func execution(_ arn: String) throws(ConsoleFault) -> JSON
    func tables() throws(ConsoleFault) -> JSON
    func table(_ name: String) throws(ConsoleFault) -> JSON
    /// Answers SQL as `cupel query` does, at most `limit` rows.
    func query(_ statement: String, limit: Int) throws(ConsoleFault) -> JSON
    /// All rows of a query, as a Parquet file in base64.
    func parquet(_ statement: String) throws(ConsoleFault) -> JSON
    func quarantine(table: String?, limit: Int) throws(ConsoleFault) -> JSON
    func lineage() throws(ConsoleFault) -> JSON
    func streams() throws(ConsoleFault) -> JSON
    func cost() throws(ConsoleFault) -> JSON
    /// Replays records, or says what a replay would do.
    func replay(_ request: ReplayRequest) throws(ConsoleFault) -> JSON
    /// Starts a failed execution again from where it failed.
    func redrive(_ arn: String) throws(ConsoleFault) -> JSON
    /// What a contract would say of rows in quarantine.
    func tryContract(_ text: String, quarantineKey: String) throws(ConsoleFault) -> JSON
}

/// Which control records a list has.
package struct FileFilter: Sendable, Hashable {
    package var layer = "bronze"
    package var table: String?
    package var status: String?
    /// A time, or how long ago, as `cupel status --since` takes it.
    package var since: String?
    /// A part of the key, the ID or the error.
    package var text: String?
    package var limit = 100
    /// The `next` of the page before.
    package var after: String?

    package init() {}
}

/// Which lines of a log are wanted.
package struct LogRequest: Sendable, Hashable {
    package var function: String
    package var isTask = false
    /// Lines of this invocation alone.
    package var requestID: String?
    /// In milliseconds since 1970.
    package var from: Int?
    package var to: Int?
    package var limit = 200

    package init(function: String) { self.function = function }
}

/// Which records to replay.
package struct ReplayRequest: Sendable, Hashable {
    package var ids: [String]
    package var isDryRun: Bool
    package var isForced: Bool

    package init(ids: [String], isDryRun: Bool, isForced: Bool) {
        self.ids = ids
        self.isDryRun = isDryRun
        self.isForced = isForced
    }
}
