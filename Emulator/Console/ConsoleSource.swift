package import JSON

/// What the console knows of a pipeline: every answer is a document of the API, and comes from AWS's own APIs.
///
/// The calls block their thread.
package protocol ConsoleSource: Sendable {
    /// Counts of each stage, queues and streams, and the parts of the picture.
    ///
    /// - Parameter patience: how long to wait for them at most; the answer then has those that were read last and `is_old`, or
    ///   `is_counting`. Nil waits for as long as it takes.
    func flow(patience: Duration?) throws(ConsoleFault) -> JSON
    /// A part of the picture: its records, its function, its alarms.
    func part(_ name: String) throws(ConsoleFault) -> JSON
    func files(_ filter: FileFilter) throws(ConsoleFault) -> JSON
    /// A file from its raw object to the gold tables that read it.
    func file(_ id: String) throws(ConsoleFault) -> JSON
    /// The log lines of a function around one invocation or time.
    func log(_ request: LogRequest) throws(ConsoleFault) -> JSON
    func executions(_ filter: ExecutionFilter) throws(ConsoleFault) -> JSON
    func execution(_ arn: String) throws(ConsoleFault) -> JSON
    /// - Parameter patience: how long to wait for the days, which are counted: as for ``flow(patience:)``.
    func tables(patience: Duration?) throws(ConsoleFault) -> JSON
    func table(_ name: String) throws(ConsoleFault) -> JSON
    /// Answers SQL as `cupel query` does, at most `limit` rows.
    func query(_ statement: String, limit: Int) throws(ConsoleFault) -> JSON
    /// All rows of a query, as a Parquet file in base64.
    func parquet(_ statement: String) throws(ConsoleFault) -> JSON
    func quarantine(table: String?, limit: Int) throws(ConsoleFault) -> JSON
    func lineage() throws(ConsoleFault) -> JSON
    func streams() throws(ConsoleFault) -> JSON
    /// - Parameter patience: as for ``flow(patience:)``.
    func cost(patience: Duration?) throws(ConsoleFault) -> JSON
    /// Replays records, or says what a replay would do.
    func replay(_ request: ReplayRequest) throws(ConsoleFault) -> JSON
    /// Starts a failed execution again from where it failed.
    func redrive(_ arn: String) throws(ConsoleFault) -> JSON
    /// Starts another execution with the input of one.
    func rerun(_ arn: String) throws(ConsoleFault) -> JSON
    /// Starts a state machine of the pipeline, as its schedule does.
    func start(machine: String) throws(ConsoleFault) -> JSON
    /// What a contract would say of rows in quarantine.
    func tryContract(_ text: String, quarantineKey: String) throws(ConsoleFault) -> JSON
    /// Puts a contract in force.
    func publish(contract text: String) throws(ConsoleFault) -> JSON
    /// How far records are that were replayed.
    func progress(of ids: [String]) throws(ConsoleFault) -> JSON
    /// Lines of a table's raw files that have a value.
    func rawLines(_ request: RawLineRequest) throws(ConsoleFault) -> JSON
}

/// Which control records a list has.
package struct FileFilter: Sendable, Hashable {
    package var layer = "bronze"
    package var table: String?
    package var status: String?
    /// A time, or how long ago, as `cupel status --since` takes it.
    package var since: String?
    /// A part of the key, the ID or the error: as it is there, or in lower case, capitals or with a capital first letter.
    package var text: String?
    /// The day on which the file arrived: `2026-11-30`.
    package var day: String?
    /// Nil sorts what fits a page of the index by its time, and leaves more in the index's order.
    package var sort: Sort?
    package var isAscending = false
    package var limit = 100
    /// The `next` of the page before.
    package var after: String?

    package init() {}

    /// What records are sorted by.
    package enum Sort: String, Sendable, CaseIterable {
        case changed, arrived, status, table, file, size, read, written, quarantined, tries, took, error
    }
}

/// Which executions a list has.
package struct ExecutionFilter: Sendable, Hashable {
    /// A state machine's name, without the pipeline's prefix.
    package var machine: String?
    package var status: String?
    /// The ARN of a map run, for its child executions.
    package var mapRun: String?
    package var limit = 100

    package init() {}
}

/// Which lines of a log are wanted.
package struct LogRequest: Sendable, Hashable {
    package var function: String
    package var isTask = false
    /// Lines of this invocation alone.
    package var requestID: String?
    /// Lines that have this text, such as a control ID.
    package var text: String?
    /// In milliseconds since 1970.
    package var from: Int?
    package var to: Int?
    package var limit = 200

    package init(function: String) { self.function = function }
}

/// Which lines of raw files are wanted.
package struct RawLineRequest: Sendable, Hashable {
    package var table: String
    /// A value as it is in the file.
    package var text: String
    /// The file of one control record alone.
    package var id: String?
    package var limit = 20

    package init(table: String, text: String) {
        self.table = table
        self.text = text
    }
}

/// Which records to replay.
package struct ReplayRequest: Sendable, Hashable {
    /// None if the filter chooses them.
    package var ids: [String]
    /// All records that a list with this filter has.
    package var filter: FileFilter?
    package var isDryRun: Bool
    package var isForced: Bool

    package init(ids: [String], filter: FileFilter? = nil, isDryRun: Bool, isForced: Bool) {
        self.ids = ids
        self.filter = filter
        self.isDryRun = isDryRun
        self.isForced = isForced
    }
}
