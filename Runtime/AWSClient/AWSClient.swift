public import JSON

/// Calls AWS: finds the endpoint, signs, sends, tries again. ``ObjectStore`` and ``DynamoDB`` are its typed faces.
///
/// It blocks the calling thread. Any number of threads may share one client; connections are used again.
public struct AWSClient: Sendable {
    public let configuration: AWSConfiguration
    private let credentials: CredentialsCache
    private var caller: Caller

    /// A client by the SDKs' environment conventions: region, endpoints, credentials.
    ///
    /// - Parameters:
    ///   - environment: looks a variable up; called only here.
    ///   - profile: of the shared files; its credentials then go before those of the environment.
    /// - Throws: ``AWSError/configuration(_:)`` that names the variable. Missing credentials are reported by the first
    ///   call that needs them.
    public init(
        environment: (String) -> String?, profile: String? = nil, surroundings: Surroundings = Surroundings()
    ) throws(AWSError) {
        let configuration = try AWSConfiguration(environment: environment, profile: profile)
        self.init(
            configuration, CredentialsSource(environment: environment, profile: profile),
            CurlTransport(authorities: configuration.authorities), surroundings)
    }

    /// A client from parts, for tests and for endpoints known beforehand.
    public init(
        configuration: AWSConfiguration, credentials: Credentials, transport: any HTTPTransport = CurlTransport(),
        surroundings: Surroundings = Surroundings()
    ) {
        self.init(configuration, .fixed(credentials), transport, surroundings)
    }

    init(
        _ configuration: AWSConfiguration, _ source: CredentialsSource, _ transport: any HTTPTransport,
        _ surroundings: Surroundings
    ) {
        self.configuration = configuration
        credentials = CredentialsCache(source)
        caller = Caller(
            transport: transport, retry: configuration.retry, limits: configuration.limits, surroundings: surroundings)
    }

    /// The same client, whose calls end by `deadline`, retries included: with ``AWSError/timeout(operation:reason:)``
    /// if not otherwise.
    public func limited(to deadline: ContinuousClock.Instant) -> AWSClient {
        var client = self
        client.caller.deadline = deadline
        return client
    }

    /// Calls an operation of a service that speaks AWS's JSON protocol, such as Step Functions or CloudWatch Logs.
    ///
    /// - Parameters:
    ///   - service: the signing name: `dynamodb`, `states`, `logs`.
    ///   - target: the service's part of `X-Amz-Target`: `DynamoDB_20120810`, `AWSStepFunctions`, `Logs_20140328`.
    ///   - version: of the protocol: `1.0` for DynamoDB and Step Functions, `1.1` for Logs.
    ///   - isRepeatable: whether making the call twice does what making it once does.
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

    /// Makes one signed call and returns its whole answer.
    ///
    /// - Parameter faultInBody: S3 answers some long operations with status 200 before it knows their outcome; then the
    ///   body is an error document.
    func call(
        _ request: HTTPRequest, service: String, operation: String, faultInBody: Bool = false
    ) throws(AWSError) -> HTTPResponse {
        try signedCall(request, service, operation) { (exchange) throws(TransportError) in
            let response = HTTPResponse(head: exchange.head, body: try exchange.readAll())
            if faultInBody, XMLElement(parsing: response.body)?.name == "Error" {
                let failed = HTTPResponseHead(status: 500, headers: exchange.head.headers)
                return .fault(ServiceFault(failed, body: response.body))
            }
            return .value(response)
        }
    }

    /// Makes one signed call and returns its answer with the body still to be read.
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
                let signer = Signer(credentials: credentials, region: configuration.region, service: service)
                signer.sign(&request, at: caller.surroundings.now())
            },
            forgetCredentials: credentials.forget, read: read)
    }

    /// Waits before try `failures + 1` of something larger than one call.
    func pause(afterFailure failures: Int, _ error: AWSError, operation: String) throws(AWSError) {
        try caller.pause(afterFailure: failures, error, operation)
    }

    /// A number of 128 random bits in hexadecimal, to mark a request that must take effect once.
    func newToken() -> String {
        let bits = UInt128.random(in: .min ... .max)
        let digits = String(bits, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}
