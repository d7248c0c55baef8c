internal import JSON
internal import LambdaRuntime
internal import Postgres
internal import PostgresReplication
internal import Time

/// Says every few seconds how fast the capture is and how far behind.
struct CaptureMeter {
    private let log: Log
    private let pipeline: String?
    private let clock: ClockAndChance
    private var reported: ContinuousClock.Instant
    private var changes: UInt64 = 0

    private let interval: Duration

    init(_ log: Log, every interval: Duration, pipeline: String?, clock: ClockAndChance) {
        self.log = log
        self.interval = interval
        self.pipeline = pipeline
        self.clock = clock
        reported = clock.instant()
    }

    /// - Returns: what was measured; nil until the interval has passed.
    mutating func report(
        _ stream: ChangeStream, _ lanes: RecordLanes, _ source: SourceDatabase, slot name: String
    ) throws -> CaptureReport? {
        let now = clock.instant()
        let elapsed = now - reported
        guard elapsed >= interval else { return nil }
        let new = stream.changes >= changes ? stream.changes - changes : stream.changes
        (changes, reported) = (stream.changes, now)
        let end = try source.logEnd()
        let held = try source.slot(name)?.heldBytes ?? 0
        let durable = stream.progress.durable.position
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        let report = CaptureReport(
            lagInBytes: Int(end.bytes(since: durable)), slotInBytes: held,
            changesPerSecond: Int(Double(new) / seconds), refused: lanes.takeRefusals())
        log.info(
            "capturing",
            [
                "changes": .int(Int(new)), "changesPerSecond": .int(report.changesPerSecond),
                "position": .string("\(durable)"), "lagBytes": .int(report.lagInBytes), "slotBytes": .int(held),
                "refused": .int(report.refused), "slot": .string(name),
            ])
        guard let pipeline else { return report }
        log.write(
            EmbeddedMetrics(
                [
                    Metric("CaptureChanges", Int(new), .count), Metric("CaptureLag", report.lagInBytes, .bytes),
                    Metric("CaptureSlot", held, .bytes), Metric("CaptureRefused", report.refused, .count),
                ], by: [[.init("Pipeline", pipeline)]], properties: ["position": .string("\(durable)")]))
        return report
    }
}
