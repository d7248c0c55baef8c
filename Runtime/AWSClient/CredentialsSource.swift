internal import JSON
internal import Synchronization
internal import Time
internal import XML

/// A source of credentials. The environment is searched for sources in this order.
/// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>
indirect enum CredentialsSource: Sendable {
    case fixed(Credentials)
    case webIdentity(tokenFile: String, role: String, session: String)
    case role(AssumedRole, from: CredentialsSource)
    /// A command that prints the credentials.
    case process(String)
    case container(HTTPOrigin, path: String, token: ContainerToken?)
    /// No source is configured, or it is unusable. The first request that needs credentials throws the error.
    case none(AWSError)

    enum ContainerToken: Sendable {
        case value(String)
        case file(String)
    }

    /// - Parameter profile: The profile that takes precedence; nil searches the environment, then `AWS_PROFILE`.
    init(environment: (String) -> String?, profile: String? = nil) {
        let files = SharedConfiguration(environment: environment, profile: profile)
        let ofEnvironment =
            profile == nil ? Self.keys(environment: environment) ?? .webIdentity(environment: environment) : nil
        self =
            ofEnvironment ?? files.credentialsSource(environment: environment) ?? .container(environment: environment)
            ?? .unusable(
                "none found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or attach a role to the "
                    + "task or function")
    }

    static func unusable(_ reason: String) -> CredentialsSource { .none(.credentials(reason)) }

    static func keys(environment: (String) -> String?) -> CredentialsSource? {
        guard let keyID = value("AWS_ACCESS_KEY_ID", environment),
            let secret = value("AWS_SECRET_ACCESS_KEY", environment)
        else { return nil }
        let token = value("AWS_SESSION_TOKEN", environment)
        return .fixed(Credentials(accessKeyID: keyID, secretAccessKey: secret, sessionToken: token))
    }

    private static func webIdentity(environment: (String) -> String?) -> CredentialsSource? {
        guard let file = value("AWS_WEB_IDENTITY_TOKEN_FILE", environment),
            let role = value("AWS_ROLE_ARN", environment)
        else { return nil }
        return .webIdentity(
            tokenFile: file, role: role, session: value("AWS_ROLE_SESSION_NAME", environment) ?? "cupel")
    }

    static func container(environment: (String) -> String?) -> CredentialsSource? {
        let token =
            value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", environment).map(ContainerToken.file)
            ?? value("AWS_CONTAINER_AUTHORIZATION_TOKEN", environment).map(ContainerToken.value)
        if let path = value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", environment) {
            return container("http://169.254.170.2\(path)", token: token)
        }
        return value("AWS_CONTAINER_CREDENTIALS_FULL_URI", environment).map { container($0, token: token) }
    }

    /// The value of a variable; nil if it is missing or empty.
    private static func value(_ name: String, _ environment: (String) -> String?) -> String? {
        environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Plain HTTP is allowed only to this machine and to the credential endpoints of ECS and EKS.
    private static func container(_ address: String, token: ContainerToken?) -> CredentialsSource {
        let plainHosts: Set<String> = [
            "localhost", "127.0.0.1", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]",
        ]
        guard let parsed = HTTPAddress(address), parsed.origin.isSecure || plainHosts.contains(parsed.origin.host)
        else {
            return .none(
                .credentials(
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI is \(address); expected https, or http to the container's "
                        + "own host"))
        }
        return .container(parsed.origin, path: parsed.path, token: token)
    }
}

extension CredentialsSource {
    func fetch(with caller: Caller, configuration: AWSConfiguration) throws(AWSError) -> Credentials {
        switch self {
        case .fixed(let credentials): credentials
        case .none(let error): throw error
        case .container(let origin, let path, let token):
            try Self.fetchFromContainer(origin, path, token, caller)
        case .webIdentity(let tokenFile, let role, let session):
            try Self.assumeRole(role, session, tokenFile, configuration.origin(of: "sts"), caller)
        case .role(let role, let base):
            try Self.assume(
                role, with: try base.fetch(with: caller, configuration: configuration), configuration, caller)
        case .process(let command):
            try Self.run(command)
        }
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>
    private static func fetchFromContainer(
        _ origin: HTTPOrigin, _ address: String, _ token: ContainerToken?, _ caller: Caller
    ) throws(AWSError) -> Credentials {
        let (path, query) = split(address)
        var request = HTTPRequest(.get, origin, path: path, query: query, headers: ["accept": "application/json"])
        switch token {
        case .value(let value): request.headers["authorization"] = value
        case .file(let file): request.headers["authorization"] = try text(ofFile: file)
        case nil: break
        }
        if request.headers["authorization"]?.contains(where: \.isNewline) == true {
            throw .credentials("the container's authorization token contains a line break")
        }
        let body = try fetch(request, "container credentials", caller)
        guard let answer = try? JSON(parsing: body), let keyID = answer["AccessKeyId"]?.string,
            let secret = answer["SecretAccessKey"]?.string
        else { throw .credentials("the response of \(origin) has no AccessKeyId and SecretAccessKey") }
        return Credentials(
            accessKeyID: keyID, secretAccessKey: secret, sessionToken: answer["Token"]?.string,
            expiration: answer["Expiration"]?.string.flatMap(Timestamp.init(rfc3339:)))
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>
    private static func assumeRole(
        _ role: String, _ session: String, _ tokenFile: String, _ origin: HTTPOrigin, _ caller: Caller
    ) throws(AWSError) -> Credentials {
        let request = HTTPRequest(
            form: [
                ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
                ("RoleSessionName", session), ("WebIdentityToken", try text(ofFile: tokenFile)),
            ], to: origin)
        return try credentials(
            in: try fetch(request, "sts AssumeRoleWithWebIdentity", caller), of: "AssumeRoleWithWebIdentity", role)
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
    private static func assume(
        _ role: AssumedRole, with base: Credentials, _ configuration: AWSConfiguration, _ caller: Caller
    ) throws(AWSError) -> Credentials {
        var form = [
            ("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleArn", role.arn),
            ("RoleSessionName", role.session),
        ]
        if let seconds = role.durationSeconds { form.append(("DurationSeconds", seconds)) }
        if let externalID = role.externalID { form.append(("ExternalId", externalID)) }
        let request = HTTPRequest(form: form, to: configuration.origin(of: "sts"))
        let signer = Signer(credentials: base, region: configuration.region, service: "sts")
        let answer = try fetch(request, "sts AssumeRole", caller) { signer.sign(&$0, at: caller.clock.now()) }
        return try credentials(in: answer, of: "AssumeRole", role.arn)
    }

    private static func credentials(
        in answer: [UInt8], of action: String, _ role: String
    ) throws(AWSError) -> Credentials {
        guard let credentials = (try? XMLElement(parsing: answer))?["\(action)Result"]?["Credentials"],
            let keyID = credentials["AccessKeyId"]?.text, let secret = credentials["SecretAccessKey"]?.text
        else { throw .credentials("the response of \(action) for \(role) has no credentials") }
        return Credentials(
            accessKeyID: keyID, secretAccessKey: secret, sessionToken: credentials["SessionToken"]?.text,
            expiration: credentials["Expiration"].flatMap { Timestamp(rfc3339: $0.text) })
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>
    private static func run(_ command: String) throws(AWSError) -> Credentials {
        guard let output = outputOfCommand(command) else {
            throw .credentials("credential_process failed: \(command); run the command to see why")
        }
        guard let answer = try? JSON(parsing: output), answer["Version"] == 1,
            let keyID = answer["AccessKeyId"]?.string, let secret = answer["SecretAccessKey"]?.string
        else {
            throw .credentials(
                "credential_process did not print JSON with Version 1, AccessKeyId and SecretAccessKey: \(command)")
        }
        return Credentials(
            accessKeyID: keyID, secretAccessKey: secret, sessionToken: answer["SessionToken"]?.string,
            expiration: answer["Expiration"]?.string.flatMap(Timestamp.init(rfc3339:)))
    }

    private static func fetch(
        _ request: HTTPRequest, _ operation: String, _ caller: Caller, sign: (inout HTTPRequest) -> Void = { _ in }
    ) throws(AWSError) -> [UInt8] {
        do {
            return try caller.call(
                request, operation: operation, prepare: { (request) throws(AWSError) in sign(&request) },
                read: { (exchange) throws(TransportError) in .value(try exchange.readAll()) })
        } catch {
            throw .credentials("\(error)")
        }
    }

    private static func text(ofFile path: String) throws(AWSError) -> String {
        guard let contents = contentsOfSmallFile(path) else {
            throw .credentials("the token file \(path) cannot be read")
        }
        return String(decoding: contents, as: UTF8.self).trimmed
    }

    private static func split(_ address: String) -> (path: String, query: [HTTPRequest.QueryItem]) {
        guard let mark = address.firstIndex(of: "?") else { return (address, []) }
        let items = address[address.index(after: mark)...].split(separator: "&").map { (pair) in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return HTTPRequest.QueryItem(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
        return (String(address[..<mark]), items)
    }
}

/// Caches credentials until shortly before they expire. Threads share the cache; one fetches while the others wait.
final class CredentialsCache: Sendable {
    private let source: CredentialsSource
    private let current = Mutex<Credentials?>(nil)
    /// The cache fetches new credentials when the remaining milliseconds are fewer.
    private static let margin: Int64 = 5 * 60 * 1000

    init(_ source: CredentialsSource) { self.source = source }

    func credentials(with caller: Caller, configuration: AWSConfiguration) throws(AWSError) -> Credentials {
        try current.withLock { (current) throws(AWSError) in
            let now = caller.clock.now()
            if let current, current.remains(after: now.advanced(byMilliseconds: Self.margin)) { return current }
            do throws(AWSError) {
                let fetched = try source.fetch(with: caller, configuration: configuration)
                current = fetched
                return fetched
            } catch {
                // The cached credentials are still valid. The next request tries to renew them again.
                if let current, current.remains(after: now) { return current }
                throw error
            }
        }
    }

    /// Drops the cached credentials. Returns whether others can be fetched.
    func forget() -> Bool {
        if case .fixed = source { return false }
        current.withLock { $0 = nil }
        return true
    }
}

extension Credentials {
    fileprivate func remains(after time: Timestamp) -> Bool { expiration.map { $0 > time } ?? true }
}
