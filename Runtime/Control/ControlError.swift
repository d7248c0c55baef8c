public import AWSClient
internal import RawFile

/// Why the control table could not do what was asked.
public enum ControlError: Error, Sendable, Hashable {
    case aws(AWSError)
    case notFound(ControlID)
    /// Another worker has claimed the record, or it has ended: what this worker did must not count.
    case leaseLost(ControlID, attempt: Int, now: String)
    /// The same bytes were uploaded again while a worker converted them: what it found out no longer holds.
    case versionChanged(ControlID)
    /// Another writer has taken over the table: what this one did must not count.
    case tableLeaseLost(table: String, epoch: Int)
    /// Other workers changed the same key too often at the same time.
    case contended(ControlID)
    /// The stored item is not a control record.
    case malformedRecord(id: String, attribute: String, reason: String)
    /// A key that must not become a path, an expression or a file name.
    case invalidKey(String, reason: String)
    /// The key of a raw object whose name ends in no format that is read.
    case unknownFormat(String)
}

extension ControlError {
    /// The name that callers and state machines compare with. `Throttled` and `Interrupted` are worth a retry.
    public var errorType: String {
        switch self {
        case .aws(let error): error.errorType
        case .notFound: "RecordNotFound"
        case .leaseLost, .tableLeaseLost: "LeaseLost"
        case .versionChanged, .contended: "Interrupted"
        case .malformedRecord: "MalformedRecord"
        case .invalidKey: "InvalidKey"
        case .unknownFormat: "UnknownFormat"
        }
    }
}

extension ControlError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .aws(let error):
            "control table: \(error)"
        case .notFound(let id):
            "control record \(id) does not exist; was it deleted, or does CONTROL_TABLE name another table?"
        case .leaseLost(let id, let attempt, let now):
            "control record \(id): attempt \(attempt) lost its lease (it is now \(now)); its result is dropped"
        case .tableLeaseLost(let table, let epoch):
            "table \(table): the writer of epoch \(epoch) lost its lease; its result is dropped"
        case .versionChanged(let id):
            "control record \(id): its object was uploaded again during the work; retry it"
        case .contended(let id):
            "control record \(id): other versions of its object kept changing at the same time; retry it"
        case .malformedRecord(let id, let attribute, let reason):
            "control record \(id), attribute \(attribute): \(reason); fix the item, or delete it and upload the file again"
        case .invalidKey(let key, let reason):
            "key \(key): \(reason)"
        case .unknownFormat(let key):
            "key \(key): its format is not read; expected a name that ends in \(RawFileName.endings)"
        }
    }
}
