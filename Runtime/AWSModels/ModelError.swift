/// A value from AWS without the documented shape: its path and what was expected.
public struct ModelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The path inside the document, such as `Records[0].s3.object.key`.
    public let path: String
    public let reason: String

    public init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    public var description: String { "\(path): \(reason)" }
}
