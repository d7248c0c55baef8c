/// Sends HTTP requests. ``CurlTransport`` does it over the network; a test answers by itself.
///
/// A status that reports an error is a response, not a ``TransportError``.
public protocol HTTPTransport: Sendable {
    /// Sends `request` and waits for the head of the response; its body is read from the exchange.
    func open(_ request: HTTPRequest, limits: TransportLimits) throws(TransportError) -> any HTTPExchange
}

/// A response whose body is read piece by piece. It belongs to one thread at a time.
public protocol HTTPExchange: AnyObject {
    var head: HTTPResponseHead { get }

    /// Waits for bytes of the body and copies as many as are there, up to the size of `buffer`.
    /// - Returns: how many; 0 at the end of the body.
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

/// How long an exchange may take.
public struct TransportLimits: Sendable, Hashable {
    public var connecting: Duration
    /// The longest time in which no byte moves.
    public var stalling: Duration
    /// The whole exchange; nil where only stalling counts.
    public var whole: Duration?

    public init(connecting: Duration = .seconds(5), stalling: Duration = .seconds(30), whole: Duration? = nil) {
        self.connecting = connecting
        self.stalling = stalling
        self.whole = whole
    }
}

/// Why an exchange did not come to a response, or lost it midway.
public struct TransportError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// No byte of the request left: any request may be sent again.
        case notSent
        /// The connection broke after the request may have reached the service.
        case lost
        case timedOut
        /// The request itself cannot be sent; trying again would not help.
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
