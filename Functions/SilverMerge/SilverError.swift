/// Why a batch could not be taken to silver.
enum SilverError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The event or the environment is wrong.
    case usage(String)
    /// The contract asks for what silver cannot do.
    case contract(String)
    /// A bronze file that cannot be read, or is not of the contract.
    case bronze(place: String, reason: String)
    /// The silver table is not one that this function can change.
    case table(String)
    /// Another writer changed the table, or a file that is read, at the same time.
    case conflict(String)
    /// The invocation's time is over.
    case interrupted

    var description: String {
        switch self {
        case .usage(let reason), .contract(let reason), .table(let reason): reason
        case .bronze(let place, let reason): "\(place): \(reason)"
        case .conflict(let reason): "another writer was faster: \(reason); retry it"
        case .interrupted: "the time of the invocation is over; retry it"
        }
    }

    /// Whether a bronze file is at fault, and others are not.
    var isOfFile: Bool { if case .bronze = self { true } else { false } }

    /// The name that state machines compare with.
    var errorType: String {
        switch self {
        case .usage: "InvalidConfiguration"
        case .contract: "InvalidContract"
        case .bronze: "UnreadableFile"
        case .table: "UnreadableTable"
        case .conflict, .interrupted: "Interrupted"
        }
    }
}
