/// Sends HTTP requests. ``CurlTransport`` sends them over the network; a test answers them itself.
///
/// A response with an error status is not a ``TransportError``.
public protocol HTTPTransport: Sendable {
    /// Sends `request` and waits for the head of the response. The caller reads the body from the exchange.
    func open(_ request: HTTPRequest, limits: TransportLimits) throws(TransportError) -> any HTTPExchange
}

/// A response whose body is read in pieces, by one thread at a time.
public protocol HTTPExchange: AnyObject {
    var head: HTTPResponseHead { get }

    /// Waits for bytes of the body and copies those available, up to the size of `buffer`.
    /// - Returns: The number of bytes; 0 at the end of the body.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TransportError) -> Int
}

extension HTTPExchange {
    /// Reads the rest of the body.
    func readAll() throws(TransportError) -> [UInt8] {
        var body: [UInt8] = []
        let expected = head.headers["content-length"].flatMap { Int($0) } ?? 0
        body.reserveCapacity(min(expected, 64 << 20))
        var piece = [UInt8](repeating: 0, count: min(max(expected, 1024), 256 << 10))
        while true {
            let count = try piece.withUnsafeMutableBytes { (buffer) in
                Result { () throws(TransportError) in try read(into: buffer) }
            }.get()
            if count == 0 { return body }
            body.append(contentsOf: piece[..<count])
        }
    }
}

/// The time limits of an exchange.
public struct TransportLimits: Sendable, Hashable {
    public var connecting: Duration
    /// The longest time without progress.
    public var stalling: Duration
    /// The longest time of the whole exchange; nil for no limit.
    public var whole: Duration?

    public init(connecting: Duration = .seconds(5), stalling: Duration = .seconds(30), whole: Duration? = nil) {
        self.connecting = connecting
        self.stalling = stalling
        self.whole = whole
    }
}

/// Why an exchange failed before or during its response.
public struct TransportError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// No byte of the request was sent, so any request may be retried.
        case notSent
        /// The connection was lost after the request may have reached the service.
        case lost
        case timedOut
        /// The request itself cannot be sent. A retry would not help.
        case invalid
    }

    public let kind: Kind
    public let reason: String

    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    public var description: String { reason }
}
