public import AWSClient

/// Why published models cannot be used.
public enum PublishedModelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// An object that was published is damaged or missing.
    case unreadable(place: String, reason: String)
    case aws(AWSError)

    public var description: String {
        switch self {
        case .unreadable(let place, let reason): "\(place): \(reason)"
        case .aws(let error): "\(error)"
        }
    }

    /// Whether the same call may succeed later.
    public var isTemporary: Bool {
        if case .aws(let error) = self { error.isTemporary } else { false }
    }
}
