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
    /// The words are in the server's language; the codes and `LOCATION` are not. Of several hosts each has its own, and it
    /// counts whether one of them can be reached later.
    init(refusal message: String) {
        var words: [Substring] = []
        var states: [String] = []
        var isInLocation = 0
        for word in message.split(separator: " ") {
            // `LOCATION:`, the function, the file with its line.
            if word == "LOCATION:" { isInLocation = 3 }
            if isInLocation > 0 {
                isInLocation -= 1
            } else if Self.isState(word) {
                states.append(String(word.dropLast()))
            } else {
                words.append(word)
            }
        }
        let message = words.joined(separator: " ")
        let errors = states.map { PostgresError(state: $0, message: message, operation: "connect") }
        self =
            errors.first(where: \.isConnectionLoss) ?? errors.first
            ?? PostgresError(state: nil, message: message, operation: "connect")
    }

    /// Whether a word of the message is a code and its colon: `57P03:`.
    private static func isState(_ word: Substring) -> Bool {
        word.utf8.count == 6 && word.last == ":" && word.contains(where: \.isNumber)
            && word.utf8.dropLast().allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
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
