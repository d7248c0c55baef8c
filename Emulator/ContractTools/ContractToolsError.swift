internal import RawFile

/// Why a contract cannot be inferred from a file.
public enum ContractToolsError: Error, Sendable, Hashable, CustomStringConvertible {
    case unknownFormat(path: String)
    case noRows(path: String)
    case notATableName(String)

    public var description: String {
        switch self {
        case .unknownFormat(let path):
            "\(path): the name must end in \(RawFileName.endings)"
        case .noRows(let path):
            "\(path): the file has no row to infer a contract from"
        case .notATableName(let name):
            "'\(name)' is not a table name; expected a lowercase letter, then up to 62 lowercase letters, digits or _; "
                + "set one with --table"
        }
    }
}
