internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// The log stream of a worker: its output, and the lines that Lambda writes around each invocation.
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html>
final class InvocationLog: Sendable {
    static let tailLimit = 4096

    let group: String
    let stream: String
    /// Whether the lines around an invocation are JSON.
    private let isJSON: Bool
    private let clock: ClockAndChance
    private let sink: any LogWriting
    private let tail = Mutex<[UInt8]>([])

    init(group: String, isJSON: Bool = false, sink: any LogWriting, clock: ClockAndChance) {
        let date = clock.now().rfc3339.prefix(10).split(separator: "-").joined(
            separator: "/")
        stream = date + "/[$LATEST]" + clock.uuid().filter { $0 != "-" }
        self.group = group
        self.isJSON = isJSON
        self.clock = clock
        self.sink = sink
    }

    func write(_ line: String) {
        sink.write(line + "\n", group: group, stream: stream)
        tail.withLock { tail in
            tail += Array(line.utf8) + [UInt8(ascii: "\n")]
            // The tail is cut rarely, because each cut moves its bytes.
            if tail.count > 8 * Self.tailLimit { tail.removeFirst(tail.count - Self.tailLimit) }
        }
    }

    /// Writes an event of the platform, where the log is JSON.
    /// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html>
    private func write(event type: String, _ record: JSONObject) {
        let event: JSON = ["time": .string(clock.now().rfc3339), "type": .string(type), "record": .object(record)]
        write(event.text)
    }

    func beginInit(runtime: String) {
        guard isJSON else { return write("INIT_START Runtime Version: \(runtime)") }
        write(
            event: "platform.initStart",
            ["initializationType": "on-demand", "phase": "init", "runtimeVersion": .string(runtime)])
    }

    func start(_ requestID: String) {
        tail.withLock { $0 = [] }
        guard isJSON else { return write("START RequestId: \(requestID) Version: $LATEST") }
        write(event: "platform.start", ["requestId": .string(requestID), "version": "$LATEST"])
    }

    /// Ends an invocation's log.
    /// - Returns: its last 4 KiB.
    func end(_ requestID: String, _ report: InvocationReport) -> [UInt8] {
        if isJSON {
            write(event: "platform.report", report.record(of: requestID))
        } else {
            write("END RequestId: \(requestID)")
            write("REPORT RequestId: \(requestID)\t" + report.text)
        }
        return tail.withLock { Array($0.suffix(Self.tailLimit)) }
    }
}

/// The content of a REPORT line.
struct InvocationReport {
    var duration: Duration
    var initDuration: Duration?
    var memoryInMegabytes: Int
    var peakBytes: Int
    /// `timeout` or `error`; nil when the function answered.
    var status: String?
    var errorType: String?

    private var peakInMegabytes: Int { (peakBytes + (1 << 20) - 1) >> 20 }

    /// The report of a JSON log.
    func record(of requestID: String) -> JSONObject {
        func milliseconds(_ duration: Duration) -> JSON {
            JSONNumber(duration.millisecondsText).map { .number($0) } ?? 0
        }
        var metrics: JSONObject = [
            "durationMs": milliseconds(duration), "billedDurationMs": .int(Int(duration.wholeMilliseconds)),
            "memorySizeMB": .int(memoryInMegabytes), "maxMemoryUsedMB": .int(peakInMegabytes),
        ]
        metrics["initDurationMs"] = initDuration.map(milliseconds)
        var record: JSONObject = [
            "requestId": .string(requestID), "metrics": .object(metrics), "status": .string(status ?? "success"),
        ]
        record["errorType"] = errorType.map { .string($0) }
        return record
    }

    var text: String {
        var fields = [
            "Duration: \(duration.millisecondsText) ms", "Billed Duration: \(duration.wholeMilliseconds) ms",
            "Memory Size: \(memoryInMegabytes) MB", "Max Memory Used: \(peakInMegabytes) MB",
        ]
        if let initDuration { fields.append("Init Duration: \(initDuration.millisecondsText) ms") }
        if let status { fields.append("Status: \(status)") }
        if let errorType { fields.append("Error Type: \(errorType)") }
        return fields.joined(separator: "\t")
    }
}

extension Duration {
    /// Rounded up.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }

    /// With two decimals: `12.34`.
    var millisecondsText: String {
        let (seconds, attoseconds) = components
        let hundredths = seconds * 100_000 + (attoseconds + 5_000_000_000_000) / 10_000_000_000_000
        let decimals = hundredths % 100
        return "\(hundredths / 100).\(decimals < 10 ? "0" : "")\(decimals)"
    }
}
