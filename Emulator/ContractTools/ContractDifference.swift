public import Contracts

/// The changes between two versions of a contract, and whether files of both read together as one table.
///
/// Files read together if DuckDB, pyarrow and Iceberg return every row of all files, in the columns of the new version
/// and with its original values. Two columns are the same if they have the same name and field id.
/// - SeeAlso: <https://iceberg.apache.org/spec/#schema-evolution>
public struct ContractDifference: Sendable {
    public let old: Contract
    public let new: Contract
    public private(set) var changes: [ContractChange] = []
    private let isByID: Bool

    /// - Parameter isByID: Whether all readers match columns by field id, as Iceberg does, so that names may change.
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

    /// The part of the version that all changes together increment.
    public var step: SemanticVersion.Step { changes.map(\.step).max() ?? .none }

    /// The new contract's version by semantic versioning; nil if the old version is not a semantic one.
    public var suggestedVersion: SemanticVersion? { SemanticVersion(old.version)?.next(step) }

    /// Whether the new contract's version is lower than the changes require.
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
            changes.append(ContractChange(.description, step: .patch, "the description changes"))
        }
        if old.tolerance != new.tolerance {
            changes.append(
                ContractChange(
                    .tolerance, step: .minor,
                    "the tolerance becomes \(new.tolerance.rows) rows or a share of \(new.tolerance.share); it was "
                        + "\(old.tolerance.rows) rows or a share of \(old.tolerance.share)"))
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
            changes.append(ContractChange(.columnMoved, after, step: .patch, "moves to another position in the table"))
        }
    }

    /// Whether a new column has the column's field id.
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
                    "is read from \(other.path.joined(separator: ".")) instead of \(column.path.joined(separator: "."))"
                ))
        }
        if column.description != other.description {
            changes.append(ContractChange(.description, name, step: .patch, "the description changes"))
        }
    }

    private mutating func compareKeys() {
        if old.primaryKey != new.primaryKey {
            changes.append(
                ContractChange(
                    .primaryKey,
                    breaks:
                        "the primary key \(Self.list(old.primaryKey)) becomes \(Self.list(new.primaryKey)); "
                        + "changes of a row in older and newer files no longer match"))
        }
        if old.silverLayout.mode != new.silverLayout.mode {
            changes.append(
                ContractChange(
                    .silverMode,
                    breaks:
                        "silverMode \(old.silverLayout.mode) becomes \(new.silverLayout.mode); a silver table that is there keeps its mode, "
                        + "and silver-merge refuses the contract"))
        }
        let (before, after) = (old.silverLayout.partitions, new.silverLayout.partitions)
        if before != after {
            func names(_ partitions: [SilverLayout.Partition]) -> [String] {
                partitions.map { $0.transform == "identity" ? $0.column : "\($0.transform)(\($0.column))" }
            }
            changes.append(
                ContractChange(
                    .partitioning, step: .minor,
                    "the silver table is parted by \(Self.list(names(after))) instead of \(Self.list(names(before))); one that "
                        + "is there keeps its partitions, and silver-merge refuses the contract"))
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
                "\(added.count) quality rules are new or changed, \(dropped.count) are removed or changed")
        )
    }

    private static func list(_ names: [String]) -> String { names.isEmpty ? "nothing" : names.joined(separator: ", ") }
}
