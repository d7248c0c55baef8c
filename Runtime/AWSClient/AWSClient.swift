public import JSON
public import Time
internal import XML

/// Calls AWS: finds the endpoint, signs, sends and retries. ``ObjectStore`` and ``DynamoDB`` add typed operations.
///
/// A call blocks its thread. Any number of threads may share a client and its connections.
public struct AWSClient: Sendable {
    public let configuration: AWSConfiguration
    private let credentials: CredentialsCache
    private let clock = ServiceClock()
    private let signingKeys = SigningKeys()
    private var caller: Caller

    /// Creates a client with the region, endpoints and credentials that the SDKs' environment variables configure.
    ///
    /// - Parameters:
    ///   - environment: Returns the value of a variable. It is called only during initialization.
    ///   - profile: A profile of the shared files, whose credentials take precedence over the environment's.
    ///   - transport: What sends the requests; nil for the network.
    /// - Throws: ``AWSError/configuration(_:)`` that names the variable. Missing credentials are reported by the first
    ///   call that needs them.
    public init(
        environment: (String) -> String?, profile: String? = nil, transport: (any HTTPTransport)? = nil,
        clock: ClockAndChance = .system
    ) throws(AWSError) {
        let configuration = try AWSConfiguration(environment: environment, profile: profile)
        self.init(
            configuration, CredentialsSource(environment: environment, profile: profile),
            transport ?? CurlTransport(authorities: configuration.authorities), clock)
    }

    /// Creates a client from its parts, for tests and for known endpoints.
    public init(
        configuration: AWSConfiguration, credentials: Credentials, transport: any HTTPTransport = CurlTransport(),
        clock: ClockAndChance = .system
    ) {
        self.init(configuration, .fixed(credentials), transport, clock)
    }

    init(
        _ configuration: AWSConfiguration, _ source: CredentialsSource, _ transport: any HTTPTransport,
        _ clock: ClockAndChance
    ) {
        self.configuration = configuration
        credentials = CredentialsCache(source)
        caller = Caller(
            transport: transport, retry: configuration.retry, limits: configuration.limits, clock: clock)
    }

    /// The same client with a deadline for its calls, retries included. A later call throws
    /// ``AWSError/timeout(operation:reason:)``.
    public func limited(to deadline: ContinuousClock.Instant) -> AWSClient {
        var client = self
        client.caller.deadline = deadline
        return client
    }

    /// The same client, whose calls may wait so long for an answer's next byte.
    func allowing(silence: Duration) -> AWSClient {
        var client = self
        client.caller.limits.stalling = silence
        return client
    }

    /// Calls an operation of a service that speaks AWS's JSON protocol, such as Step Functions or CloudWatch Logs.
    ///
    /// - Parameters:
    ///   - service: The signing name: `dynamodb`, `states`, `logs`.
    ///   - target: The service's part of `X-Amz-Target`: `DynamoDB_20120810`, `AWSStepFunctions`, `Logs_20140328`.
    ///   - version: The protocol's version: `1.0` for DynamoDB and Step Functions, `1.1` for Logs.
    ///   - isRepeatable: Whether two calls have the same effect as one.
    public func jsonCall(
        service: String, target: String, action: String, input: JSON, version: String = "1.0", isRepeatable: Bool
    ) throws(AWSError) -> JSON {
        let operation = "\(service) \(action)"
        let request = HTTPRequest(
            .post, configuration.origin(of: service),
            headers: ["content-type": "application/x-amz-json-\(version)", "x-amz-target": "\(target).\(action)"],
            body: input.bytes, isRepeatable: isRepeatable)
        let response = try call(request, service: service, operation: operation)
        do throws(JSONError) {
            return response.body.isEmpty ? [:] : try JSON(parsing: response.body)
        } catch {
            throw .unexpectedResponse(operation: operation, reason: "\(error)")
        }
    }

    /// Calls an operation of a service that speaks JSON over paths, such as Glue's Iceberg catalog.
    ///
    /// - Parameters:
    ///   - service: The signing name.
    ///   - path: The path, which starts with `/`.
    ///   - input: The body; nil for none.
    ///   - isRepeatable: Whether two calls have the same effect as one.
    /// - Returns: The answer; an empty object if there is none.
    public func restCall(
        service: String, _ method: HTTPMethod, path: String, query: [HTTPRequest.QueryItem] = [], input: JSON? = nil,
        isRepeatable: Bool
    ) throws(AWSError) -> JSON {
        let operation = "\(service) \(method.rawValue) \(path)"
        let request = HTTPRequest(
            method, configuration.origin(of: service), path: path, query: query,
            headers: input == nil ? [:] : ["content-type": "application/json"], body: input?.bytes ?? [],
            isRepeatable: isRepeatable)
        let response = try call(request, service: service, operation: operation)
        do throws(JSONError) {
            return response.body.isEmpty ? [:] : try JSON(parsing: response.body)
        } catch {
            throw .unexpectedResponse(operation: operation, reason: "\(error)")
        }
    }

    /// Makes one signed call and returns its complete response.
    ///
    /// - Parameter faultInBody: Whether a response with status 200 may contain an error document. S3 sends the status
    ///   of some long operations before it knows their outcome.
    func call(
        _ request: HTTPRequest, service: String, operation: String, faultInBody: Bool = false
    ) throws(AWSError) -> HTTPResponse {
        try signedCall(request, service, operation) { (exchange) throws(TransportError) in
            let response = HTTPResponse(head: exchange.head, body: try exchange.readAll())
            if faultInBody, (try? XMLElement(parsing: response.body))?.name == "Error" {
                let failed = HTTPResponseHead(status: 500, headers: exchange.head.headers)
                return .fault(ServiceFault(failed, body: response.body))
            }
            return .value(response)
        }
    }

    /// Makes one signed call and returns its response with the body unread.
    func open(_ request: HTTPRequest, service: String, operation: String) throws(AWSError) -> any HTTPExchange {
        try signedCall(request, service, operation) { (exchange) throws(TransportError) in .value(exchange) }
    }

    private func signedCall<Value>(
        _ request: HTTPRequest, _ service: String, _ operation: String,
        read: (any HTTPExchange) throws(TransportError) -> Caller.Outcome<Value>
    ) throws(AWSError) -> Value {
        try caller.call(
            request, operation: operation,
            prepare: { (request) throws(AWSError) in
                let credentials = try credentials.credentials(with: caller, configuration: configuration)
                let signer = Signer(
                    credentials: credentials, region: configuration.region, service: service, keys: signingKeys)
                signer.sign(&request, at: clock.time(caller.clock))
            },
            forgetCredentials: credentials.forget, setClock: { clock.set(to: $0, caller.clock) }, read: read)
    }

    /// Waits before attempt `failures + 1` of an operation of several calls.
    func pause(afterFailure failures: Int, _ error: AWSError, operation: String) throws(AWSError) {
        try caller.pause(afterFailure: failures, error, operation)
    }

    /// A token for a request that must take effect once.
    func newToken() -> String { caller.clock.uuid() }
}
