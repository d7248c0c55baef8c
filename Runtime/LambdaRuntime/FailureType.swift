/// The name of an error in control records, metrics and logs.
public struct FailureType: Sendable {
    public let name: String

    public init(_ error: any Error) { name = (error as? any LambdaFailure)?.errorType ?? "\(type(of: error))" }

    /// Whether a retry may succeed. The state machines retry the same two.
    public var isTemporary: Bool { ["Throttled", "Interrupted"].contains(name) }
}
