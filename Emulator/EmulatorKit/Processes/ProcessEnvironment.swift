internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Where the emulator answers, known once its listener is open.
public final class EndpointAddress: Sendable {
    private let address: Mutex<String>

    /// - Parameter url: such as `http://127.0.0.1:4566`.
    public init(_ url: String = "") { address = Mutex(url) }

    public var url: String { address.withLock { $0 } }
    public func set(_ url: String) { address.withLock { $0 = url } }
}

/// The environment variables that a function and a container find in AWS too, pointing at the emulator.
struct ProcessEnvironment: Sendable {
    let account: Account
    let endpoint: EndpointAddress
    var additions: [String: String] = [:]

    /// Region, credentials that nobody checks, the emulator's address, and the host's paths to programs and libraries.
    var variables: [String: String] {
        var variables = [
            "AWS_REGION": account.region, "AWS_DEFAULT_REGION": account.region, "AWS_ENDPOINT_URL": endpoint.url,
            "AWS_ACCESS_KEY_ID": "emulator", "AWS_SECRET_ACCESS_KEY": "emulator", "AWS_EC2_METADATA_DISABLED": "true",
            "LANG": "en_US.UTF-8", "TZ": ":UTC",
        ]
        for name in ["PATH", "LD_LIBRARY_PATH", "TMPDIR"] {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        variables.merge(additions) { $1 }
        return variables
    }
}
