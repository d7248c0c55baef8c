/// Why the console cannot answer: an HTTP status and what to do next.
package struct ConsoleFault: Error, Sendable, Hashable, CustomStringConvertible {
    package let status: Int
    package let description: String
    /// The methods that the address takes, of a request with another.
    var allowed: [String] = []

    package init(_ status: Int, _ description: String) {
        self.status = status
        self.description = description
    }

    /// The request is wrong.
    package static func badRequest(_ text: String) -> ConsoleFault { ConsoleFault(400, text) }
    package static func notFound(_ text: String) -> ConsoleFault { ConsoleFault(404, text) }
    /// The pipeline or AWS refuses or does not answer.
    package static func failed(_ text: String) -> ConsoleFault { ConsoleFault(502, text) }
    static func notAllowed(_ method: String, _ allowed: [String]) -> ConsoleFault {
        var fault = ConsoleFault(405, "expected \(allowed.joined(separator: " or ")), not \(method)")
        fault.allowed = allowed
        return fault
    }
    package static func refused(_ text: String) -> ConsoleFault { ConsoleFault(403, text) }
}
