internal import CSockets
internal import EmulatorCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// A bound port and its connections.
final class OpenListener: Listener, SocketWatching, @unchecked Sendable {
    // Sendable: all but `port` and `close()` is used on the loop's thread alone.
    let port: Int
    private let loop: EventLoop
    private let limits: HTTPLimits
    private let respond: Responder
    private var descriptor: Int32
    private var number: UInt64 = 0
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var drained: [CheckedContinuation<Void, Never>] = []

    /// On the loop's thread.
    init(_ socket: ListeningSocket, on loop: EventLoop, limits: HTTPLimits, respond: @escaping Responder) {
        descriptor = socket.descriptor
        port = socket.port
        self.loop = loop
        self.limits = limits
        self.respond = respond
        number = loop.watch(descriptor, for: .readable, by: self)
    }

    /// Closes idle connections at once, busy ones after their response, and all of them after the limit.
    func close() async {
        await withCheckedContinuation { continuation in
            if !loop.execute({ self.drain(continuation) }) { continuation.resume() }
        }
    }

    private func drain(_ continuation: CheckedContinuation<Void, Never>) {
        closeSocket()
        for connection in connections.values { connection.drain() }
        guard !connections.isEmpty else { return continuation.resume() }
        drained.append(continuation)
        loop.schedule(after: limits.drainTimeout) { [weak self] in
            for connection in self.map({ Array($0.connections.values) }) ?? [] { connection.close() }
        }
    }

    func loopStops() {
        closeSocket()
        for connection in connections.values { connection.close() }
    }

    func socketIsReady(_ events: SocketEvents) {
        // Some at a time: those that are open have their turn, too.
        for _ in 0..<64 where descriptor >= 0 {
            let accepted = cupel_accept(descriptor)
            if accepted >= 0 {
                add(accepted)
            } else if errno != EINTR, errno != ECONNABORTED {
                // Without descriptors a connection waits in the kernel, and would be reported without a pause.
                if errno != EAGAIN { rest() }
                return
            }
        }
    }

    private func rest() {
        loop.change(descriptor, number, to: [])
        loop.schedule(after: .milliseconds(50)) { [weak self] in
            guard let self, descriptor >= 0 else { return }
            loop.change(descriptor, number, to: .readable)
        }
    }

    private func add(_ socket: Int32) {
        var yes: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        let connection = HTTPConnection(socket, on: loop, limits: limits, respond: respond) { [weak self] in
            self?.remove($0)
        }
        connections[ObjectIdentifier(connection)] = connection
    }

    private func remove(_ connection: HTTPConnection) {
        connections[ObjectIdentifier(connection)] = nil
        guard connections.isEmpty else { return }
        for continuation in drained { continuation.resume() }
        drained = []
    }

    private func closeSocket() {
        guard descriptor >= 0 else { return }
        loop.forget(descriptor, number)
        closeDescriptor(descriptor)
        descriptor = -1
    }
}
