public import AWSClient
public import AWSModels
internal import JSON
internal import Synchronization

/// S3 and DynamoDB in memory, as far as the functions use them, behind the client's own transport. Requests arrive
/// signed and answers leave as on the wire, so what is tested goes through the client as it ships.
///
/// The expressions are evaluated by an evaluator of its own: it shares no code with the client or the emulator.
public final class FakeAWS: HTTPTransport {
    struct State {
        var objects = FakeObjects()
        var tables: [String: FakeTable] = [:]
        var requests: [String] = []
        var losesNextAnswer = false
    }

    let state = Mutex(State())
    private let time = Mutex(Timestamp(millisecondsSinceEpoch: 1_772_359_200_000))

    public init() {}

    public var client: AWSClient {
        let retry = RetryPolicy(attempts: 3, firstCeiling: .zero, lastCeiling: .zero)
        return AWSClient(
            configuration: AWSConfiguration(
                region: "us-east-1", endpoint: HTTPOrigin(isSecure: false, host: "fake"), retry: retry),
            credentials: Credentials(accessKeyID: "fake", secretAccessKey: "fake"), transport: self)
    }

    /// `2026-03-01T10:00:00.000Z` until it is moved.
    public var now: Timestamp { time.withLock { $0 } }

    public func advance(byMilliseconds milliseconds: Int64) {
        time.withLock { $0 = $0.advanced(byMilliseconds: milliseconds) }
    }

    /// The operations that arrived so far: an S3 method, path and range, or a DynamoDB action.
    public var requests: [String] { state.withLock { $0.requests } }

    /// Performs the next request, and breaks the connection before its answer.
    public func loseNextAnswer() { state.withLock { $0.losesNextAnswer = true } }

    // MARK: Objects

    @discardableResult
    public func put(_ bytes: [UInt8], to object: S3Object) -> StoredObject {
        state.withLock { $0.objects.put(bytes, bucket: object.bucket, key: object.key) }
    }

    /// Removes all versions.
    public func delete(_ object: S3Object) {
        state.withLock { $0.objects.delete(bucket: object.bucket, key: object.key) }
    }

    // MARK: Items

    public func items(in table: String) -> [Item] {
        state.withLock { $0.tables[table].map { Array($0.items.values) } ?? [] }
    }

    public func putItem(_ item: Item, in table: String) {
        state.withLock { $0.tables[table, default: FakeTable()].put(item) }
    }

    // MARK: HTTPTransport

    public func open(_ request: HTTPRequest, limits: TransportLimits) throws(TransportError) -> any HTTPExchange {
        let (response, isLost) = state.withLock { (state) -> (HTTPResponse, Bool) in
            let response: HTTPResponse
            if let target = request.headers["x-amz-target"] {
                let action = String(target.split(separator: ".").last ?? "")
                state.requests.append(action)
                response = FakeDynamoDB.perform(action, request.body, &state.tables)
            } else {
                let range = request.headers["range"].map { " \($0)" } ?? ""
                state.requests.append("\(request.method.rawValue) \(request.path)\(range)")
                response = state.objects.perform(request)
            }
            defer { state.losesNextAnswer = false }
            return (response, state.losesNextAnswer)
        }
        guard request.headers["authorization"] != nil else { return FakeExchange(HTTPResponse(status: 403)) }
        if isLost { throw TransportError(.lost, "the connection was cut") }
        return FakeExchange(response)
    }
}

/// An answer that is there already.
final class FakeExchange: HTTPExchange {
    let head: HTTPResponseHead
    private var rest: ArraySlice<UInt8>

    init(_ response: HTTPResponse) {
        head = response.head
        rest = response.body[...]
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TransportError) -> Int {
        let next = rest.prefix(buffer.count)
        buffer.copyBytes(from: next)
        rest = rest.dropFirst(next.count)
        return next.count
    }
}
