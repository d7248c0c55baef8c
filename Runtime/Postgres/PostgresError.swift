/// Why a statement or a connection failed. `message` is the server's or libpq's own.
public struct PostgresError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The server's code; nil if there was no answer.
    /// - SeeAlso: <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    public let state: String?
    public let message: String
    /// What was done.
    public let operation: String

    public init(state: String?, message: String, operation: String) {
        self.state = state
        self.message = message
        self.operation = operation
    }

    /// A connection that failed, from libpq's verbose message as one line:
    /// `… failed: FATAL: 57P03: the database system is starting up LOCATION: ProcessStartupPacket, postmaster.c:2345`.
    /// The words are in the server's language; the code and `LOCATION` are not.
    init(refusal message: String) {
        var words = message.split(separator: " ")
        if let location = words.lastIndex(of: "LOCATION:") { words.removeSubrange(location...) }
        let code = words.firstIndex { word in
            word.utf8.count == 6 && word.last == ":"
                && word.dropLast().utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
                && word.contains(where: \.isNumber)
        }
        let state = code.map { String(words.remove(at: $0).dropLast()) }
        self.init(state: state, message: words.joined(separator: " "), operation: "connect")
    }

    /// Whether the server cannot be reached now, or is about to stop or start.
    public var isConnectionLoss: Bool {
        guard let state else { return true }
        return state.hasPrefix("08") || state.hasPrefix("57P0") || state == "53300"
    }

    public var description: String { "\(shortOperation): \(message)\(state.map { " (SQLSTATE \($0))" } ?? "")" }

    /// The operation on one line, without the end of a long one.
    private var shortOperation: String {
        let line = operation.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        return line.count > 120 ? line.prefix(120) + "…" : line
    }
}
