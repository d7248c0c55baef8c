/// Receives the output of functions and containers.
package protocol LogWriting: Peer {
    /// Adds an event with the current time to a stream. The first event creates the group and the stream.
    func write(_ message: String, group: String, stream: String)
}
