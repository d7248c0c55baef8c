internal import RawFile

/// Why a contract cannot be inferred from a file.
public enum ContractToolsError: Error, Sendable, Hashable, CustomStringConvertible {
    case unknownFormat(path: String)
    /// The first fault is what is wrong with the first row, if it has rows.
    case noRows(path: String, firstFault: String?)
    case notATableName(String)

    public var description: String {
        switch self {
        case .unknownFormat(let path):
            "\(path): the name must end in \(RawFileName.endings)"
        case .noRows(let path, nil):
            "\(path): the file has no row to infer a contract from"
        case .noRows(let path, let fault?):
            "\(path): no row of the file can be read; \(fault)"
        case .notATableName(let name):
            "'\(name)' is not a table name; expected a lowercase letter, then up to 62 lowercase letters, digits or _; "
                + "set one with --table"
        }
    }
}
