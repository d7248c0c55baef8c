internal import Control

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Uploads files, a few at a time, and polls their control records until each file has settled.
///
/// A change of a file costs the same however many others there are.
struct FileRun {
    private(set) var ingestions: [Ingestion]
    private let pipeline: Pipeline
    private let timeout: Duration
    private var display: ProgressDisplay
    private var unsettledCount: Int
    private var uploadingCount = 0
    private var polled = PollQueue()
    /// How many records the next request reads: few while they are unsettled, and more the more of them have settled.
    private var pollSize = FileRun.fewestPolled
    private static let fewestPolled = 16
    private var positions: [ControlID: Int] = [:]
    /// How long the run took.
    private(set) var seconds = 0.0
    private var lastChange = ContinuousClock.now
    /// When the records are polled next.
    private var nextPoll = ContinuousClock.now

    init(_ files: [RawFile], pipeline: Pipeline, timeout: Duration) {
        ingestions = files.map { Ingestion($0) }
        unsettledCount = files.count
        display = ProgressDisplay(.error, fileCount: files.count)
        self.pipeline = pipeline
        self.timeout = timeout
    }

    mutating func run() throws(CommandFailure) {
        let start = ContinuousClock.now
        defer {
            let duration = start.duration(to: .now).components
            seconds = Double(duration.seconds) + Double(duration.attoseconds) / 1e18
        }
        let files = ingestions.map(\.file)
        let uploads = Uploads(files.count) { [pipeline] position throws(CommandFailure) in
            try Upload.put(files[position], into: pipeline)
        }
        defer { uploads.stop() }
        while unsettledCount > 0 {
            if let event = uploads.event(within: ContinuousClock.now.duration(to: nextPoll)) { try take(event) }
            guard nextPoll <= .now else { continue }
            try poll()
            // An upload in progress does not time out here: a large file may take long on a slow line.
            if uploadingCount > 0 { lastChange = .now }
            guard lastChange.duration(to: .now) < timeout else { return giveUp() }
        }
        display.end(ingestions)
    }

    private mutating func take(_ event: Uploads.Event) throws(CommandFailure) {
        switch event {
        case .began(let position, let time):
            ingestions[position].beginUpload(at: time)
            uploadingCount += 1
            show([position])
        case .ended(let position, let result):
            let id = try result.get()
            ingestions[position].finishUpload(id)
            uploadingCount -= 1
            positions[id] = position
            polled.append(position)
            show([position])
        }
        lastChange = .now
    }

    /// Reads the records of the files that have waited longest, a request after another while most of them have settled.
    private mutating func poll() throws(CommandFailure) {
        let start = ContinuousClock.now
        // Polling takes at most a fifth of the time, so that many files do not load the pipeline.
        defer { nextPoll = ContinuousClock.now + max(.milliseconds(20), start.duration(to: .now) * 4) }
        while !polled.isEmpty {
            let batch = polled.next(pollSize)
            var changed: [Int] = []
            for record in try pipeline.records(batch.compactMap { ingestions[$0].id }) {
                guard let position = positions[record.controlID] else { continue }
                if ingestions[position].update(record, at: .now) { changed.append(position) }
            }
            var settledCount = 0
            for position in batch {
                guard ingestions[position].isSettled else {
                    polled.append(position)
                    continue
                }
                settledCount += 1
                if let id = ingestions[position].id { positions[id] = nil }
            }
            unsettledCount -= settledCount
            if !changed.isEmpty {
                lastChange = .now
                show(changed)
            }
            guard settledCount * 2 > batch.count else {
                pollSize = max(pollSize / 2, Self.fewestPolled)
                return
            }
            pollSize = min(pollSize * 2, Pipeline.recordsInARequest)
        }
    }

    private mutating func show(_ changed: [Int]) {
        display.show(ingestions, changed: changed, settledCount: ingestions.count - unsettledCount)
    }

    private mutating func giveUp() {
        for position in ingestions.indices where !ingestions[position].isSettled {
            let ingestion = ingestions[position]
            guard ingestion.record == nil else { continue }
            ingestions[position].refuse(
                "no control record after \(timeout); see: cupel logs control-recorder")
        }
    }
}
