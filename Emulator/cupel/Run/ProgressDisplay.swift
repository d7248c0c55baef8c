internal import Control

/// Shows the progress of files: one line per file, redrawn in place, on a terminal; one line per change elsewhere.
struct ProgressDisplay {
    private let stream: StandardStream
    private var drawnLines = 0
    private var shown: [String: String] = [:]

    init(_ stream: StandardStream) { self.stream = stream }

    mutating func show(_ ingestions: [Ingestion]) {
        if stream.isTerminal { draw(ingestions) } else { append(ingestions) }
    }

    private mutating func draw(_ ingestions: [Ingestion]) {
        // Many files would scroll away: show those in progress, and how many are done.
        let done = ingestions.count { $0.isSettled }
        let active = ingestions.filter { !$0.isSettled && $0.startedAt != nil }
        let visible = ingestions.count <= 12 ? ingestions : Array(active.prefix(10))
        var table = TextTable([.left("FILE"), .right("SIZE"), .left("STATE")])
        for ingestion in visible {
            table.add([ingestion.file.name, Quantity.bytes(ingestion.file.sizeInBytes), Self.text(of: ingestion)])
        }
        let lines = table.lines(width: stream.width).dropFirst() + [Self.bar(done, of: ingestions.count)]
        let up = drawnLines > 0 ? "\u{1B}[\(drawnLines)A" : ""
        stream.write(up + lines.map { "\u{1B}[2K\($0)\n" }.joined() + "\u{1B}[J")
        drawnLines = lines.count
    }

    private static func bar(_ done: Int, of count: Int) -> String {
        let width = 24
        let filled = done * width / max(1, count)
        return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
            + " \(done) of \(count) files"
    }

    private mutating func append(_ ingestions: [Ingestion]) {
        for ingestion in ingestions where ingestion.startedAt != nil {
            let text = Self.text(of: ingestion)
            guard shown.updateValue(text, forKey: ingestion.file.key) != text else { continue }
            stream.line("\(ingestion.file.path)  \(text)")
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
