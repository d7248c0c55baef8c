/// Why there is nothing to say about a file or a contract.
public enum ContractToolsError: Error, Sendable, Hashable, CustomStringConvertible {
    case unknownFormat(path: String)
    case noRows(path: String)
    case notATableName(String)

    public var description: String {
        switch self {
        case .unknownFormat(let path):
            "\(path): the name must end in .csv, .json, .ndjson or .jsonl, with or without .gz"
        case .noRows(let path):
            "\(path): there is no row to infer a contract from"
        case .notATableName(let name):
            "'\(name)' cannot name a table: a lowercase letter, then up to 62 lowercase letters, digits or _; "
                + "give one with --table"
        }
    }
}
