/// Answers the requests of a listener. Its task is cancelled if the client disconnects before the response.
package typealias Responder = @Sendable (HTTPRequest) async -> HTTPResponse

/// Opens HTTP listeners on the loopback interface, so that nothing else in the emulator uses sockets.
///
/// The emulator opens one for all services, and one for each function worker (its Lambda Runtime API), so a listener
/// must be cheap: no threads and no buffers of its own while idle.
package protocol Listening: Sendable {
    /// Opens a listener on `port` of 127.0.0.1; 0 chooses a free one.
    /// - Throws: an error that names the port if it is in use.
    func listen(port: Int, respond: @escaping Responder) async throws -> any Listener
}

/// An open HTTP listener.
package protocol Listener: Sendable {
    /// The port it listens on, never 0.
    var port: Int { get }

    /// Stops accepting, lets requests in progress finish for a bounded time, then cancels them and closes their
    /// connections.
    func close() async
}

/// Why a request's body ended before its end.
package enum RequestBodyError: Error, CustomStringConvertible {
    /// The client closed the connection, or it was lost.
    case connectionLost
    /// The client sent nothing for too long.
    case timedOut
    /// The bytes are not HTTP, such as a chunk without a size.
    case malformed

    package var description: String {
        switch self {
        case .connectionLost: "the connection was lost before the end of the request body"
        case .timedOut: "the request body stopped arriving; send the request again"
        case .malformed: "the request body breaks HTTP/1.1's framing"
        }
    }
}
