/// Why an exchange with the Runtime API failed.
enum ConnectionError: Error, Hashable, CustomStringConvertible {
    case notConnected(to: String, reason: String)
    case broken(reason: String)
    /// The Runtime API closed the connection before its answer was complete.
    case closed
    case notHTTP(String)

    var description: String {
        switch self {
        case .notConnected(let address, let reason):
            "no connection to the Runtime API at \(address): \(reason); check AWS_LAMBDA_RUNTIME_API"
        case .broken(let reason): "the connection to the Runtime API broke: \(reason)"
        case .closed: "the Runtime API closed the connection before its answer was complete"
        case .notHTTP(let what): "the Runtime API's answer is not HTTP/1.1: \(what)"
        }
    }
}
