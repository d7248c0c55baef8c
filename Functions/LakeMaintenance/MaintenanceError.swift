/// Why a table could not be maintained.
enum MaintenanceError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The event or the environment is wrong.
    case usage(String)
    /// The table has a form that is not read.
    case table(String)
    /// Other writers changed the table at each attempt.
    case conflict(String)
    /// The invocation's time is over.
    case interrupted

    var description: String {
        switch self {
        case .usage(let reason), .table(let reason): reason
        case .conflict(let reason): "other writers were faster: \(reason); the next run does it"
        case .interrupted: "the time of the invocation is over; the next run goes on"
        }
    }

    /// The name that state machines compare with.
    var errorType: String {
        switch self {
        case .usage: "InvalidConfiguration"
        case .table: "UnreadableTable"
        case .conflict, .interrupted: "Interrupted"
        }
    }
}
