internal import Control
internal import JSON
internal import LambdaRuntime
internal import Time

/// The tables with bronze files that wait, as the index of open work has them. Records in success cost nothing.
struct WaitingTables: Sendable {
    /// What waits for one table.
    struct Waiting: Sendable, Hashable {
        var fileCount = 0
        var sizeInBytes = 0
    }

    private(set) var tables: [String: Waiting] = [:]
    private var failedCount = 0
    private var oldestAgeInSeconds = 0
    /// Whether all open records were read.
    let isComplete: Bool

    /// A run reads at most so many: 100 MB, in some seconds. The files of the tables that it finds are taken meanwhile.
    static let recordLimit = 100_000

    init(
        _ control: ControlTable, at now: Timestamp, recordLimit: Int = Self.recordLimit
    ) throws(ControlError) {
        var tables: [String: Waiting] = [:]
        var (failed, oldest, count) = (0, 0, 0)
        try control.forEachRecord(.open(in: .silver)) { (record) throws(ControlError) in
            count += 1
            if record.status == .error {
                failed += 1
            } else {
                tables[record.table, default: Waiting()].fileCount += 1
                tables[record.table, default: Waiting()].sizeInBytes += record.fileSizeInBytes
            }
            if record.status == .pending {
                // One that a merge gave back waits since it was registered, not since then.
                let since = record.attemptCount == 0 ? record.updatedAt : record.createdAt
                oldest = max(oldest, Int(max(0, now.milliseconds(since: since)) / 1000))
            }
            return count < recordLimit
        }
        self.tables = tables
        failedCount = failed
        oldestAgeInSeconds = oldest
        isComplete = count < recordLimit
    }

    /// For the state machine: the tables, sorted by name, and whether a function, a task or Spark merges each.
    /// - Parameters:
    ///   - taskBytes: how much waits for a table that a task merges; 0 for none.
    ///   - sparkBytes: how much waits for one that Spark merges; 0 for none.
    func answer(taskBytes: Int, sparkBytes: Int) -> JSON {
        Self.answer(tables, taskBytes: taskBytes, sparkBytes: sparkBytes, reloads: false)
    }

    /// - Parameter reloads: whether the tables are made anew, which Spark does not do.
    static func answer(
        _ tables: [String: Waiting], taskBytes: Int, sparkBytes: Int = 0, reloads: Bool
    ) -> JSON {
        func target(_ size: Int) -> JSON {
            if sparkBytes > 0, size >= sparkBytes, !reloads { return "emr" }
            return taskBytes > 0 && size >= taskBytes ? "ecs" : "lambda"
        }
        return answer(tables, reloads, target)
    }

    private static func answer(_ tables: [String: Waiting], _ reloads: Bool, _ target: (Int) -> JSON) -> JSON {
        let sorted = tables.sorted { $0.key < $1.key }
        return [
            "tables": .array(
                sorted.map { table, waiting in
                    [
                        "table": .string(table), "files": .int(waiting.fileCount),
                        "bytes": .int(waiting.sizeInBytes), "reload": .bool(reloads),
                        "target": target(waiting.sizeInBytes),
                    ]
                })
        ]
    }

    var metrics: [Metric] {
        [
            Metric("SilverPendingFiles", tables.values.reduce(0) { $0 + $1.fileCount }, .count),
            Metric("SilverFailedFiles", failedCount, .count),
            Metric("SilverAgeOfOldestPendingSeconds", oldestAgeInSeconds, .seconds),
        ]
    }
}
