internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The emulator's address, which is known once its listener is open.
package final class EndpointAddress: Sendable {
    private let address: Mutex<String>

    /// - Parameter url: such as `http://127.0.0.1:4566`.
    package init(_ url: String = "") { address = Mutex(url) }

    package var url: String { address.withLock { $0 } }
    package func set(_ url: String) { address.withLock { $0 = url } }
}

/// The environment variables that functions and containers also have on AWS, with the emulator's address.
package struct ProcessEnvironment: Sendable {
    package let account: Account
    package let endpoint: EndpointAddress
    package var additions: [String: String]

    package init(account: Account, endpoint: EndpointAddress, additions: [String: String] = [:]) {
        self.account = account
        self.endpoint = endpoint
        self.additions = additions
    }

    /// The region, credentials, the emulator's address, and the host's paths to programs and
    /// libraries.
    package var variables: [String: String] {
        var variables = [
            "AWS_REGION": account.region, "AWS_DEFAULT_REGION": account.region, "AWS_ENDPOINT_URL": endpoint.url,
            "AWS_EC2_METADATA_DISABLED": "true", "LANG": "en_US.UTF-8", "TZ": ":UTC",
        ]
        variables.merge(AccessKey.emulator.variables) { $1 }
        for name in ["PATH", "LD_LIBRARY_PATH", "TMPDIR"] {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        variables.merge(additions) { $1 }
        return variables
    }
}
