internal import JSON

/// What UpdateMapRun changes.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateMapRun.html>
public struct MapRunUpdate: Sendable, Hashable {
    public let arn: String
    public var maxConcurrency: Int?
    public var toleratedFailureCount: Int?
    public var toleratedFailurePercentage: Double?

    public init(arn: String) { self.arn = arn }

    /// Nil unless it names a map run.
    init?(json: JSON) {
        guard let arn = json["arn"]?.string else { return nil }
        self.arn = arn
        maxConcurrency = json["maxConcurrency"]?.int
        toleratedFailureCount = json["toleratedFailureCount"]?.int
        toleratedFailurePercentage = json["toleratedFailurePercentage"]?.double
    }

    var json: JSON {
        var object: JSONObject = ["arn": .string(arn)]
        object["maxConcurrency"] = maxConcurrency.map { .int($0) }
        object["toleratedFailureCount"] = toleratedFailureCount.map { .int($0) }
        object["toleratedFailurePercentage"] = toleratedFailurePercentage.flatMap { JSONNumber($0) }.map { .number($0) }
        return .object(object)
    }
}

/// One run of a distributed Map state, as DescribeMapRun describes it.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html>
public struct MapRunReport: Sendable, Equatable {
    public enum Status: String, Sendable, Equatable {
        case running = "RUNNING"
        case succeeded = "SUCCEEDED"
        case failed = "FAILED"
        case aborted = "ABORTED"
    }

    public let arn: String
    public let status: Status
    /// 0 for no limit but that of the service.
    public let maxConcurrency: Int
    public let toleratedFailureCount: Int
    public let toleratedFailurePercentage: Double
    /// Iterations: all of them, and those in each state.
    public let total: Int
    public let running: Int
    public let succeeded: Int
    public let failed: Int
    public let aborted: Int

    public var pending: Int { total - running - succeeded - failed - aborted }
}

extension Execution {
    /// The map runs in progress.
    public var mapRuns: [MapRunReport] {
        fans.values.compactMap { $0.report(.running) }.sorted { $0.arn < $1.arn }
    }
}

extension Fan {
    /// Nil for fans that are not map runs.
    func report(_ status: MapRunReport.Status) -> MapRunReport? {
        guard let map, map.state.isDistributed else { return nil }
        let succeeded = results.count { $0 != nil }
        let hasEnded = status != .running
        let ended = succeeded + failedCount
        return MapRunReport(
            arn: map.runARN, status: status, maxConcurrency: map.maxConcurrency,
            toleratedFailureCount: map.toleratedCount, toleratedFailurePercentage: map.toleratedShare,
            total: results.count, running: hasEnded ? 0 : active.count, succeeded: succeeded, failed: failedCount,
            aborted: hasEnded ? results.count - ended : 0)
    }
}
