internal import CSockets
package import EmulatorCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// HTTP/1.1 listeners, which share one thread.
///
/// A listener costs one socket, and an idle connection a few hundred bytes. Request bodies are streamed with backpressure;
/// file ranges are sent without a copy in memory.
package final class HTTPServer: Listening {
    private let loop = EventLoop()
    private let host: String
    private let limits: HTTPLimits

    /// - Parameter host: the address to listen on.
    package init(host: String = "127.0.0.1", limits: HTTPLimits = HTTPLimits()) {
        self.host = host
        self.limits = limits
    }

    package func listen(port: Int, respond: @escaping Responder) async throws -> any Listener {
        let socket = try ListeningSocket(host: host, port: port)
        return try await withCheckedThrowingContinuation { continuation in
            let isRunning = loop.execute { [loop, limits] in
                continuation.resume(returning: OpenListener(socket, on: loop, limits: limits, respond: respond))
            }
            guard !isRunning else { return }
            closeDescriptor(socket.descriptor)
            continuation.resume(
                throwing: HTTPServerError.cannotListen(host: host, port: port, reason: "the server has been stopped"))
        }
    }

    /// Cuts open connections off, and ends the thread.
    package func stop() async { await loop.stop() }
}

/// A socket that listens.
struct ListeningSocket {
    let descriptor: Int32
    let port: Int

    init(host: String, port: Int) throws(HTTPServerError) {
        var found: UnsafeMutablePointer<addrinfo>?
        let failure = getaddrinfo(host, String(port), nil, &found)
        defer { if let found { freeaddrinfo(found) } }
        guard failure == 0, let address = found?.pointee else {
            throw .cannotListen(host: host, port: port, reason: String(cString: gai_strerror(failure)))
        }
        descriptor = cupel_socket(address.ai_family)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        guard descriptor >= 0, bind(descriptor, address.ai_addr, address.ai_addrlen) == 0,
            listen(descriptor, 512) == 0, Self.readName(of: descriptor, into: &name, &size)
        else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            throw .cannotListen(host: host, port: port, reason: reason)
        }
        // IPv4 and IPv6 have the port at the same place.
        self.port = Int(UInt16(bigEndian: name.sin6_port))
    }

    private static func readName(of descriptor: Int32, into name: inout sockaddr_in6, _ size: inout socklen_t) -> Bool {
        withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) == 0 }
        }
    }
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
