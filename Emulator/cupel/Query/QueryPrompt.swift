#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Asks for statements on a terminal, one after the other, and keeps them for later runs.
struct QueryPrompt {
    private var editor: LineEditor
    private let path: String?

    private static let limit = 1000

    init() {
        path = Self.historyPath
        let lines = path.flatMap { try? FileContent.read($0) }.map { String(decoding: $0, as: UTF8.self) } ?? ""
        editor = LineEditor(history: lines.split(separator: "\n").suffix(Self.limit).map(String.init))
    }

    /// Calls `run` with each statement, until the end of the input or `exit`.
    mutating func forEachStatement(_ run: (String) -> Void) {
        var lines: [String] = []
        while true {
            switch editor.read(prompt: lines.isEmpty ? "query> " : "    -> ") {
            case .end: return
            case .interrupted: lines = []
            case .text(let line):
                lines.append(line)
                let statement = lines.joined(separator: "\n").trimmingBlanks
                if lines.count == 1, ["exit", "quit", "exit;", "quit;"].contains(statement.lowercased()) { return }
                guard !statement.isEmpty else {
                    lines = []
                    continue
                }
                guard statement.hasSuffix(";") else { continue }
                lines = []
                remember(statement)
                run(String(statement.dropLast()))
            }
        }
    }

    /// A statement in one line that means the same: without comments to the end of a line. Nil if a text has several lines.
    static func line(_ statement: String) -> String? {
        var line = ""
        for piece in SQLPiece.pieces(of: statement) {
            switch piece.kind {
            case .comment where piece.text.hasPrefix("--"): line += " "
            case .text, .quotedName:
                guard !piece.text.contains(where: \.isNewline) else { return nil }
                line += piece.text
            default: line += piece.text.map { $0.isNewline ? " " : String($0) }.joined()
            }
        }
        return line.trimmingBlanks
    }

    private mutating func remember(_ statement: String) {
        guard let line = Self.line(statement) else { return }
        let isNew = editor.buffer.history.last != line
        editor.remember(line)
        guard isNew, let path else { return }
        let text = editor.buffer.history.suffix(Self.limit).map { $0 + "\n" }.joined()
        // Without a history, the prompt works, too.
        try? FileContent.write(Array(text.utf8), to: path, mode: 0o600)
    }

    /// In the user's folder for the state of programs, which is made if need be.
    private static var historyPath: String? {
        let root = Pipeline.variable("XDG_STATE_HOME") ?? Pipeline.variable("HOME").map { $0 + "/.local/state" }
        guard let root else { return nil }
        var folder = ""
        for part in "\(root)/cupel".split(separator: "/") {
            folder += "/\(part)"
            mkdir(folder, 0o700)
        }
        return folder + "/query-history"
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
