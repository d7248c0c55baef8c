internal import Control

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Uploads files, a few at a time, and polls their control records until each file has settled.
struct FileRun {
    private(set) var ingestions: [Ingestion]
    private let pipeline: Pipeline
    private let timeout: Duration
    private var display = ProgressDisplay(.error)
    private var lastChange = ContinuousClock.now
    /// When the records are polled next.
    private var nextPoll = ContinuousClock.now

    init(_ files: [RawFile], pipeline: Pipeline, timeout: Duration) {
        ingestions = files.map { Ingestion($0) }
        self.pipeline = pipeline
        self.timeout = timeout
    }

    mutating func run() throws(CommandFailure) {
        let files = ingestions.map(\.file)
        let uploads = Uploads(files.count) { [pipeline] position throws(CommandFailure) in
            try Upload.put(files[position], into: pipeline)
        }
        defer { uploads.stop() }
        while ingestions.contains(where: { !$0.isSettled }) {
            if let event = uploads.event(within: ContinuousClock.now.duration(to: nextPoll)) { try take(event) }
            guard nextPoll <= .now else { continue }
            try poll()
            // An upload in progress does not time out here: a large file may take long on a slow line.
            if ingestions.contains(where: { $0.state == .uploading }) { lastChange = .now }
            guard lastChange.duration(to: .now) < timeout else { return giveUp() }
        }
    }

    private mutating func take(_ event: Uploads.Event) throws(CommandFailure) {
        switch event {
        case .began(let position, let time): ingestions[position].beginUpload(at: time)
        case .ended(let position, let result): ingestions[position].finishUpload(try result.get())
        }
        lastChange = .now
        display.show(ingestions)
    }

    /// Reads the records of all files in progress.
    private mutating func poll() throws(CommandFailure) {
        var hasChanged = false
        let start = ContinuousClock.now
        // Polling takes at most a fifth of the time, so that many files do not load the pipeline.
        defer { nextPoll = ContinuousClock.now + max(.milliseconds(20), start.duration(to: .now) * 4) }
        for position in ingestions.indices where !ingestions[position].isSettled {
            guard let id = ingestions[position].id else { continue }
            let record: ControlRecord?
            do throws(ControlError) { record = try pipeline.control.record(id) } catch { throw pipeline.failure(error) }
            if let record, ingestions[position].update(record, at: .now) { hasChanged = true }
        }
        guard hasChanged else { return }
        lastChange = .now
        display.show(ingestions)
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
