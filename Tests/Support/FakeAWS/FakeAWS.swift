public import AWSClient
public import AWSModels
public import JSON
internal import Synchronization
public import Time

/// S3, DynamoDB and Glue's Iceberg catalog in memory, as far as the functions use them, behind the client's own transport. Requests are signed
/// and answers have their wire form, so a test runs the client as it ships.
///
/// Expressions have an evaluator of their own, which shares no code with the client or the emulator.
public final class FakeAWS: HTTPTransport {
    struct State {
        var objects = FakeObjects()
        var catalog = FakeCatalog()
        var tables: [String: FakeTable] = [:]
        var requests: [String] = []
        var traffic = FakeTraffic()
        var answers: [String: @Sendable (JSON) -> JSON] = [:]
        /// The number of requests until the one whose answer is lost.
        var requestsUntilLoss: Int?
        var faults: [FakeFault] = []
        /// The number of requests until the process that sends them crashes.
        var requestsUntilCrash: Int?
        var interludes: [(operation: String, passes: Int, action: @Sendable () -> Void)] = []

        /// The oldest fault for `operation` that has uses left.
        mutating func fault(for operation: String) -> FakeFault? {
            guard let index = faults.firstIndex(where: { operation.hasPrefix($0.operation) }) else { return nil }
            guard faults[index].passes == 0 else {
                faults[index].passes -= 1
                return nil
            }
            faults[index].times -= 1
            let fault = faults[index]
            if fault.times == 0 { faults.remove(at: index) }
            return fault
        }
    }

    let state = Mutex(State())
    private let time = Mutex(Timestamp(milliseconds: 1_772_359_200_000))

    public init() {}

    public var client: AWSClient {
        let retry = RetryPolicy(attempts: 3, firstCeiling: .zero, lastCeiling: .zero)
        return AWSClient(
            configuration: AWSConfiguration(
                region: "us-east-1", endpoint: HTTPOrigin(isSecure: false, host: "fake"), retry: retry),
            credentials: Credentials(accessKeyID: "fake", secretAccessKey: "fake"), transport: self)
    }

    /// The time, `2026-03-01T10:00:00.000Z` until ``advance(byMilliseconds:)``.
    public var now: Timestamp { time.withLock { $0 } }

    public func advance(byMilliseconds milliseconds: Int64) {
        time.withLock { $0 = $0.advanced(byMilliseconds: milliseconds) }
    }

    /// The operations received so far: an S3 method, path, and range, or a DynamoDB action.
    public var requests: [String] { state.withLock { $0.requests } }

    /// What all requests have cost so far.
    public var traffic: FakeTraffic { state.withLock { $0.traffic } }

    /// Performs the next request, but breaks the connection before the answer.
    /// - Parameter count: how many answers arrive before that.
    public func loseNextAnswer(after count: Int = 0) { state.withLock { $0.requestsUntilLoss = count } }

    /// Refuses the next `times` requests whose operation, as in ``requests``, begins with `operation`. A client tries
    /// three times.
    /// - Parameters:
    ///   - count: how many of these requests are answered before.
    ///   - tookEffect: whether they are performed all the same.
    public func refuse(
        _ operation: String, _ code: String, status: Int, times: Int = 3, after count: Int = 0, tookEffect: Bool = false
    ) {
        let fault = FakeFault(
            operation: operation, code: code, status: status, times: times, passes: count, tookEffect: tookEffect)
        state.withLock { $0.faults.append(fault) }
    }

    /// Forgets the faults and losses that are to come.
    public func endFaults() { state.withLock { ($0.faults, $0.requestsUntilLoss) = ([], nil) } }

    /// Runs `action` just before the next request whose operation begins with `operation`.
    /// - Parameter count: how many such requests come before that.
    public func before(_ operation: String, after count: Int = 0, _ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.interludes.append((operation, count, action)) }
    }

    /// Forgets the actions of ``before(_:_:)`` that have not run.
    public func endInterludes() { state.withLock { $0.interludes = [] } }

    /// Answers the action of any service with AWS's JSON protocol.
    public func answer(_ action: String, _ answer: @escaping @Sendable (JSON) -> JSON) {
        state.withLock { $0.answers[action] = answer }
    }

    /// Performs `count` more requests. Afterwards all fail, the last of them before or after it took effect, until the
    /// crash is over: see ``recover()``.
    public func crash(after count: Int) { state.withLock { $0.requestsUntilCrash = count } }

    public func recover() { state.withLock { $0.requestsUntilCrash = nil } }

    /// Makes a bucket one without versioning.
    public func disableVersioning(of bucket: String) {
        _ = state.withLock { $0.objects.unversioned.insert(bucket) }
    }

    // MARK: Objects

    /// The newest version of an object.
    public func bytes(of object: S3Object) -> [UInt8]? {
        state.withLock { $0.objects.newest(bucket: object.bucket, key: object.key) }
    }

    public func keys(in bucket: String) -> [String] { state.withLock { $0.objects.keys(in: bucket) } }

    /// The number of multipart uploads that were neither completed nor aborted.
    public var openUploads: Int { state.withLock { $0.objects.uploads.count } }

    @discardableResult
    public func put(_ bytes: [UInt8], to object: S3Object, metadata: [String: String] = [:]) -> StoredObject {
        let now = now
        return state.withLock { state in
            state.objects.now = now
            return state.objects.put(bytes, bucket: object.bucket, key: object.key, metadata: metadata)
        }
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
        let action = request.headers["x-amz-target"].map { String($0.split(separator: ".").last ?? "") }
        let range = request.headers["range"].map { " \($0)" } ?? ""
        let operation = action ?? "\(request.method.rawValue) \(request.path)\(range)"
        interlude(before: operation)?()
        let now = now
        let (response, isLost) = state.withLock { (state) -> (HTTPResponse, Bool) in
            state.objects.now = now
            state.requests.append(operation)
            if let left = state.requestsUntilCrash {
                state.requestsUntilCrash = max(0, left - 1)
                guard left > 0 else { return (HTTPResponse(status: 500), true) }
            }
            let fault = state.fault(for: operation)
            var response = HTTPResponse(status: 500)
            if fault?.tookEffect ?? true {
                response =
                    if let action, let answer = state.answers[action] {
                        HTTPResponse(status: 200, body: answer((try? JSON(parsing: request.body)) ?? .null).bytes)
                    } else if let action {
                        FakeDynamoDB.perform(action, request.body, &state.tables)
                    } else if request.path.hasPrefix(FakeCatalog.root) {
                        state.catalog.perform(request)
                    } else {
                        state.objects.perform(request)
                    }
            }
            if let fault { response = fault.answer(to: request, action: action) }
            state.traffic.add(request, response)
            let isLost = state.requestsUntilLoss == 0
            state.requestsUntilLoss = state.requestsUntilLoss.flatMap { $0 > 0 ? $0 - 1 : nil }
            return (response, isLost)
        }
        guard request.headers["authorization"] != nil else { return FakeExchange(HTTPResponse(status: 403)) }
        if isLost { throw TransportError(.lost, "the connection was cut") }
        return FakeExchange(response)
    }

    private func interlude(before operation: String) -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard let index = state.interludes.firstIndex(where: { operation.hasPrefix($0.operation) }) else {
                return nil
            }
            guard state.interludes[index].passes == 0 else {
                state.interludes[index].passes -= 1
                return nil
            }
            return state.interludes.remove(at: index).action
        }
    }
}

/// Requests, and the bytes of their bodies.
public struct FakeTraffic: Sendable, Hashable {
    public private(set) var requests = 0
    public private(set) var bytesSent = 0
    public private(set) var bytesReceived = 0
    /// Of the catalog's answers to commits: the whole metadata, with every snapshot that has not expired.
    public private(set) var bytesOfCommits = 0

    mutating func add(_ request: HTTPRequest, _ response: HTTPResponse) {
        requests += 1
        bytesSent += request.body.count
        if request.method == .post, request.path.hasPrefix(FakeCatalog.root) {
            bytesOfCommits += response.body.count
        } else {
            bytesReceived += response.body.count
        }
    }

    public static func - (left: FakeTraffic, right: FakeTraffic) -> FakeTraffic {
        var result = left
        result.requests -= right.requests
        result.bytesSent -= right.bytesSent
        result.bytesReceived -= right.bytesReceived
        result.bytesOfCommits -= right.bytesOfCommits
        return result
    }
}

struct FakeFault {
    let operation: String
    let code: String
    let status: Int
    var times: Int
    var passes: Int
    let tookEffect: Bool

    func answer(to request: HTTPRequest, action: String?) -> HTTPResponse {
        if action != nil { return FakeDynamoDB.fault(code, [:], status: status) }
        return request.path.hasPrefix(FakeCatalog.root)
            ? FakeCatalog.fault(status, code) : FakeObjects.fault(status, code)
    }
}

/// A response that is complete from the start.
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
