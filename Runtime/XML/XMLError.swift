/// Why a text is not XML that is read here, and at which byte.
public struct XMLError: Error, Sendable, Hashable, CustomStringConvertible {
    public let reason: String
    /// Offset from the start of the document, in bytes.
    public let byte: Int

    public var description: String { "not XML: \(reason) at byte \(byte)" }
}
