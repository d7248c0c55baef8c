/// The faults of a contract, noted while it is read.
///
/// Reading goes on behind a fault wherever what follows can be judged without it, so that a person who mends a file learns
/// of all of them at once. What was read with a fault is given up in the end.
final class ContractFaults {
    private(set) var all: [ContractError] = []
    /// Nobody mends more at once, and a file that is no contract at all has one in every line.
    private static let limit = 1000

    /// Notes a fault once: some keys are looked at more than once.
    func note(_ fault: ContractError) {
        if all.count < Self.limit, !all.contains(fault) { all.append(fault) }
    }
}

extension ContractKey {
    /// Reads a part of the contract; nil where that is not there, or has a fault, which is noted.
    @discardableResult
    func noting<Value>(_ read: () throws(ContractError) -> Value?) -> Value? {
        do throws(ContractError) {
            return try read()
        } catch {
            faults.note(error)
            return nil
        }
    }

    /// The text under `key`; nil where there is none.
    func text(_ key: String) -> String? { noting { () throws(ContractError) in try optional(key)?.string() } }

    /// Whether `key` is `true`.
    func flag(_ key: String) -> Bool { noting { () throws(ContractError) in try optional(key)?.bool() } ?? false }
}
