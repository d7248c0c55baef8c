#if canImport(Glibc)
    internal import Glibc
    private let streamSocket = Int32(SOCK_STREAM.rawValue)
    private let closeOnExec = Int32(SOCK_CLOEXEC.rawValue)
    private let noSignal = Int32(MSG_NOSIGNAL)
    private let moreFollowing = Int32(MSG_MORE)
#elseif canImport(Musl)
    internal import Musl
    private let streamSocket = SOCK_STREAM
    private let closeOnExec = SOCK_CLOEXEC
    private let noSignal = MSG_NOSIGNAL
    private let moreFollowing = MSG_MORE
#endif

/// A blocking TCP connection. System calls get the address of memory for the duration of the call only.
struct Socket: ~Copyable {
    private let descriptor: Int32

    /// - Parameters:
    ///   - address: `host:port`, as in `AWS_LAMBDA_RUNTIME_API`. Without a port, port 80.
    ///   - patience: How long to retry while the address cannot be resolved or nobody listens there.
    init(connectingTo address: String, patience: Duration) throws(ConnectionError) {
        let firstTry = ContinuousClock.now
        while true {
            do throws(ConnectionError) {
                let connected = try Self.descriptor(connectedTo: address)
                descriptor = connected
                return
            } catch {
                guard ContinuousClock.now - firstTry < patience else { throw error }
                usleep(1000)
            }
        }
    }

    private static func descriptor(connectedTo address: String) throws(ConnectionError) -> Int32 {
        let (host, port) = parts(of: address)
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = streamSocket
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, port, &hints, &found)
        guard status == 0 else { throw .notConnected(to: address, reason: String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(found) }
        var reason = "it has no address"
        var candidate = found
        while let info = candidate?.pointee {
            if let descriptor = connected(to: info) { return descriptor }
            reason = lastError
            candidate = info.ai_next
        }
        throw .notConnected(to: address, reason: reason)
    }

    deinit { close(descriptor) }

    private static func parts(of address: String) -> (host: String, port: String) {
        guard let colon = address.lastIndex(of: ":"), !address[colon...].contains("]") else { return (address, "80") }
        let host = address[..<colon].filter { $0 != "[" && $0 != "]" }
        return (host, String(address[address.index(after: colon)...]))
    }

    private static func connected(to info: addrinfo) -> Int32? {
        let descriptor = socket(info.ai_family, info.ai_socktype | closeOnExec, info.ai_protocol)
        guard descriptor >= 0 else { return nil }
        guard connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 else {
            let failure = errno
            close(descriptor)
            errno = failure
            return nil
        }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
    }

    /// Sends all of `bytes`. With `moreFollows` the system may send them in one packet with the next ones.
    borrowing func write(_ bytes: [UInt8], moreFollows: Bool = false) throws(ConnectionError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                return send(descriptor, rest.baseAddress, rest.count, noSignal | (moreFollows ? moreFollowing : 0))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .broken(reason: Self.lastError) }
            sent += count
        }
    }

    /// Reads the next bytes, at most `limit`; none at the end of the stream.
    borrowing func read(upTo limit: Int) throws(ConnectionError) -> [UInt8] {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
            count = receive(into: UnsafeMutableRawBufferPointer(buffer))
            initialized = max(0, count)
        }
        guard count >= 0 else { throw .broken(reason: Self.lastError) }
        return bytes
    }

    /// Reads up to `count` bytes, the first of which are `head`; fewer if the stream ends earlier.
    /// - Parameter head: At most `count` bytes that have been received already.
    borrowing func read(_ count: Int, after head: ArraySlice<UInt8>) throws(ConnectionError) -> [UInt8] {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let whole = UnsafeMutableRawBufferPointer(buffer)
            initialized = head.withUnsafeBytes {
                whole.copyMemory(from: $0); return $0.count
            }
            while initialized < count {
                let received = receive(into: UnsafeMutableRawBufferPointer(rebasing: whole[initialized...]))
                failed = received < 0
                if received <= 0 { return }
                initialized += received
            }
        }
        if failed { throw .broken(reason: Self.lastError) }
        return bytes
    }

    private borrowing func receive(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            return count
        }
    }

    /// Blocks until bytes or the end of the stream arrive. A SIGTERM that ``Termination`` deferred is delivered only
    /// here, and `pselect` delivers it only if nothing can be read, so no invocation is lost.
    borrowing func waitUntilReadable() {
        let bitsPerByte = 8
        let (byte, bit) = Int(descriptor).quotientAndRemainder(dividingBy: bitsPerByte)
        // A descriptor beyond the set's size leaves the waiting to `recv`, which does not notice SIGTERM.
        guard byte < MemoryLayout<fd_set>.size else { return }
        var mask = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &mask)
        sigdelset(&mask, SIGTERM)
        var readable = fd_set()
        withUnsafeMutableBytes(of: &readable) { $0[byte] |= 1 << bit }
        while pselect(descriptor + 1, &readable, nil, nil, nil, &mask) < 0, errno == EINTR {}
    }

    private static var lastError: String { String(cString: strerror(errno)) }
}
