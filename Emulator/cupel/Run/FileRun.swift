internal import Control

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Uploads files and watches their control records until each has settled.
struct FileRun {
    private(set) var ingestions: [Ingestion]
    private let pipeline: Pipeline
    private let timeout: Duration
    private var display = ProgressDisplay(.error)
    private var lastNews = ContinuousClock.now
    /// When the records are to be read again.
    private var nextLook = ContinuousClock.now

    init(_ files: [RawFile], pipeline: Pipeline, timeout: Duration) {
        ingestions = files.map { Ingestion($0) }
        self.pipeline = pipeline
        self.timeout = timeout
    }

    mutating func toTheEnd() throws(CommandFailure) {
        for position in ingestions.indices {
            try upload(position)
            if nextLook <= .now { try look() }
        }
        while ingestions.contains(where: { !$0.isSettled }) {
            let wait = ContinuousClock.now.duration(to: nextLook).components
            usleep(UInt32(max(0, wait.seconds * 1_000_000 + wait.attoseconds / 1_000_000_000_000)))
            try look()
            guard lastNews.duration(to: .now) < timeout else { return giveUp() }
        }
    }

    private mutating func upload(_ position: Int) throws(CommandFailure) {
        ingestions[position].beginUpload(at: .now)
        display.show(ingestions)
        ingestions[position].finishUpload(try Upload.put(ingestions[position].file, into: pipeline))
        lastNews = .now
        display.show(ingestions)
    }

    /// Reads the records of all files under way.
    private mutating func look() throws(CommandFailure) {
        var hasNews = false
        let start = ContinuousClock.now
        // Many files must not keep the pipeline busy with questions: a fifth of the time at most.
        defer { nextLook = ContinuousClock.now + max(.milliseconds(20), start.duration(to: .now) * 4) }
        for position in ingestions.indices where !ingestions[position].isSettled {
            guard let id = ingestions[position].id else { continue }
            let record: ControlRecord?
            do throws(ControlError) { record = try pipeline.control.record(id) } catch { throw pipeline.failure(error) }
            if let record, ingestions[position].see(record, at: .now) { hasNews = true }
        }
        guard hasNews else { return }
        lastNews = .now
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
