/// Why a text is not a valid YAML document, and where.
public struct YAMLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file's path, or the name that the caller gave the text.
    public let file: String
    /// Nil if the file could not be read.
    public let mark: YAMLMark?
    public let reason: String

    public init(file: String, mark: YAMLMark?, reason: String) {
        self.file = file
        self.mark = mark
        self.reason = reason
    }

    /// `file:line:column: reason`, which editors and terminals turn into a link.
    public var description: String {
        guard let mark else { return "\(file): \(reason)" }
        return "\(file):\(mark.line):\(mark.column): \(reason)"
    }
}
