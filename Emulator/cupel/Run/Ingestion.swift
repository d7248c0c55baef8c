internal import AWSModels
internal import Control

/// The progress of one file through the pipeline.
struct Ingestion: Sendable {
    enum State: Hashable, Sendable {
        case waiting
        case uploading
        /// Uploaded, but not yet in the control table.
        case announced
        case recorded(ControlRecord)
        /// Without a control record.
        case refused(String)
    }

    let file: RawFile
    private(set) var id: ControlID?
    private(set) var state = State.waiting
    private(set) var startedAt: ContinuousClock.Instant?
    private(set) var seconds = 0.0

    init(_ file: RawFile) { self.file = file }

    var record: ControlRecord? { if case .recorded(let record) = state { record } else { nil } }

    var isSettled: Bool {
        switch state {
        case .waiting, .uploading, .announced: false
        case .recorded(let record): record.status == .success || record.status == .error
        case .refused: true
        }
    }

    var hasSucceeded: Bool { record?.status == .success }

    /// Why the file failed; nil if it succeeded or is in progress.
    var failure: String? {
        switch state {
        case .refused(let reason): reason
        case .recorded(let record) where record.status == .error:
            "\(record.errorType ?? "error"): \(record.errorMessage ?? "the control record does not say why")"
        default: nil
        }
    }

    /// Megabytes of the compressed file per second, from the start of its upload until its record settled.
    var megabytesPerSecond: Double { Double(file.sizeInBytes) / 1e6 / seconds }

    mutating func beginUpload(at now: ContinuousClock.Instant) {
        startedAt = now
        state = .uploading
    }

    mutating func finishUpload(_ id: ControlID) {
        self.id = id
        state = .announced
    }

    mutating func refuse(_ reason: String) { state = .refused(reason) }

    /// - Returns: whether the record has changed.
    mutating func update(_ record: ControlRecord, at now: ContinuousClock.Instant) -> Bool {
        let hasChanged = self.record != record
        state = .recorded(record)
        if hasChanged, let startedAt {
            let duration = startedAt.duration(to: now).components
            seconds = Double(duration.seconds) + Double(duration.attoseconds) / 1e18
        }
        return hasChanged
    }
}
