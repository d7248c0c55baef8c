/// Where the output of functions and containers goes.
package protocol LogWriting: Sendable {
    /// Adds one event, now, to a stream; group and stream come into being with their first event.
    func write(_ message: String, group: String, stream: String)
}
