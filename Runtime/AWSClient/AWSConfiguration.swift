/// Region, endpoints, retries and limits, by the conventions of AWS's SDKs.
/// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>
public struct AWSConfiguration: Sendable, Hashable {
    public var region: String
    /// The endpoint of all services (`AWS_ENDPOINT_URL`).
    public var endpoint: HTTPOrigin?
    /// The endpoints of single services (`AWS_ENDPOINT_URL_<SERVICE>`), by signing name.
    public var serviceEndpoints: [String: HTTPOrigin]
    /// The trusted certificate authorities; nil for libcurl's default.
    public var authorities: CertificateAuthorities?
    public var retry: RetryPolicy
    public var limits: TransportLimits

    public init(
        region: String, endpoint: HTTPOrigin? = nil, serviceEndpoints: [String: HTTPOrigin] = [:],
        authorities: CertificateAuthorities? = nil, retry: RetryPolicy = RetryPolicy(),
        limits: TransportLimits = TransportLimits()
    ) {
        self.region = region
        self.endpoint = endpoint
        self.serviceEndpoints = serviceEndpoints
        self.authorities = authorities
        self.retry = retry
        self.limits = limits
    }

    /// The `<SERVICE>` in `AWS_ENDPOINT_URL_<SERVICE>`, by signing name.
    /// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html>
    private static let endpointVariables = [
        "s3": "S3", "dynamodb": "DYNAMODB", "states": "SFN", "logs": "CLOUDWATCH_LOGS", "sts": "STS",
        "lambda": "LAMBDA", "firehose": "FIREHOSE", "kinesis": "KINESIS", "ecs": "ECS",
        "cloudformation": "CLOUDFORMATION",
    ]

    /// Reads `AWS_REGION` (or `AWS_DEFAULT_REGION`), `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_<SERVICE>`,
    /// `AWS_CA_BUNDLE` and `AWS_MAX_ATTEMPTS`. The profile supplies region and endpoints that no variable sets.
    /// - Parameter profile: The profile to use instead of `AWS_PROFILE`.
    /// - Throws: ``AWSError/configuration(_:)`` that names the variable.
    public init(environment: (String) -> String?, profile: String? = nil) throws(AWSError) {
        func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }

        let profile = SharedConfiguration(environment: environment, profile: profile)
        guard !profile.isNamed || value("AWS_REGION") != nil || profile.profile(profile.name) != nil else {
            throw .configuration("the profile \(profile.name) is missing in \(profile.places)")
        }
        guard let region = value("AWS_REGION") ?? value("AWS_DEFAULT_REGION") ?? profile.region else {
            throw .configuration("AWS_REGION is not set; set it, or region in the profile \(profile.name)")
        }
        guard region.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || $0.isASCIILetterOrDigit }) else {
            throw .configuration("AWS_REGION is \(region); expected letters, digits and hyphens")
        }
        self.init(region: region)
        endpoint = try Self.origin(of: value("AWS_ENDPOINT_URL"), named: "AWS_ENDPOINT_URL")
        for (service, suffix) in Self.endpointVariables {
            let name = "AWS_ENDPOINT_URL_\(suffix)"
            serviceEndpoints[service] = try Self.origin(of: value(name), named: name)
        }
        if endpoint == nil, value("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.lowercased() != "true" {
            try addEndpoints(of: profile)
        }
        authorities = CertificateAuthorities(environment: environment)
        if let attempts = value("AWS_MAX_ATTEMPTS") {
            guard let number = Int(attempts), number >= 1 else {
                throw .configuration("AWS_MAX_ATTEMPTS is \(attempts); expected a whole number above 0")
            }
            retry.attempts = number
        }
    }

    /// Adds the profile's endpoints for services without one from the environment.
    /// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
    private mutating func addEndpoints(of profile: SharedConfiguration) throws(AWSError) {
        let name = "endpoint_url of the profile \(profile.name)"
        let endpoints = profile.endpoints
        endpoint = try Self.origin(of: endpoints.ofAll, named: name)
        for (service, suffix) in Self.endpointVariables where serviceEndpoints[service] == nil {
            let address = endpoints.ofServices["\(suffix.lowercased()).endpoint_url"]
            serviceEndpoints[service] = try Self.origin(of: address, named: "\(name) for \(service)")
        }
    }

    private static func origin(of address: String?, named variable: String) throws(AWSError) -> HTTPOrigin? {
        guard let address else { return nil }
        guard let parsed = HTTPAddress(address), parsed.path == "/" else {
            throw .configuration("\(variable) is \(address); expected an address such as http://localhost:4566")
        }
        return parsed.origin
    }

    /// The configured endpoint of `service`, if any.
    func customOrigin(of service: String) -> HTTPOrigin? { serviceEndpoints[service] ?? endpoint }

    /// The endpoint of `service`. S3 is different, since its host depends on the bucket.
    public func origin(of service: String) -> HTTPOrigin {
        customOrigin(of: service) ?? HTTPOrigin(isSecure: true, host: "\(service).\(region).\(domain)")
    }

    var domain: String { region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com" }
}

/// An address with its path, as in configuration.
struct HTTPAddress: Sendable, Hashable {
    let origin: HTTPOrigin
    /// The path, which starts with `/`, and the query as written.
    let path: String

    init?(_ text: String) {
        let isSecure: Bool
        var rest = text[...]
        if rest.hasPrefix("https://") {
            isSecure = true
            rest = rest.dropFirst(8)
        } else if rest.hasPrefix("http://") {
            isSecure = false
            rest = rest.dropFirst(7)
        } else {
            return nil
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        path = authority.endIndex == rest.endIndex ? "/" : String(rest[authority.endIndex...])
        guard !authority.contains("@") else { return nil }
        // The port follows the last colon outside an IPv6 literal's brackets.
        let hostEnd = authority.lastIndex(of: "]").map { authority.index(after: $0) }
        let searched = authority[(hostEnd ?? authority.startIndex)...]
        if let colon = searched.firstIndex(of: ":") {
            guard let port = Int(authority[authority.index(after: colon)...]), (1...65535).contains(port)
            else { return nil }
            origin = HTTPOrigin(isSecure: isSecure, host: String(authority[..<colon]), port: port)
        } else {
            origin = HTTPOrigin(isSecure: isSecure, host: String(authority))
        }
        guard !origin.host.isEmpty, !origin.host.contains(where: \.isWhitespace) else { return nil }
    }
}

extension UInt8 {
    var isASCIILetterOrDigit: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
