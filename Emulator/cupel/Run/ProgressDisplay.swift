internal import Control

/// Shows the progress of files: one line per file, redrawn in place, on a terminal; one line per change elsewhere. Of many
/// files it shows how many are done, and on a terminal those that changed last.
struct ProgressDisplay {
    /// So many files have a line each.
    static let fewFiles = 12
    /// So many of many files are shown on a terminal.
    private static let activeLimit = 8
    /// How often a terminal is drawn again, and a line written elsewhere, while many files settle.
    private static let drawInterval = Duration.milliseconds(100)
    private static let lineInterval = Duration.seconds(10)

    private let stream: StandardStream
    private let isTerminal: Bool
    private let fileCount: Int
    private let start = ContinuousClock.now
    private var drawnLines = 0
    private var shown: [Int: String] = [:]
    /// Files in progress that changed last, of many.
    private var recent: [Int] = []
    private var nextShow = ContinuousClock.now

    init(_ stream: StandardStream, fileCount: Int) {
        self.stream = stream
        self.fileCount = fileCount
        isTerminal = stream.isTerminal
        if !isTerminal { nextShow += Self.lineInterval }
    }

    private var hasFewFiles: Bool { fileCount <= Self.fewFiles }

    /// - Parameter changed: the positions of the files that have changed.
    mutating func show(_ ingestions: [Ingestion], changed: [Int], settledCount: Int) {
        if hasFewFiles {
            if isTerminal {
                draw(ingestions, Array(ingestions.indices), settledCount)
            } else {
                append(ingestions, changed)
            }
            return
        }
        if isTerminal { remember(changed) }
        guard nextShow <= .now else { return }
        nextShow = .now + (isTerminal ? Self.drawInterval : Self.lineInterval)
        if isTerminal {
            recent.removeAll { ingestions[$0].isSettled }
            draw(ingestions, recent.sorted(), settledCount)
        } else {
            stream.line("\(progress(settledCount))")
        }
    }

    /// Shows the last state of many files.
    mutating func end(_ ingestions: [Ingestion]) {
        guard !hasFewFiles else { return }
        if isTerminal { draw(ingestions, [], fileCount) } else { stream.line("\(progress(fileCount))") }
    }

    private mutating func remember(_ changed: [Int]) {
        for position in changed where !recent.contains(position) { recent.append(position) }
        if recent.count > Self.activeLimit { recent.removeFirst(recent.count - Self.activeLimit) }
    }

    private func progress(_ settledCount: Int) -> String {
        let components = start.duration(to: .now).components
        let seconds = Double(components.seconds) + Double(components.attoseconds) / 1e18
        let rate = Quantity.count(Int(Double(settledCount) / max(seconds, 0.001)))
        return "\(Quantity.count(settledCount)) of \(Quantity.count(fileCount)) files, \(rate) a second"
    }

    private mutating func draw(_ ingestions: [Ingestion], _ visible: [Int], _ settledCount: Int) {
        var table = TextTable([.left("FILE"), .right("SIZE"), .left("STATE")])
        for position in visible {
            let file = ingestions[position].file
            table.add([file.name, Quantity.bytes(file.sizeInBytes), Self.text(of: ingestions[position])])
        }
        let lines = table.lines(width: stream.width).dropFirst() + [bar(settledCount)]
        let up = drawnLines > 0 ? "\u{1B}[\(drawnLines)A" : ""
        stream.write(up + lines.map { "\u{1B}[2K\($0)\n" }.joined() + "\u{1B}[J")
        drawnLines = lines.count
    }

    private func bar(_ done: Int) -> String {
        let width = 24
        let filled = done * width / max(1, fileCount)
        let text = hasFewFiles ? "\(done) of \(fileCount) files" : progress(done)
        return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled) + " \(text)"
    }

    private mutating func append(_ ingestions: [Ingestion], _ changed: [Int]) {
        for position in changed where ingestions[position].startedAt != nil {
            let text = Self.text(of: ingestions[position])
            guard shown.updateValue(text, forKey: position) != text else { continue }
            stream.line("\(ingestions[position].file.path)  \(text)")
        }
    }

    static func text(of ingestion: Ingestion) -> String {
        switch ingestion.state {
        case .waiting: return "waiting"
        case .uploading: return "uploading"
        case .announced: return "uploaded"
        case .refused: return "refused"
        case .recorded(let record):
            let target = record.computeTarget.map { " (\($0.rawValue))" } ?? ""
            switch record.status {
            case .pending: return record.computeTarget == nil ? "recorded" : "routed\(target)"
            case .running: return "running\(target)\(record.attemptCount > 1 ? ", attempt \(record.attemptCount)" : "")"
            case .success: return "success, \(Quantity.count(record.writtenCount)) rows"
            case .error: return "error, \(record.errorType ?? "unknown")"
            }
        }
    }
}
