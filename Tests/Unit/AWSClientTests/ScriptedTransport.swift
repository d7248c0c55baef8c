import Synchronization
import Time

@testable import AWSClient

/// Answers requests from a script and records them.
final class ScriptedTransport: HTTPTransport {
    enum Step: Sendable {
        case answer(HTTPResponse)
        case fail(TransportError)
        /// Returns the head and part of the body; then the connection breaks.
        case breakAfter(HTTPResponseHead, [UInt8], TransportError)
    }

    private struct State {
        var steps: [Step]
        var requests: [HTTPRequest] = []
        var limits: [TransportLimits] = []
        var pauses: [Duration] = []
        var elapsed = Duration.zero
    }

    private let state: Mutex<State>
    private let start = ContinuousClock.now

    init(_ steps: [Step]) { state = Mutex(State(steps: steps)) }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }
    var limits: [TransportLimits] { state.withLock { $0.limits } }
    var pauses: [Duration] { state.withLock { $0.pauses } }

    func open(_ request: HTTPRequest, limits: TransportLimits) throws(TransportError) -> any HTTPExchange {
        let step = state.withLock { (state) -> Step? in
            state.requests.append(request)
            state.limits.append(limits)
            return state.steps.isEmpty ? nil : state.steps.removeFirst()
        }
        switch step {
        case .answer(let response): return ScriptedExchange(response.head, response.body, nil)
        case .fail(let error): throw error
        case .breakAfter(let head, let bytes, let error): return ScriptedExchange(head, bytes, error)
        case nil: throw TransportError(.invalid, "the script has ended")
        }
    }

    /// A clock that only pauses advance, and the middle of the jitter.
    var clock: ClockAndChance {
        ClockAndChance(
            now: { Timestamp(milliseconds: 1_772_359_200_000) },
            instant: { [self] in start + state.withLock { $0.elapsed } },
            block: { [self] duration in
                state.withLock {
                    $0.pauses.append(duration)
                    $0.elapsed += duration
                }
            },
            random: { 1 << 63 })
    }

    var instant: ContinuousClock.Instant { clock.instant() }

    /// - Parameter endpoint: The endpoint to call; nil for AWS's own.
    func client(
        endpoint: HTTPOrigin? = HTTPOrigin(isSecure: false, host: "127.0.0.1", port: 4566), attempts: Int = 3
    ) -> AWSClient {
        AWSClient(
            configuration: AWSConfiguration(
                region: "eu-west-1", endpoint: endpoint,
                retry: RetryPolicy(attempts: attempts, firstCeiling: .milliseconds(100))),
            credentials: Credentials(accessKeyID: "AKID", secretAccessKey: "hush"), transport: self,
            clock: clock)
    }
}

private final class ScriptedExchange: HTTPExchange {
    let head: HTTPResponseHead
    private var rest: ArraySlice<UInt8>
    private let end: TransportError?

    init(_ head: HTTPResponseHead, _ body: [UInt8], _ end: TransportError?) {
        self.head = head
        rest = body[...]
        self.end = end
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TransportError) -> Int {
        if rest.isEmpty, let end { throw end }
        // Returns three bytes at a time, so that callers see short reads.
        let next = rest.prefix(min(3, buffer.count))
        buffer.copyBytes(from: next)
        rest = rest.dropFirst(next.count)
        return next.count
    }
}

extension ScriptedTransport.Step {
    static func answer(_ status: Int, _ body: String = "", _ headers: HTTPHeaders = [:]) -> Self {
        .answer(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))
    }

    static func fail(_ kind: TransportError.Kind) -> Self { .fail(TransportError(kind, "scripted")) }
}
