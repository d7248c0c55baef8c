internal import EmulatorCore
internal import NIOCore
internal import NIOHTTP1

/// One client connection: reads one request at a time, passes it to the responder, and writes the response.
///
/// The socket is read only when its bytes are needed. Between the end of a request and its response only the closing of
/// the connection is noticed: pipelined requests wait in the kernel, or in `pending` if they were already read.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private struct Exchange {
        let head: HTTPRequestHead
        let body: BodyPipe
        var bodyEnded = false
        /// The client waits for `100 Continue` before it sends the body.
        var awaitsContinue: Bool
        var answer: Task<Void, Never>?
        /// Makes the next piece of a body of unknown length.
        var nextPiece: Task<Void, Never>?
        /// Whether such a body ends with the piece that is being made.
        var endsStream = false
    }

    private enum State {
        /// Waiting for a request head.
        case idle
        case answering(Exchange)
        /// The response is written; the unread rest of the body is discarded.
        case discarding(remaining: Int)
        case closed
    }

    private let limits: HTTPLimits
    private let respond: Responder
    private var state = State.idle
    private var pending = CircularBuffer<HTTPServerRequestPart>(initialCapacity: 1)
    /// No further request is accepted: the client asked for it, the listener closes, or the bytes are not HTTP.
    private var isLast = false
    private var lastProgress = NIODeadline.now()
    private var isTimerRunning = false
    private var boundSelf: NIOLoopBound<HTTPConnection>?
    private var boundContext: NIOLoopBound<ChannelHandlerContext>?

    init(limits: HTTPLimits, respond: @escaping Responder) {
        self.limits = limits
        self.respond = respond
    }

    // MARK: Events of the channel

    func channelActive(context: ChannelHandlerContext) {
        boundSelf = NIOLoopBound(self, eventLoop: context.eventLoop)
        boundContext = NIOLoopBound(context, eventLoop: context.eventLoop)
        readIfNeeded(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastProgress = .now()
        pending.append(unwrapInboundIn(data))
        takePending(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) { readIfNeeded(context) }

    func channelInactive(context: ChannelHandlerContext) {
        if case .answering(let exchange) = state {
            exchange.body.fail(RequestBodyError.connectionLost)
            exchange.answer?.cancel()
            exchange.nextPiece?.cancel()
        }
        state = .closed
        pending.removeAll()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else {
            context.close(promise: nil)
            return
        }
        isLast = true
        switch state {
        case .idle: refuseMalformed(context)
        case .answering(let exchange):
            let cut = (error as? HTTPParserError) == .invalidEOFState
            exchange.body.fail(cut ? RequestBodyError.connectionLost : .malformed)
        case .discarding: context.close(promise: nil)
        case .closed: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is DrainEvent else { return context.fireUserInboundEventTriggered(event) }
        isLast = true
        if case .answering(var exchange) = state {
            // A body without an end would keep the listener open.
            exchange.endsStream = true
            exchange.nextPiece?.cancel()
            state = .answering(exchange)
            return
        }
        context.close(promise: nil)
    }

    // MARK: From parts to requests

    private func takePending(_ context: ChannelHandlerContext) {
        while let part = pending.popFirst() {
            guard take(part, context) else { return pending.prepend(part) }
        }
    }

    /// - Returns: false when `part` belongs to the next request and must wait.
    private func take(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) -> Bool {
        switch (state, part) {
        case (.idle, .head(let head)):
            begin(head, context)
        case (.answering(var exchange), .body(let buffer)) where !exchange.bodyEnded:
            // A client that sends the body no longer waits for permission.
            exchange.awaitsContinue = false
            state = .answering(exchange)
            exchange.body.offer(Array(buffer.readableBytesView))
        case (.answering(var exchange), .end) where !exchange.bodyEnded:
            exchange.bodyEnded = true
            state = .answering(exchange)
            exchange.body.complete()
        case (.answering, _):
            return false
        case (.discarding(let remaining), .body(let buffer)):
            state = .discarding(remaining: remaining - buffer.readableBytes)
            if remaining < buffer.readableBytes { context.close(promise: nil) }
        case (.discarding, .end):
            finish(context)
        case (.idle, _), (.discarding, .head), (.closed, _):
            break
        }
        return true
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard let boundSelf, let boundContext else { return }
        // After an upgrade request the decoder reads nothing more from this connection.
        if !head.isKeepAlive || head.method == .CONNECT || head.headers.contains(name: "Upgrade") { isLast = true }
        let awaitsContinue = head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
        let eventLoop = context.eventLoop
        let body = BodyPipe(startsPaused: awaitsContinue) {
            eventLoop.execute { boundSelf.value.bodyIsWanted(boundContext.value) }
        }
        let request = EmulatorCore.HTTPRequest(head, body: body)
        let respond = respond
        let answer = Task {
            let response = await respond(request)
            eventLoop.execute { boundSelf.value.write(response, boundContext.value) }
        }
        state = .answering(Exchange(head: head, body: body, awaitsContinue: awaitsContinue, answer: answer))
    }

    private func bodyIsWanted(_ context: ChannelHandlerContext) {
        guard case .answering(var exchange) = state else { return }
        lastProgress = .now()
        if exchange.awaitsContinue {
            exchange.awaitsContinue = false
            state = .answering(exchange)
            let head = HTTPResponseHead(version: exchange.head.version, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        }
        readIfNeeded(context)
    }

    /// Reads the socket if the next bytes are needed.
    private func readIfNeeded(_ context: ChannelHandlerContext) {
        let isNeeded =
            switch state {
            case .idle: true
            case .answering(let exchange): !exchange.bodyEnded && exchange.body.wantsMore()
            case .discarding: true
            case .closed: false
            }
        guard isNeeded, pending.isEmpty else { return }
        startTimer(context)
        context.read()
    }

    // MARK: Answers

    private func write(_ response: EmulatorCore.HTTPResponse, _ context: ChannelHandlerContext) {
        guard case .answering(let exchange) = state else { return }
        if exchange.awaitsContinue { isLast = true }
        let answer = ResponseParts(response, to: exchange.head, closes: isLast)
        context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
        switch answer.content {
        case .none: writeEnd(context)
        case .bytes(let buffer):
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
            writeEnd(context)
        case .files(let files): write(files, context)
        case .stream(let stream):
            context.flush()
            writeNext(of: stream, context)
        }
    }

    /// Waits for the next piece in a task of its own, which ends with the connection.
    private func writeNext(of stream: ResponseStream, _ context: ChannelHandlerContext) {
        guard case .answering(var exchange) = state, let boundSelf, let boundContext else { return }
        guard !exchange.endsStream else { return writeEnd(context) }
        let eventLoop = context.eventLoop
        exchange.nextPiece = Task {
            let piece = await stream.next()
            eventLoop.execute { boundSelf.value.write(piece, of: stream, boundContext.value) }
        }
        state = .answering(exchange)
    }

    private func write(_ piece: [UInt8]?, of stream: ResponseStream, _ context: ChannelHandlerContext) {
        guard case .answering = state else { return }
        guard let piece else { return writeEnd(context) }
        let body = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: piece)))
        context.writeAndFlush(wrapOutboundOut(body)).assumeIsolated().whenComplete { result in
            switch result {
            case .success: self.writeNext(of: stream, context)
            case .failure: context.close(promise: nil)
            }
        }
    }

    private func write(_ files: FileSequence, _ context: ChannelHandlerContext) {
        guard let region = files.current else { return writeEnd(context) }
        context.writeAndFlush(wrapOutboundOut(.body(.fileRegion(region)))).assumeIsolated().whenComplete { result in
            if case .success = result, files.advance() {
                // Scheduled, not called: if every write succeeds at once, ten thousand files would overflow the stack.
                context.eventLoop.assumeIsolated().execute { self.write(files, context) }
            } else {
                // The length is already sent, so only a broken connection tells the client that bytes are missing.
                context.close(promise: nil)
            }
        }
    }

    private func writeEnd(_ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { result in
            switch result {
            case .failure: context.close(promise: nil)
            case .success: self.answered(context)
            }
        }
    }

    private func answered(_ context: ChannelHandlerContext) {
        guard case .answering(let exchange) = state else { return }
        if exchange.bodyEnded {
            finish(context)
        } else {
            // Closing a socket with unread bytes could destroy the response in transit.
            state = .discarding(remaining: limits.discardedBytes)
        }
        lastProgress = .now()
        takePending(context)
        readIfNeeded(context)
    }

    private func finish(_ context: ChannelHandlerContext) {
        state = .idle
        if isLast { context.close(promise: nil) }
    }

    private func refuseMalformed(_ context: ChannelHandlerContext) {
        state = .closed
        let head = HTTPResponseHead(
            version: .http1_1, status: .badRequest,
            headers: ["Connection": "close", "Content-Length": "0", "Date": DateHeader.now()])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    // MARK: Timeouts

    /// Starts the one timer of a connection, which checks at intervals whether the client has stalled for too long.
    private func startTimer(_ context: ChannelHandlerContext) {
        guard !isTimerRunning, let boundSelf, let boundContext else { return }
        isTimerRunning = true
        let tick = TimeAmount(min(limits.headTimeout, limits.bodyTimeout))
        context.eventLoop.scheduleTask(in: tick) { boundSelf.value.checkTimeouts(boundContext.value) }
    }

    private func checkTimeouts(_ context: ChannelHandlerContext) {
        isTimerRunning = false
        let waited = NIODeadline.now() - lastProgress
        switch state {
        case .idle:
            if waited >= TimeAmount(limits.headTimeout) { return context.close(promise: nil) }
        case .answering(let exchange):
            guard !exchange.bodyEnded else { return }
            if waited >= TimeAmount(limits.bodyTimeout), exchange.body.wantsMore() {
                isLast = true
                exchange.body.fail(RequestBodyError.timedOut)
            }
        case .discarding:
            if waited >= TimeAmount(limits.bodyTimeout) { return context.close(promise: nil) }
        case .closed: return
        }
        startTimer(context)
    }
}
