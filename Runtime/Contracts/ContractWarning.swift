/// A part of a contract that is valid but has no effect, with its position.
public struct ContractWarning: Sendable, Hashable {
    public let file: String
    public let line: Int
    public let column: Int
    /// The key, such as `schema[0].properties[2].customProperties[0].property`.
    public let path: String
    public let reason: String
}

extension ContractWarning: CustomStringConvertible {
    public var description: String { "\(file):\(line):\(column): \(path): \(reason)" }
}
