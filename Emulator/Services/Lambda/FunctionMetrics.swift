internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// The metrics of functions, which CloudWatch gets a second at a time.
///
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>
final class FunctionMetrics: Sendable {
    private struct Counts {
        var invocations = 0
        var errors = 0
        var throttles = 0
        /// In milliseconds.
        var durations: [Double] = []
    }

    private let pending = Mutex<[String: Counts]>([:])
    private let peers: Peers
    private let clock: ClockAndChance

    private static let millisecondsBetweenReports: Int64 = 1000
    /// A datum has at most 150 values.
    private static let mostDurations = 150

    init(peers: Peers, clock: ClockAndChance) {
        self.peers = peers
        self.clock = clock
    }

    func ended(_ function: String, isError: Bool, after duration: Duration) {
        count(function) { counts in
            counts.invocations += 1
            if isError { counts.errors += 1 }
            if counts.durations.count < Self.mostDurations {
                counts.durations.append(Double(duration.wholeMilliseconds))
            }
        }
    }

    func throttled(_ function: String) { count(function) { $0.throttles += 1 } }

    private func count(_ function: String, _ change: (inout Counts) -> Void) {
        guard let monitoring = peers.action("monitoring") else { return }
        let isFirst = pending.withLock { pending in
            defer { change(&pending[function, default: Counts()]) }
            return pending.isEmpty
        }
        guard isFirst else { return }
        Task {
            try? await clock.sleep(clock.now().advanced(byMilliseconds: Self.millisecondsBetweenReports))
            let counted = pending.withLock { pending in
                defer { pending = [:] }
                return pending
            }
            let data = counted.sorted { $0.key < $1.key }.flatMap { Self.data($0.key, $0.value) }
            // Metrics that do not get there must not stop the functions that they report.
            _ = try? await monitoring.perform("PutMetricData", ["Namespace": "AWS/Lambda", "MetricData": .array(data)])
        }
    }

    private static func data(_ function: String, _ counts: Counts) -> [JSON] {
        func datum(_ name: JSON, _ unit: JSON, _ values: [Double]) -> JSON {
            [
                "MetricName": name, "Unit": unit,
                "Dimensions": [["Name": "FunctionName", "Value": .string(function)]],
                "Values": .array(values.compactMap { JSONNumber($0).map { .number($0) } }),
            ]
        }
        var data: [JSON] = []
        if counts.invocations > 0 {
            data += [
                datum("Invocations", "Count", [Double(counts.invocations)]),
                datum("Errors", "Count", [Double(counts.errors)]), datum("Duration", "Milliseconds", counts.durations),
            ]
        }
        data.append(datum("Throttles", "Count", [Double(counts.throttles)]))
        return data
    }
}
