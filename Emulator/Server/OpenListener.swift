internal import EmulatorCore
internal import NIOCore
import Synchronization

/// A bound port and its connections.
final class OpenListener: Listener {
    private let channel: any Channel
    private let connections: OpenConnections
    private let limits: HTTPLimits
    let port: Int

    init(channel: any Channel, connections: OpenConnections, limits: HTTPLimits) {
        self.channel = channel
        self.connections = connections
        self.limits = limits
        port = channel.localAddress?.port ?? 0
    }

    func close() async {
        try? await channel.close().get()
        await connections.drain(within: limits.drainTimeout)
    }
}

/// The connections of one listener.
final class OpenConnections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var draining = false
        var drained: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func add(_ channel: any Channel) {
        let identifier = ObjectIdentifier(channel)
        let draining = state.withLock { state in
            state.channels[identifier] = channel
            return state.draining
        }
        channel.closeFuture.whenComplete { _ in self.remove(identifier) }
        // The connection was accepted before the listener closed, but set up afterwards.
        if draining { channel.pipeline.fireUserInboundEventTriggered(DrainEvent()) }
    }

    private func remove(_ identifier: ObjectIdentifier) {
        let drained = state.withLock { state in
            state.channels[identifier] = nil
            guard state.channels.isEmpty else { return [CheckedContinuation<Void, Never>]() }
            defer { state.drained = [] }
            return state.drained
        }
        for continuation in drained { continuation.resume() }
    }

    /// Closes idle connections at once, busy ones after their response, and all of them after `timeout`.
    func drain(within timeout: Duration) async {
        let channels = state.withLock { state in
            state.draining = true
            return Array(state.channels.values)
        }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(DrainEvent()) }
        let deadline = Task {
            try await Task.sleep(for: timeout)
            for channel in state.withLock({ Array($0.channels.values) }) { channel.close(promise: nil) }
        }
        await withCheckedContinuation { continuation in
            let none = state.withLock { state in
                if !state.channels.isEmpty { state.drained.append(continuation) }
                return state.channels.isEmpty
            }
            if none { continuation.resume() }
        }
        deadline.cancel()
    }
}

/// Asks a connection to accept no further request.
struct DrainEvent: Sendable {}
