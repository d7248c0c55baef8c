internal import CSockets
internal import EmulatorCore
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// One client connection: reads one request at a time, passes it to the responder, and writes the response.
///
/// The socket is read only when its bytes are needed. Between the end of a request and its response only the closing of
/// the connection is noticed: pipelined requests wait in the kernel, or in the reader if they were already read.
///
/// The loop's thread does all of it, but that the task that made a short response writes it: to wake the loop would take longer.
final class HTTPConnection: SocketWatching, @unchecked Sendable {
    // Sendable: `lock` guards what changes.
    private struct Exchange {
        let head: RequestHead
        let request: HTTPRequest
        let body: BodyPipe
        var bodyEnded = false
        /// The client waits for `100 Continue` before it sends the body.
        var awaitsContinue: Bool
        /// Makes the response. It is started when what has arrived of the body is there to be read.
        var answer: Task<Void, Never>?
        /// Makes the next piece of a body of unknown length.
        var nextPiece: Task<Void, Never>?
        var isChunked = false
        /// Whether such a body ends with the piece that is being made.
        var endsStream = false
    }

    private enum State {
        /// Waiting for a request head.
        case idle
        case answering(Exchange)
        /// The response is written; the unread rest of the body is discarded.
        case discarding(remaining: Int)
        /// The last response is written; what the client still sends is discarded until it has read it and hangs up.
        case ending(remaining: Int)
        case closed
    }

    /// What comes when all bytes are written.
    private enum Next {
        case nothing
        case end
        case piece(ResponseStream)
        case files(FileSequence)
    }

    private let lock = Mutex(())
    private let loop: EventLoop
    private let limits: HTTPLimits
    private let respond: Responder
    private let closed: (HTTPConnection) -> Void
    private let descriptor: Int32
    private var number: UInt64 = 0
    private var watched = HTTPConnection.allReading
    private var state = State.idle
    private var reader: RequestReader
    private var output = OutputQueue()
    private var next = Next.nothing
    /// No further request is accepted: the client asked for it, the listener closes, or the bytes are not HTTP.
    private var isLast = false
    private var lastProgress = ContinuousClock.now
    private var isTimerRunning = false
    private static let allReading: SocketEvents = [.readable, .peerEnded]
    /// The size of a body that is written together with its head.
    private static let shortBody = 16 << 10

    /// - Parameter closed: called when the connection is closed.
    init(
        _ descriptor: Int32, on loop: EventLoop, limits: HTTPLimits, respond: @escaping Responder,
        closed: @escaping (HTTPConnection) -> Void
    ) {
        self.descriptor = descriptor
        self.loop = loop
        self.limits = limits
        self.respond = respond
        self.closed = closed
        reader = RequestReader(headLimit: limits.headerBytes)
        number = loop.watch(descriptor, for: watched, by: self)
        startTimer()
    }

    // MARK: From the loop

    /// Closes the connection if it is idle, and otherwise after its response.
    func drain() { lock.withLock { _ in closeSoon() } }

    func loopStops() { close() }

    func close() { lock.withLock { _ in disconnect() } }

    func socketIsReady(_ events: SocketEvents) { lock.withLock { _ in take(events) } }

    /// Runs `job` on the loop's thread, soon.
    private func later(_ job: @escaping @Sendable (HTTPConnection) -> Void) {
        loop.execute { self.lock.withLock { _ in job(self) } }
    }

    // MARK: Closing

    private func closeSoon() {
        isLast = true
        guard case .answering(var exchange) = state else { return disconnect() }
        // A body without an end would keep the listener open.
        exchange.endsStream = true
        exchange.nextPiece?.cancel()
        state = .answering(exchange)
    }

    private func disconnect() {
        if case .closed = state { return }
        if case .answering(let exchange) = state {
            exchange.body.fail(RequestBodyError.connectionLost)
            exchange.answer?.cancel()
            exchange.nextPiece?.cancel()
        }
        state = .closed
        next = .nothing
        output.removeAll()
        loop.forget(descriptor, number)
        closeDescriptor(descriptor)
        closed(self)
    }

    // MARK: Reading

    private func take(_ events: SocketEvents) {
        if events.contains(.writable) { flush() }
        guard !events.isDisjoint(with: [.readable, .peerEnded, .failed, .closed]) else { return }
        if needsBytes {
            read()
        } else if events.isDisjoint(with: [.peerEnded, .failed, .closed]) {
            // The bytes of a next request wait.
            watch(watched.subtracting(.readable))
        } else if case .answering(let exchange) = state, !exchange.bodyEnded,
            events.isDisjoint(with: [.failed, .closed])
        {
            // The end comes behind bytes for which there is no room yet.
            watch(watched.subtracting([.readable, .peerEnded]))
        } else {
            disconnect()
        }
    }

    /// Whether the next bytes are needed.
    private var needsBytes: Bool {
        switch state {
        case .idle, .discarding, .ending: true
        case .answering(let exchange): !exchange.bodyEnded && exchange.body.wantsMore()
        case .closed: false
        }
    }

    private func watch(_ events: SocketEvents) {
        // Once it is closed, another connection may have the descriptor.
        if case .closed = state { return }
        guard events != watched else { return }
        watched = events
        loop.change(descriptor, number, to: events)
    }

    private func read() {
        // Some at a time: other connections have their turn, too.
        for _ in 0..<8 where needsBytes {
            let count = receive()
            switch count {
            case -Int(EINTR): continue
            case -Int(EAGAIN): return readWhenReady()
            case 0: return end()
            case ..<0: return disconnect()
            default: break
            }
            lastProgress = .now
            takeEvents()
        }
        if needsBytes { readWhenReady() }
    }

    private func readWhenReady() {
        watch(watched.union(.readable))
        startTimer()
    }

    /// - Returns: the number of bytes, 0 at the end, or -errno.
    private func receive() -> Int {
        if case .answering(let exchange) = state, !exchange.awaitsContinue, let left = reader.bytesOfBody,
            left >= 16 << 10
        {
            // A large body goes from the kernel to its reader without another copy.
            var count = 0
            let piece = [UInt8](unsafeUninitializedCapacity: min(left, 128 << 10)) { buffer, filled in
                count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
                if count < 0 { count = -Int(errno) }
                filled = max(count, 0)
            }
            guard count > 0 else { return count }
            reader.pass(count)
            exchange.body.offer(piece)
            return count
        }
        let count = recv(descriptor, loop.scratch.baseAddress, loop.scratch.count, 0)
        guard count > 0 else { return count < 0 ? -Int(errno) : 0 }
        if case .ending(let remaining) = state {
            state = .ending(remaining: remaining - count)
            if remaining < count { disconnect() }
        } else {
            reader.append(UnsafeRawBufferPointer(rebasing: loop.scratch[..<count]))
        }
        return count
    }

    /// The client sends no more.
    private func end() {
        if case .answering(let exchange) = state, !exchange.bodyEnded {
            exchange.body.fail(RequestBodyError.connectionLost)
        }
        disconnect()
    }

    private func takeEvents() {
        do throws(MalformedRequest) {
            while takesEvents, let event = try reader.next() { take(event) }
        } catch {
            isLast = true
            switch state {
            case .idle:
                output.append(ResponseHead.malformed)
                state = .ending(remaining: limits.discardedBytes)
                next = .end
                flush()
            case .answering(var exchange):
                exchange.bodyEnded = true
                state = .answering(exchange)
                exchange.body.fail(RequestBodyError.malformed)
            case .discarding, .ending, .closed: disconnect()
            }
        }
        startAnswer()
    }

    /// Whether a part of a request can be taken; those of the next request wait.
    private var takesEvents: Bool {
        switch state {
        case .idle, .discarding: true
        case .answering(let exchange): !exchange.bodyEnded
        case .ending, .closed: false
        }
    }

    private func take(_ event: RequestReader.Event) {
        switch (state, event) {
        case (.idle, .head(let head)): begin(head)
        case (.answering(var exchange), .body(let piece)):
            // A client that sends the body no longer waits for permission.
            if exchange.awaitsContinue {
                exchange.awaitsContinue = false
                state = .answering(exchange)
            }
            exchange.body.offer(piece)
        case (.answering(var exchange), .end):
            exchange.bodyEnded = true
            state = .answering(exchange)
            exchange.body.complete()
        case (.discarding(let remaining), .body(let piece)):
            state = .discarding(remaining: remaining - piece.count)
            if remaining < piece.count { disconnect() }
        case (.discarding, .end): finish()
        default: break
        }
    }

    private func begin(_ head: RequestHead) {
        if !head.keepsAlive || head.method == "CONNECT" { isLast = true }
        let body = BodyPipe(startsPaused: head.awaitsContinue) { self.later { $0.bodyIsWanted() } }
        state = .answering(
            Exchange(
                head: head, request: HTTPRequest(head, body: body), body: body, awaitsContinue: head.awaitsContinue))
    }

    private func startAnswer() {
        guard case .answering(var exchange) = state, exchange.answer == nil else { return }
        let (request, respond) = (exchange.request, respond)
        exchange.answer = Task { self.answer(await respond(request)) }
        state = .answering(exchange)
    }

    private func bodyIsWanted() {
        guard case .answering(var exchange) = state else { return }
        lastProgress = .now
        if exchange.awaitsContinue {
            exchange.awaitsContinue = false
            state = .answering(exchange)
            output.append(ResponseHead.proceed)
            flush()
        }
        // Those that were read before it was wanted.
        takeEvents()
        if needsBytes { read() }
    }

    // MARK: Answers

    /// Called by the task that made the response.
    private func answer(_ response: HTTPResponse) {
        guard !lock.withLock({ _ in writeAtOnce(response) }) else { return }
        later { $0.write(response) }
    }

    /// Writes a short response to a request that was read, if the connection then waits for the next one and nothing else.
    /// - Returns: false if it did nothing.
    private func writeAtOnce(_ response: HTTPResponse) -> Bool {
        guard case .answering(let exchange) = state, exchange.bodyEnded, !isLast, isTimerRunning,
            watched == Self.allReading, !reader.hasBytes, output.isEmpty,
            case .bytes(let body) = response.body, body.count < Self.shortBody
        else { return false }
        let head = ResponseHead(response, to: exchange.head, closes: false)
        var bytes = head.bytes
        if case .bytes(let body) = head.content { bytes += body }
        output.append(bytes)
        if output.send(to: descriptor, isLast: true) == .done {
            lastProgress = .now
            state = .idle
        } else {
            next = .end
            later { $0.flush() }
        }
        return true
    }

    private func write(_ response: HTTPResponse) {
        guard case .answering(var exchange) = state else { return }
        if exchange.awaitsContinue { isLast = true }
        let head = ResponseHead(response, to: exchange.head, closes: isLast)
        if head.closes { isLast = true }
        exchange.isChunked = head.isChunked
        state = .answering(exchange)
        output.append(head.bytes)
        switch head.content {
        case .none: next = .end
        case .bytes(let bytes):
            output.append(bytes, joined: bytes.count < Self.shortBody)
            next = .end
        case .files(let files): next = .files(files)
        case .stream(let stream): next = .piece(stream)
        }
        flush()
    }

    /// Writes what the socket takes, and goes on with what comes next when all is written.
    private func flush() {
        guard writeOutput() else { return }
        if case .files(let files) = next {
            switch files.send(to: descriptor) {
            case .done: next = .end
            case .full: return watch(watched.union(.writable))
            case .more:
                later { $0.flush() }
                return
            case .failed: return disconnect()
            }
        }
        watch(watched.subtracting(.writable))
        let done = next
        next = .nothing
        switch done {
        case .nothing, .files: break
        case .end: answered()
        case .piece(let stream): writeNext(of: stream)
        }
    }

    /// - Returns: whether all bytes are written.
    private func writeOutput() -> Bool {
        let filesFollow = if case .files = next { true } else { false }
        switch output.send(to: descriptor, isLast: !filesFollow) {
        case .done: return true
        case .full: watch(watched.union(.writable))
        case .failed: disconnect()
        }
        return false
    }

    /// Waits for the next piece in a task of its own, which ends with the connection.
    private func writeNext(of stream: ResponseStream) {
        guard case .answering(var exchange) = state else { return }
        guard !exchange.endsStream else { return write(nil, of: stream) }
        exchange.nextPiece = Task {
            let piece = await stream.next()
            self.later { $0.write(piece, of: stream) }
        }
        state = .answering(exchange)
    }

    private func write(_ piece: [UInt8]?, of stream: ResponseStream) {
        guard case .answering(let exchange) = state else { return }
        if let piece, !piece.isEmpty {
            if exchange.isChunked {
                output.append(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [0x0D, 0x0A])
            } else {
                output.append(piece)
            }
        }
        if piece == nil {
            if exchange.isChunked { output.append(Array("0\r\n\r\n".utf8)) }
            next = .end
        } else {
            next = .piece(stream)
        }
        flush()
    }

    private func answered() {
        lastProgress = .now
        switch state {
        case .answering(let exchange) where exchange.bodyEnded: finish()
        case .answering(let exchange):
            // Closing a socket with unread bytes could destroy the response in transit.
            exchange.body.fail(RequestBodyError.connectionLost)
            state = .discarding(remaining: limits.discardedBytes)
        case .ending: shutdown(descriptor, Int32(SHUT_WR))
        case .idle, .discarding, .closed: return
        }
        takeEvents()
        if needsBytes { readWhenReady() }
    }

    private func finish() {
        state = .idle
        guard isLast else { return }
        // What the client has sent too much would destroy the response in transit.
        guard reader.hasBytes else { return disconnect() }
        state = .ending(remaining: limits.discardedBytes)
        shutdown(descriptor, Int32(SHUT_WR))
    }

    // MARK: Timeouts

    /// Starts the one timer of a connection, which checks at intervals whether the client has stalled for too long.
    private func startTimer() {
        guard !isTimerRunning else { return }
        isTimerRunning = true
        loop.schedule(after: min(limits.headTimeout, limits.bodyTimeout)) { [weak self] in
            guard let self else { return }
            lock.withLock { _ in self.checkTimeouts() }
        }
    }

    private func checkTimeouts() {
        isTimerRunning = false
        let waited = lastProgress.duration(to: .now)
        switch state {
        case .idle:
            if waited >= limits.headTimeout { return disconnect() }
        case .answering(let exchange):
            guard !exchange.bodyEnded else { return }
            if waited >= limits.bodyTimeout, exchange.body.wantsMore() {
                isLast = true
                exchange.body.fail(RequestBodyError.timedOut)
            }
        case .discarding, .ending:
            if waited >= limits.bodyTimeout { return disconnect() }
        case .closed: return
        }
        startTimer()
    }
}
