public import AWSClient
public import LambdaRuntime

/// Why published contracts cannot be used.
public enum PublishedContractError: LambdaFailure, Hashable, CustomStringConvertible {
    /// An object that was published is damaged, missing or refused.
    case unreadable(place: String, reason: String)
    case aws(AWSError)

    public var errorType: String {
        switch self {
        case .unreadable: "ContractsUnreadable"
        case .aws(let error): error.errorType
        }
    }

    /// Whether the same call may succeed later.
    var isTemporary: Bool {
        if case .aws(let error) = self { error.isTemporary } else { false }
    }

    /// Whether the object does not exist, or the caller may not know whether it does.
    var isMissing: Bool {
        if case .aws(let error) = self { error.isNotFound || error.isForbidden } else { false }
    }

    public var description: String {
        switch self {
        case .unreadable(let place, let reason):
            "\(place): \(reason); publish the contracts again (cupel contract publish)"
        case .aws(let error): error.description
        }
    }
}
