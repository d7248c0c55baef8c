/// Why a text is not a YAML document that we read, and where.
public struct YAMLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file's path, or whatever name the caller gave the text.
    public let file: String
    /// Nil where the file could not be read at all.
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
