internal import EmulatorCore
internal import JSON

/// One value or a set of values that was put.
struct MetricPoint: Sendable {
    /// In milliseconds.
    let time: Int64
    let unit: String
    var values: Summary
}

/// Metrics and their values in the store, for two weeks.
enum MetricTable {
    static let schema = [
        """
        CREATE TABLE IF NOT EXISTS cloudwatch_metric (
            id INTEGER PRIMARY KEY AUTOINCREMENT, namespace TEXT NOT NULL, name TEXT NOT NULL, dimensions TEXT NOT NULL,
            last_at INTEGER NOT NULL, UNIQUE (namespace, name, dimensions)) STRICT;
        """,
        """
        CREATE TABLE IF NOT EXISTS cloudwatch_point (
            metric INTEGER NOT NULL, time INTEGER NOT NULL, unit TEXT NOT NULL, summary TEXT NOT NULL) STRICT;
        """,
        "CREATE INDEX IF NOT EXISTS cloudwatch_points ON cloudwatch_point (metric, time);",
    ]

    /// CloudWatch keeps values by the minute for 15 days.
    private static let retentionInMilliseconds: Int64 = 15 * 86_400_000
    private static let writesBetweenDeletions = 500

    static func add(
        _ point: MetricPoint, to metric: MetricIdentity, at now: Int64, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO cloudwatch_metric (namespace, name, dimensions, last_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (namespace, name, dimensions) DO UPDATE SET last_at = ?4
            """, .text(metric.namespace), .text(metric.name), .text(metric.key), .integer(now))
        try transaction.execute(
            """
            INSERT INTO cloudwatch_point (metric, time, unit, summary)
            SELECT id, ?, ?, ? FROM cloudwatch_metric WHERE namespace = ? AND name = ? AND dimensions = ?
            """, .integer(point.time), .text(point.unit), .text(point.values.document.text), .text(metric.namespace),
            .text(metric.name), .text(metric.key))
        guard Int.random(in: 0..<writesBetweenDeletions) == 0 else { return }
        try transaction.execute(
            "DELETE FROM cloudwatch_point WHERE time < ?", .integer(now - retentionInMilliseconds))
    }

    /// The points of a metric in `range`, in order of time. With a unit only those of that unit.
    static func points(
        of metric: MetricIdentity, in range: Range<Int64>, unit: String?, _ snapshot: borrowing Snapshot
    ) throws -> [MetricPoint] {
        try snapshot.all(
            """
            SELECT time, unit, summary FROM cloudwatch_point
            WHERE metric = (SELECT id FROM cloudwatch_metric WHERE namespace = ?1 AND name = ?2 AND dimensions = ?3)
            AND time >= ?4 AND time < ?5 AND (?6 IS NULL OR unit = ?6) ORDER BY time, rowid
            """, .text(metric.namespace), .text(metric.name), .text(metric.key), .integer(range.lowerBound),
            .integer(range.upperBound), .text(unit)
        ) { row in
            MetricPoint(
                time: row.integer(0), unit: row.text(1),
                values: Summary(document: (try? JSON(parsing: row.text(2))) ?? [:]))
        }
    }

    /// All metrics that have had values since `time`, in the order of their names.
    static func metrics(since time: Int64, _ snapshot: borrowing Snapshot) throws -> [MetricIdentity] {
        try snapshot.all(
            """
            SELECT namespace, name, dimensions FROM cloudwatch_metric WHERE last_at >= ?
            ORDER BY namespace, name, dimensions
            """, .integer(time)
        ) { row in
            MetricIdentity(
                namespace: row.text(0), name: row.text(1), dimensions: MetricIdentity.dimensions(row.text(2)))
        }
    }
}
