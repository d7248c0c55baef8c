internal import AWSClient
// The client's are meant by the plain names; the module's own name is that of its type.
internal import struct AWSClient.HTTPHeaders
internal import struct AWSClient.HTTPRequest
internal import EmulatorCore
internal import Threads

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Takes the requests of this process to its own emulator, without a socket and without libcurl, which is thirty libraries to
/// load. Whatever its port checks of a request, but for the browser's headers, is checked here, too.
///
/// A call blocks its thread while the emulator answers on those of the pool, so it must not be one of them.
struct InProcessTransport: HTTPTransport {
    private let responder: Responder

    init(to responder: @escaping Responder) { self.responder = responder }

    func open(
        _ request: HTTPRequest, limits: TransportLimits
    ) throws(TransportError) -> any HTTPExchange {
        let received = EmulatorCore.HTTPRequest(request)
        let limit = limits.whole.map { min($0, limits.stalling) } ?? limits.stalling
        let response = try awaited(within: limit) { [responder] in await responder(received) }
        return InProcessExchange(response, hasBody: request.method != .head, limit: limit)
    }
}

extension EmulatorCore.HTTPRequest {
    /// The request as it would be received.
    fileprivate init(_ request: HTTPRequest) {
        var headers = EmulatorCore.HTTPHeaders(request.headers.fields.map { ($0.name, $0.value) })
        headers["host"] = request.origin.authority
        if !request.body.isEmpty || request.method == .put || request.method == .post {
            headers["content-length"] = String(request.body.count)
        }
        self.init(
            method: request.method.rawValue, path: request.encodedPath, query: request.encodedQuery, headers: headers,
            body: RequestBody(request.body))
    }
}

/// The answer of an emulator in this process.
private final class InProcessExchange: HTTPExchange {
    let head: HTTPResponseHead
    private let limit: Duration
    private var pieces: Pieces
    /// Read, and not asked for yet.
    private var rest: ArraySlice<UInt8> = []

    private enum Pieces {
        case none
        case files(FileRanges, next: Int, offset: Int)
        case stream(ResponseStream)
    }

    init(_ response: EmulatorCore.HTTPResponse, hasBody: Bool, limit: Duration) {
        var headers = HTTPHeaders()
        for field in response.headers.fields { headers.add(field.name, field.value) }
        self.limit = limit
        pieces = .none
        switch response.body {
        case .bytes(let bytes):
            if hasBody { rest = bytes[...] }
            if headers["content-length"] == nil { headers["content-length"] = String(bytes.count) }
        case .files(let files):
            if hasBody { pieces = .files(files, next: 0, offset: 0) }
            if headers["content-length"] == nil { headers["content-length"] = String(files.length) }
        case .stream(let stream):
            if hasBody { pieces = .stream(stream) }
        }
        head = HTTPResponseHead(status: response.status, headers: headers)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TransportError) -> Int {
        guard !buffer.isEmpty else { return 0 }
        while rest.isEmpty {
            switch pieces {
            case .none: return 0
            case .files(let files, let next, let offset):
                guard next < files.ranges.count else { return 0 }
                let range = files.ranges[next]
                guard offset < range.length else {
                    pieces = .files(files, next: next + 1, offset: 0)
                    continue
                }
                let count = try Self.read(range, at: offset, into: buffer)
                pieces = .files(files, next: next, offset: offset + count)
                return count
            case .stream(let stream):
                guard let piece = try awaited(within: limit, { await stream.next() }) else {
                    pieces = .none
                    return 0
                }
                rest = piece[...]
            }
        }
        let count = min(buffer.count, rest.count)
        buffer.copyBytes(from: rest.prefix(count))
        rest = rest.dropFirst(count)
        return count
    }

    private static func read(
        _ range: FileRange, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(TransportError) -> Int {
        let file = openFile(range.path, O_RDONLY | O_CLOEXEC)
        defer { if file >= 0 { close(file) } }
        let count =
            file < 0
            ? -1 : pread(file, buffer.baseAddress, min(buffer.count, range.length - offset), range.offset + offset)
        guard count > 0 else {
            throw TransportError(
                .lost, count < 0 ? "\(range.path): \(String(cString: strerror(errno)))" : "\(range.path) was cut short")
        }
        return count
    }
}

/// The C function, which the transport's method of that name hides.
private func openFile(_ path: String, _ flags: Int32) -> Int32 { open(path, flags) }

/// Waits on this thread for what a task makes.
private func awaited<Value: Sendable>(
    within limit: Duration, _ make: @escaping @Sendable () async -> Value
) throws(TransportError) -> Value {
    let made = Made<Value>()
    let task = Task { made.set(await make()) }
    guard let value = made.value(until: .now + limit) else {
        task.cancel()
        throw TransportError(.timedOut, "the emulator did not answer within \(limit)")
    }
    return value
}

/// Unchecked: the monitor guards the value.
private final class Made<Value: Sendable>: @unchecked Sendable {
    private let monitor = Monitor()
    private var made: Value?

    func set(_ value: Value) {
        monitor.locked {
            made = value
            monitor.signal()
        }
    }

    func value(until deadline: ContinuousClock.Instant) -> Value? {
        monitor.locked {
            while made == nil {
                guard monitor.wait(until: deadline) else { break }
            }
            return made
        }
    }
}
