import Foundation

/// A TCP client that sends raw bytes, also those that break HTTP.
final class RawClient: @unchecked Sendable {
    // Sendable: it holds only a descriptor, which each test uses from one task at a time.
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
        // A server that never answers must not hold the tests for ever.
        var limit = timeval(tv_sec: 600, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Sends all of `bytes`; waits while the peer does not read.
    func send(_ bytes: some Sequence<UInt8> & Sendable) async {
        await onThread { [descriptor] in
            let bytes = Array(bytes)
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
        }
    }

    func send(_ text: String) async { await send(Array(text.utf8)) }

    /// Sends as many bytes as the peer accepts without waiting.
    /// - Returns: the number of bytes sent.
    func sendWithoutWaiting(_ bytes: [UInt8]) -> Int {
        max(0, Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)))
    }

    /// Reads until `isEnough` holds for the received text, or the peer closes.
    func receive(until isEnough: @escaping @Sendable (String) -> Bool) async -> String {
        await onThread { [descriptor] in
            var received: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 65536)
            while !isEnough(String(decoding: received, as: UTF8.self)) {
                let count = recv(descriptor, &piece, piece.count, 0)
                guard count > 0 else { break }
                received.append(contentsOf: piece[..<count])
            }
            return String(decoding: received, as: UTF8.self)
        }
    }

    /// Reads until the peer closes.
    func receiveAll() async -> String { await receive { _ in false } }

    /// Ends the connection at once.
    func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Runs a blocking call on a thread of its own, so that the server's tasks keep theirs.
    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
}
