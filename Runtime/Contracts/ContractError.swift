/// Why a contract cannot be loaded.
public enum ContractError: Error, Sendable, Hashable {
    /// The file or folder cannot be read.
    case unreadable(path: String, reason: String)
    /// The text is not YAML; the reason names file, line and column.
    case notYAML(reason: String)
    /// The YAML is not a valid contract. `path` is the key, such as `schema[0].properties[2].logicalType`.
    case invalid(file: String, line: Int, column: Int, path: String, reason: String)
    /// Two files describe the same table.
    case duplicateTable(String, files: [String])
    case unknownTable(String, known: [String])
}

extension ContractError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path): \(reason)"
        case .notYAML(let reason):
            reason
        case .invalid(let file, let line, let column, let path, let reason):
            "\(file):\(line):\(column): \(path): \(reason)"
        case .duplicateTable(let table, let files):
            "the table '\(table)' has more than one contract: \(files.joined(separator: ", ")); keep one"
        case .unknownTable(let table, let known):
            "no contract describes the table '\(table)'; the tables are \(known.joined(separator: ", ")). "
                + "Add a file \(table).odcs.yaml to the folder of contracts, or correct the key"
        }
    }
}
