package import EmulatorCore
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// HTTP/1.1 listeners on SwiftNIO, which share the threads of one event loop group.
///
/// A listener costs one socket, and an idle connection a few kilobytes. Request bodies are streamed with backpressure;
/// file ranges are sent without a copy in memory.
package final class HTTPServer: Listening {
    private let group: MultiThreadedEventLoopGroup
    private let host: String
    private let limits: HTTPLimits

    /// - Parameters:
    ///   - host: the address to listen on.
    ///   - threads: the event loop threads; one thread serves tens of thousands of small requests per second.
    package init(host: String = "127.0.0.1", threads: Int = 1, limits: HTTPLimits = HTTPLimits()) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        self.host = host
        self.limits = limits
    }

    package func listen(port: Int, respond: @escaping Responder) async throws -> any Listener {
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
            throw HTTPServerError.cannotListen(
                host: host, port: port, reason: String(cString: strerror(error.errnoCode)))
        }
    }

    /// Ends the event loops. Close the listeners first, because open connections are cut off.
    package func stop() async { try? await group.shutdownGracefully() }
}

/// The limits for each client.
package struct HTTPLimits: Sendable {
    /// The size of all header fields of a request together.
    package var headerBytes = 64 << 10
    /// The time in which a connection must send a complete request head.
    package var headTimeout: Duration = .seconds(120)
    /// The time for which an awaited body may make no progress.
    package var bodyTimeout: Duration = .seconds(30)
    /// The size up to which an unread body is discarded to keep the connection.
    package var discardedBytes = 16 << 20
    /// The time for which closing waits for requests in progress.
    package var drainTimeout: Duration = .seconds(5)

    package init() {}
}

package enum HTTPServerError: Error, CustomStringConvertible {
    case cannotListen(host: String, port: Int, reason: String)

    package var description: String {
        switch self {
        case .cannotListen(let host, let port, let reason):
            "cannot listen on \(host):\(port): \(reason); choose another port, or stop the process that uses this one"
        }
    }
}
