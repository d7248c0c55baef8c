public import EmulatorKit
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// HTTP/1.1 listeners over SwiftNIO, all on the threads of one event loop group.
///
/// A listener costs one socket, a connection a few kilobytes while idle. Bodies stream in with backpressure; file
/// ranges stream out without passing through memory.
public final class HTTPServer: Listening {
    private let group: MultiThreadedEventLoopGroup
    private let host: String
    private let limits: HTTPLimits

    /// - Parameters:
    ///   - host: the address to listen on.
    ///   - threads: event loop threads; one serves tens of thousands of small requests a second.
    public init(host: String = "127.0.0.1", threads: Int = 1, limits: HTTPLimits = HTTPLimits()) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        self.host = host
        self.limits = limits
    }

    public func listen(port: Int, respond: @escaping Responder) async throws -> any Listener {
        let connections = OpenConnections()
        let limits = limits
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 128 << 10)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    var decoderLimits = NIOHTTPDecoderLimitConfiguration()
                    decoderLimits.maxHeaderListSize = limits.headerBytes
                    decoderLimits.maxHeaderFieldSize = limits.headerBytes
                    let decoder = HTTPRequestDecoder(
                        leftOverBytesStrategy: .dropBytes, limitConfiguration: decoderLimits)
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(HTTPResponseEncoder())
                    try pipeline.addHandler(ByteToMessageHandler(decoder))
                    try pipeline.addHandler(HTTPConnection(limits: limits, respond: respond))
                    connections.add(channel)
                }
            }
        do {
            let channel = try await bootstrap.bind(host: host, port: port).get()
            return OpenListener(channel: channel, connections: connections, limits: limits)
        } catch let error as IOError {
            throw HTTPServerError.cannotListen(host: host, port: port, reason: error.description)
        }
    }

    /// Ends the event loops. Close the listeners first: what is still open is cut off.
    public func stop() async { try? await group.shutdownGracefully() }
}

/// What a client may take of the server.
public struct HTTPLimits: Sendable {
    /// All header fields of a request together.
    public var headerBytes = 64 << 10
    /// How long a connection may take from being idle to a complete request head.
    public var headTimeout: Duration = .seconds(120)
    /// How long a body may make no progress while it is waited for.
    public var bodyTimeout: Duration = .seconds(30)
    /// How much of a body that nobody read is thrown away to keep the connection.
    public var discardedBytes = 16 << 20
    /// How long closing waits for requests under way.
    public var drainTimeout: Duration = .seconds(5)

    public init() {}
}

public enum HTTPServerError: Error, CustomStringConvertible {
    case cannotListen(host: String, port: Int, reason: String)

    public var description: String {
        switch self {
        case .cannotListen(let host, let port, let reason):
            "cannot listen on \(host):\(port): \(reason); choose another port, or stop what uses this one"
        }
    }
}
