/// The faults of a contract, collected while it is read.
///
/// After a fault, reading continues with every part that does not depend on it, so that a file's author sees all faults
/// at once. A contract with a fault is discarded in the end.
final class ContractFaults {
    private(set) var all: [ContractError] = []
    /// Those of ``all`` that are no mistake, but leave a decision to the author without which nothing may be converted.
    private(set) var undecided: [ContractError] = []
    private(set) var warnings: [ContractWarning] = []
    /// The maximum number of faults. A file that is not a contract has one in every line.
    private static let limit = 1000

    /// Notes a fault once, since some keys are read more than once.
    func note(_ fault: ContractError) {
        if all.count < Self.limit, !all.contains(fault) { all.append(fault) }
    }

    /// Notes once that a decision is missing.
    func noteUndecided(_ fault: ContractError) {
        note(fault)
        if all.contains(fault), !undecided.contains(fault) { undecided.append(fault) }
    }

    /// How many faults are mistakes.
    var mistakeCount: Int { all.count - undecided.count }

    /// Notes that the key at the fault's position has no effect.
    func warn(_ fault: ContractError) {
        guard case .invalid(let file, let line, let column, let path, let reason) = fault,
            warnings.count < Self.limit
        else { return }
        warnings.append(ContractWarning(file: file, line: line, column: column, path: path, reason: reason))
    }
}

extension ContractKey {
    /// Reads a part of the contract; nil if it is missing or has a fault, which is noted.
    @discardableResult
    func noting<Value>(_ read: () throws(ContractError) -> Value?) -> Value? {
        do throws(ContractError) {
            return try read()
        } catch {
            faults.note(error)
            return nil
        }
    }

    /// The text of `key`; nil if it is missing.
    func text(_ key: String) -> String? { noting { () throws(ContractError) in try optional(key)?.string() } }

    /// Whether `key` is `true`.
    func flag(_ key: String) -> Bool { noting { () throws(ContractError) in try optional(key)?.bool() } ?? false }
}
