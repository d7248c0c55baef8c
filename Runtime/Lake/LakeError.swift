public import AWSClient
public import Iceberg

/// Why a table of the lake could not be read or written.
public enum LakeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A call of the catalog, with what it was about.
    case catalog(String, AWSError)
    /// An answer of the catalog that is none of the specification's.
    case answer(String)
    /// A file of the table, with its place.
    case table(String, IcebergError)
    case storage(String, AWSError)
    /// A table that another engine has brought to a form which is not read.
    case unreadable(String)
    /// The table was deleted while it was written.
    case vanished(table: String)

    public var description: String {
        switch self {
        case .catalog(let what, let error): "catalog: \(what): \(error)"
        case .answer(let reason): "catalog: the answer is not one of Iceberg's REST specification: \(reason)"
        case .table(let place, let error): "\(place): \(error)"
        case .storage(let place, let error): "\(place): \(error)"
        case .unreadable(let reason): reason
        case .vanished(let table): "table \(table) was deleted during the work; retry it, and it is created again"
        }
    }

    /// The name that callers and state machines compare with. `Throttled` and `Interrupted` are worth a retry.
    public var errorType: String {
        switch self {
        case .catalog(_, let error), .storage(_, let error): error.errorType
        case .answer: "UnexpectedResponse"
        case .table, .unreadable: "UnreadableTable"
        case .vanished: "Interrupted"
        }
    }
}
