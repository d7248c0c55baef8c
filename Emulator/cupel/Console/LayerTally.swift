internal import Console
internal import Control
internal import JSON
internal import Time

/// What the records of a layer say.
struct LayerCounts: Sendable {
    var total = 0
    /// Whether the layer has more records than were counted so far.
    var isMore = false
    var bytes = 0
    var quarantined = 0
    var backlog = Backlog()
    /// Records that ended in the last minute; nil if not all were just looked at.
    var rate: Int?
    /// The records that failed last, the newest first.
    var failures: [ControlRecord] = []
    /// What arrived on each day for each table.
    var days: [Day: DaySum] = [:]
    var cost = CostTally()

    struct Day: Sendable, Hashable {
        let table: String
        let day: String
    }

    struct DaySum: Sendable, Hashable {
        var rows = 0
        var files = 0
        var failed = 0
    }

    var failed: Int { backlog.failedCount }
    var oldestInMilliseconds: Int? {
        backlog.oldestPendingAgeInSeconds > 0 ? backlog.oldestPendingAgeInSeconds * 1000 : nil
    }

    fileprivate mutating func add(_ record: RecordFigures) {
        total += 1
        bytes += record.sizeInBytes
        quarantined += record.quarantinedCount
        let isFailed = record.status == .error
        var sum = days[Day(table: record.table, day: record.day)] ?? DaySum()
        sum.rows += record.writtenCount
        sum.files += 1
        sum.failed += isFailed ? 1 : 0
        days[Day(table: record.table, day: record.day)] = sum
        cost.add(record)
    }
}

/// How much of the time goes into counting.
struct CountingPace: Sendable {
    /// Records that one call reads: more are fewer calls, and more memory.
    var pageSize = 500
    /// How long one reading counts; it reads a page at least.
    var budget = Duration.milliseconds(300)
    /// How many times as long as a whole count took nothing is counted after it.
    var rest = 50
    /// The same after the count of a layer that one reading counts whole, and after the reading of open work.
    var shortRest = 1
}

/// Counts a layer a few pages at a time, and never more than a small part of the time.
///
/// A small layer is read whole each time, with one call. A large one is counted in the background, from one reading to the next, and
/// then stays as it was counted until a multiple of that time has passed; only its open work is read meanwhile, by its sparse index.
struct LayerTally: Sendable {
    /// Records that one reading counts whole, so that they say what is in flight too.
    private static let smallLayer = 1000
    /// Records that are counted at most: on AWS a million cost a few cents.
    private static let largestCount = 1_000_000
    /// Records with work left that are read.
    private static let openLimit = 5000
    static let failureLimit = 10

    private let layer: Layer
    private(set) var counts = LayerCounts()
    /// The count that is not finished yet, and where it goes on; nil between two.
    private var unfinished: (counts: LayerCounts, next: JSON?, took: Duration)?
    private var countIsDue = ContinuousClock.now
    private var openWorkIsDue = ContinuousClock.now

    init(_ layer: Layer) { self.layer = layer }

    /// Brings the counts up to date, as far as the time of one reading allows.
    mutating func read(_ source: PipelineSource) throws(ConsoleFault) {
        let began = ContinuousClock.now
        guard unfinished != nil || began >= countIsDue else { return try readOpenWork(source) }
        var (sums, next, took) = unfinished ?? (LayerCounts(), nil, .zero)
        let isWhole = unfinished == nil
        let query = RecordQuery(layer: layer, attributes: RecordFigures.attributes)
        var small: [RecordFigures] = []
        repeat {
            let page = try source.page(of: query, after: next, limit: source.pace.pageSize)
            let records = page.items.compactMap(RecordFigures.init)
            for record in records { sums.add(record) }
            if isWhole, sums.total <= Self.smallLayer { small += records }
            next = page.next
        } while next != nil && sums.total < Self.largestCount && ContinuousClock.now - began < source.pace.budget
        took += ContinuousClock.now - began
        sums.isMore = next != nil
        let isEnded = next == nil || sums.total >= Self.largestCount
        unfinished = isEnded ? nil : (sums, next, took)
        if isEnded || sums.total > counts.total { takeSums(of: sums) }
        guard isEnded else { return try readOpenWork(source) }
        countIsDue = .now + took * source.pace.rest
        guard isWhole, small.count == sums.total, next == nil else { return try readOpenWork(source) }
        try take(small, source)
        countIsDue = .now + took * source.pace.shortRest
    }

    private mutating func takeSums(of sums: LayerCounts) {
        (counts.total, counts.isMore) = (sums.total, sums.isMore)
        (counts.bytes, counts.quarantined) = (sums.bytes, sums.quarantined)
        (counts.days, counts.cost) = (sums.days, sums.cost)
        counts.rate = nil
    }

    /// Takes from the records of a whole layer what is in flight.
    private mutating func take(_ records: [RecordFigures], _ source: PipelineSource) throws(ConsoleFault) {
        let now = Timestamp.now()
        var backlog = Backlog()
        for record in records { Self.add(record.status, record.updatedAt, to: &backlog, at: now) }
        counts.backlog = backlog
        counts.rate = records.count { $0.finishedAt.map { now.milliseconds(since: $0) < 60_000 } ?? false }
        let failed = records.filter { $0.status == .error }.sorted { ($0.updatedAt, $0.id) > ($1.updatedAt, $1.id) }
        var failures: [ControlRecord] = []
        for figures in failed.prefix(Self.failureLimit) {
            if let known = counts.failures.first(where: {
                $0.controlID.text == figures.id && $0.updatedAt == figures.updatedAt
            }) {
                failures.append(known)
            } else if let id = ControlID(figures.id),
                let record = try source.faults({ () throws(ControlError) in try source.pipeline.control.record(id) })
            {
                failures.append(record)
            }
        }
        counts.failures = failures
    }

    /// Reads the index of open work.
    private mutating func readOpenWork(_ source: PipelineSource) throws(ConsoleFault) {
        let began = ContinuousClock.now
        guard began >= openWorkIsDue else { return }
        let now = Timestamp.now()
        var backlog = Backlog()
        var count = 0
        var failures: [ControlRecord] = []
        let layer = layer
        try source.faults { () throws(ControlError) in
            try source.pipeline.control.forEachRecord(.open(in: layer.schema)) { (record) throws(ControlError) in
                Self.add(record.status, record.updatedAt, to: &backlog, at: now)
                if record.status == .error { failures.append(record) }
                if failures.count > 10 * Self.failureLimit { Self.keepNewest(&failures) }
                count += 1
                return count < Self.openLimit
            }
        }
        Self.keepNewest(&failures)
        (counts.backlog, counts.failures) = (backlog, failures)
        openWorkIsDue = .now + (ContinuousClock.now - began) * source.pace.shortRest * 4
    }

    private static func keepNewest(_ failures: inout [ControlRecord]) {
        failures.sort { ($0.updatedAt, $0.controlID.text) > ($1.updatedAt, $1.controlID.text) }
        failures.removeSubrange(min(failureLimit, failures.count)...)
    }

    private static func add(
        _ status: ControlRecord.Status, _ updatedAt: Timestamp, to backlog: inout Backlog, at now: Timestamp
    ) {
        switch status {
        case .pending:
            backlog.pendingCount += 1
            let age = Int(max(0, now.milliseconds(since: updatedAt)) / 1000)
            backlog.oldestPendingAgeInSeconds = max(backlog.oldestPendingAgeInSeconds, age)
        case .running: backlog.runningCount += 1
        case .error: backlog.failedCount += 1
        case .success: break
        }
    }
}
