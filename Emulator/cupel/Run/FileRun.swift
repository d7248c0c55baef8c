internal import Control

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Uploads files, a few at a time, and watches their control records until each has settled.
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
        let files = ingestions.map(\.file)
        let uploads = Uploads(files.count) { [pipeline] position throws(CommandFailure) in
            try Upload.put(files[position], into: pipeline)
        }
        defer { uploads.stop() }
        while ingestions.contains(where: { !$0.isSettled }) {
            if let event = uploads.event(within: ContinuousClock.now.duration(to: nextLook)) { try take(event) }
            guard nextLook <= .now else { continue }
            try look()
            // A large file may take long on a slow line; that its upload ends, or fails, will be news.
            if ingestions.contains(where: { $0.state == .uploading }) { lastNews = .now }
            guard lastNews.duration(to: .now) < timeout else { return giveUp() }
        }
    }

    private mutating func take(_ event: Uploads.Event) throws(CommandFailure) {
        switch event {
        case .began(let position, let time): ingestions[position].beginUpload(at: time)
        case .ended(let position, let result): ingestions[position].finishUpload(try result.get())
        }
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
