/// A value from AWS that does not have the documented shape: where, and what was due.
public struct ModelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The place inside the document, such as `Records[0].s3.object.key`.
    public let path: String
    public let reason: String

    public init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    public var description: String { "\(path): \(reason)" }
}
