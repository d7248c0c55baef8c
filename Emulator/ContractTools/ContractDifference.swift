public import Contracts

/// What a new version of a contract changes, and whether files written under both read together as one table.
///
/// Read together means: DuckDB, pyarrow and Iceberg give every row of all files, in the columns of the new version, with the
/// value that it had. Columns are the same if name and field id are.
/// - SeeAlso: <https://iceberg.apache.org/spec/#schema-evolution>
public struct ContractDifference: Sendable {
    public let old: Contract
    public let new: Contract
    public private(set) var changes: [ContractChange] = []
    private let isByID: Bool

    /// - Parameter isByID: whether all readers match columns by field id, as Iceberg does, so that names may change.
    public init(from old: Contract, to new: Contract, isByID: Bool = false) {
        self.old = old
        self.new = new
        self.isByID = isByID
        compareTables()
        compareColumns()
        compareKeys()
        compareRules()
    }

    public var isCompatible: Bool { changes.allSatisfy(\.isCompatible) }

    /// What the changes ask of those who use the table, taken together.
    public var step: SemanticVersion.Step { changes.map(\.step).max() ?? .none }

    /// The version that semantic versioning gives the new contract; nil where the old one has no such version.
    public var suggestedVersion: SemanticVersion? { SemanticVersion(old.version)?.next(step) }

    /// Whether the new contract's version says less than the changes ask for.
    public var isVersionTooLow: Bool {
        guard let suggestedVersion else { return false }
        return SemanticVersion(new.version).map { $0 < suggestedVersion } ?? true
    }

    private mutating func compareTables() {
        if old.table != new.table {
            changes.append(
                ContractChange(.table, breaks: "the table '\(old.table)' becomes '\(new.table)', under another prefix"))
        }
        if old.id != new.id {
            changes.append(ContractChange(.table, step: .patch, "the contract's id '\(old.id)' becomes '\(new.id)'"))
        }
        if old.description != new.description {
            changes.append(ContractChange(.description, step: .patch, "another description"))
        }
        if old.tolerance != new.tolerance {
            changes.append(
                ContractChange(
                    .tolerance, step: .minor,
                    "tolerates \(new.tolerance.rows) rows or a share of \(new.tolerance.share), before \(old.tolerance.rows) or "
                        + "\(old.tolerance.share)"))
        }
    }

    private mutating func compareColumns() {
        for column in new.columns where old.column(named: column.name) == nil {
            if let same = old.columns.first(where: { $0.fieldID == column.fieldID }),
                new.column(named: same.name) == nil
            {
                changes.append(.renaming(same.name, to: column.name, id: column.fieldID, isByID: isByID))
                compare(same, column)
            } else if column.isRequired {
                changes.append(.addingRequired(column.name))
            } else {
                changes.append(
                    ContractChange(.columnAdded, column.name, step: .minor, "an optional column, null in older files"))
            }
        }
        for column in old.columns {
            if let same = new.column(named: column.name) {
                compare(column, same)
                if same.fieldID != column.fieldID {
                    changes.append(.fieldID(column.name, column.fieldID, same.fieldID))
                }
            } else if !isRenamed(column) {
                changes.append(.dropping(column.name))
            }
        }
        for (column, after) in zip(keptNames(of: old, in: new), keptNames(of: new, in: old)) where column != after {
            changes.append(ContractChange(.columnMoved, after, step: .patch, "stands at another place in the table"))
        }
    }

    /// Whether the column's field id went to a column that was not there before.
    private func isRenamed(_ column: Contract.Column) -> Bool {
        guard let heir = new.columns.first(where: { $0.fieldID == column.fieldID }) else { return false }
        return old.column(named: heir.name) == nil
    }

    private func keptNames(of contract: Contract, in other: Contract) -> [String] {
        contract.columns.map(\.name).filter { other.column(named: $0) != nil }
    }

    private mutating func compare(_ column: Contract.Column, _ other: Contract.Column) {
        let name = other.name
        var type = TypeChange(name, isByID: isByID)
        type.compare(column.type, other.type)
        changes += type.changes
        if let change = ContractChange.requiring(name, column.isRequired, other.isRequired) { changes.append(change) }
        if let change = ContractChange.masking(name, column.masking, other.masking) { changes.append(change) }
        if let change = ContractChange.classifying(name, column.classification, other.classification) {
            changes.append(change)
        }
        if column.path != other.path, column.path.count > 1 || other.path.count > 1 {
            changes.append(
                ContractChange(
                    .source, name, step: .minor,
                    "is read from \(other.path.joined(separator: ".")), before from \(column.path.joined(separator: "."))"
                ))
        }
        if column.description != other.description {
            changes.append(ContractChange(.description, name, step: .patch, "another description"))
        }
    }

    private mutating func compareKeys() {
        if old.primaryKey != new.primaryKey {
            changes.append(
                ContractChange(
                    .primaryKey,
                    breaks:
                        "the primary key was \(Self.list(old.primaryKey)) and is \(Self.list(new.primaryKey)): changes of a row "
                        + "in older and newer files no longer meet"))
        }
        if old.partitioning != new.partitioning {
            changes.append(
                ContractChange(
                    .partitioning, step: .minor,
                    "later layers are partitioned by \(Self.list(new.partitioning)), before by \(Self.list(old.partitioning)); what is "
                        + "written stays where it is"))
        }
    }

    private mutating func compareRules() {
        for column in new.columns {
            guard let before = old.column(named: column.name) else { continue }
            if old.constraints[column.name] != new.constraints[column.name] || before.isUnique != column.isUnique {
                changes.append(.allowingOtherValues(column.name))
            }
        }
        let (dropped, added) = (
            old.rules.filter { !new.rules.contains($0) }, new.rules.filter { !old.rules.contains($0) }
        )
        guard !dropped.isEmpty || !added.isEmpty else { return }
        changes.append(
            ContractChange(
                .rules, step: .minor,
                "\(added.count) quality rules are new or changed, \(dropped.count) are gone or changed")
        )
    }

    private static func list(_ names: [String]) -> String { names.isEmpty ? "nothing" : names.joined(separator: ", ") }
}
