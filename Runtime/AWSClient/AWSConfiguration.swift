/// Where the services are and how patiently to call them, by the conventions that AWS's SDKs share.
/// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>
public struct AWSConfiguration: Sendable, Hashable {
    public var region: String
    /// `AWS_ENDPOINT_URL`: all services in one place.
    public var endpoint: HTTPOrigin?
    /// `AWS_ENDPOINT_URL_<SERVICE>`, by the service's signing name.
    public var serviceEndpoints: [String: HTTPOrigin]
    /// Those that vouch for the endpoints; nil leaves it to libcurl.
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

    /// Signing name to the name in `AWS_ENDPOINT_URL_<SERVICE>`.
    /// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html>
    private static let endpointVariables = [
        "s3": "S3", "dynamodb": "DYNAMODB", "states": "SFN", "logs": "CLOUDWATCH_LOGS", "sts": "STS",
        "lambda": "LAMBDA", "firehose": "FIREHOSE", "kinesis": "KINESIS", "ecs": "ECS",
        "cloudformation": "CLOUDFORMATION",
    ]

    /// Reads `AWS_REGION` (or `AWS_DEFAULT_REGION`), `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_<SERVICE>`,
    /// `AWS_CA_BUNDLE` and `AWS_MAX_ATTEMPTS`; region and endpoints also from the profile, which goes last.
    /// - Parameter profile: instead of `AWS_PROFILE`.
    /// - Throws: ``AWSError/configuration(_:)`` that names the variable.
    public init(environment: (String) -> String?, profile: String? = nil) throws(AWSError) {
        func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }

        let profile = SharedConfiguration(environment: environment, profile: profile)
        guard !profile.isNamed || value("AWS_REGION") != nil || profile.profile(profile.name) != nil else {
            throw .configuration("the profile \(profile.name) is neither in \(profile.places)")
        }
        guard let region = value("AWS_REGION") ?? value("AWS_DEFAULT_REGION") ?? profile.region else {
            throw .configuration("AWS_REGION is not set; set it, or region in the profile \(profile.name)")
        }
        guard region.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || $0.isASCIILetterOrDigit }) else {
            throw .configuration("AWS_REGION is \(region); letters, digits and hyphens are due")
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
                throw .configuration("AWS_MAX_ATTEMPTS is \(attempts); a number from 1 is due")
            }
            retry.attempts = number
        }
    }

    /// Endpoints that the profile sets; those of the environment go before.
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
            throw .configuration("\(variable) is \(address); an address such as http://localhost:4566 is due")
        }
        return parsed.origin
    }

    /// The endpoint that was set for `service`, if any.
    func customOrigin(of service: String) -> HTTPOrigin? { serviceEndpoints[service] ?? endpoint }

    /// Where `service` answers, except S3, whose host depends on the bucket.
    public func origin(of service: String) -> HTTPOrigin {
        customOrigin(of: service) ?? HTTPOrigin(isSecure: true, host: "\(service).\(region).\(domain)")
    }

    var domain: String { region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com" }
}

/// An address with its path, as configuration writes it.
struct HTTPAddress: Sendable, Hashable {
    let origin: HTTPOrigin
    /// Starts with `/`; with the query, if any, as written.
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
