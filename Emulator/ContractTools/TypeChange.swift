internal import Contracts

/// The consequences of a column's new type for older files.
///
/// A change is compatible if Iceberg promotes the type and Parquet readers unify both: the new type has all values of
/// the old one.
/// - SeeAlso: <https://iceberg.apache.org/spec/#schema-evolution>
struct TypeChange {
    let column: String
    /// Whether all readers match columns by field id, so that names may change.
    let isByID: Bool
    private(set) var changes: [ContractChange] = []

    init(_ column: String, isByID: Bool) {
        self.column = column
        self.isByID = isByID
    }

    mutating func compare(_ old: ColumnType, _ new: ColumnType) {
        guard old != new else { return }
        switch (old, new) {
        case (.structure(let oldFields), .structure(let newFields)):
            compare(oldFields, newFields)
        case (.list(let oldElement), .list(let newElement)):
            compare(oldElement, newElement, at: column + "[]")
        case _ where Self.widens(old, to: new):
            changes.append(
                ContractChange(
                    .type, column, step: .minor, "\(old) becomes \(new), which has every value of the old type"))
        default:
            changes.append(
                ContractChange(
                    .type, column,
                    breaks:
                        "\(old) becomes \(new), which readers do not unify; add a column of the new type under a new "
                        + "name instead"))
        }
    }

    /// Whether `new` has every value of `old`, and readers support the promotion.
    static func widens(_ old: ColumnType, to new: ColumnType) -> Bool {
        let signed: [ColumnType] = [.int8, .int16, .int32, .int64]
        let unsigned: [ColumnType] = [.uint8, .uint16, .uint32, .uint64]
        for family in [signed, unsigned, [.float, .double]] {
            if let from = family.firstIndex(of: old), let to = family.firstIndex(of: new) { return from < to }
        }
        if case .decimal(let oldPrecision, let oldScale) = old, case .decimal(let newPrecision, let newScale) = new {
            return oldScale == newScale && oldPrecision < newPrecision
        }
        return false
    }

    private mutating func compare(_ old: [BronzeColumn], _ new: [BronzeColumn]) {
        for field in new where !old.contains(where: { $0.name == field.name }) {
            let path = "\(column).\(field.name)"
            if let renamed = old.first(where: { $0.fieldID == field.fieldID }),
                !new.contains(where: { $0.name == renamed.name })
            {
                changes.append(
                    .renaming("\(column).\(renamed.name)", to: field.name, id: field.fieldID, isByID: isByID))
                compare(renamed, field, at: path)
            } else if field.isRequired {
                changes.append(.addingRequired(path))
            } else {
                changes.append(
                    ContractChange(.columnAdded, path, step: .minor, "an optional field, null in older files"))
            }
        }
        for field in old {
            let path = "\(column).\(field.name)"
            if let same = new.first(where: { $0.name == field.name }) {
                compare(field, same, at: path)
                if same.fieldID != field.fieldID { changes.append(.fieldID(path, field.fieldID, same.fieldID)) }
            } else if !new.contains(where: { $0.fieldID == field.fieldID }) {
                changes.append(.dropping(path))
            }
        }
    }

    private mutating func compare(_ old: BronzeColumn, _ new: BronzeColumn, at path: String) {
        var inner = TypeChange(path, isByID: isByID)
        inner.compare(old.type, new.type)
        changes += inner.changes
        if let change = ContractChange.requiring(path, old.isRequired, new.isRequired) { changes.append(change) }
        if let change = ContractChange.masking(path, old.masking, new.masking) { changes.append(change) }
        if let change = ContractChange.classifying(path, old.classification, new.classification) {
            changes.append(change)
        }
        if old.constraints != new.constraints { changes.append(.allowingOtherValues(path)) }
    }
}

// MARK: Changes of columns and of fields inside them

extension ContractChange {
    static func addingRequired(_ path: String) -> ContractChange {
        ContractChange(
            .columnAdded, path,
            breaks: "a required column without values in older files; add it as optional")
    }

    static func dropping(_ path: String) -> ContractChange {
        ContractChange(
            .columnDropped, path, step: .major,
            "dropped: newer files lack it, and its raw values go to _rescued_data; its readers must stop using it first"
        )
    }

    static func renaming(_ path: String, to name: String, id: Int32, isByID: Bool) -> ContractChange {
        guard !isByID else {
            return ContractChange(.columnRenamed, path, step: .major, "becomes '\(name)' and keeps its field id \(id)")
        }
        return ContractChange(
            .columnRenamed, path,
            breaks:
                "becomes '\(name)' and keeps its field id \(id). Iceberg reads one column; readers that match by name "
                + "(DuckDB, pyarrow, Athena on Parquet) see two. Use --by-id if all of your readers match by id")
    }

    static func fieldID(_ path: String, _ old: Int32, _ new: Int32) -> ContractChange {
        ContractChange(
            .fieldID, path,
            breaks:
                "its field id \(old) becomes \(new), so readers that match by id see another column; add new "
                + "columns at the end, or set a fieldId for every column")
    }

    static func requiring(_ path: String, _ old: Bool, _ new: Bool) -> ContractChange? {
        switch (old, new) {
        case (true, false):
            ContractChange(.required, path, step: .minor, "no longer required: newer files may have nulls")
        case (false, true):
            ContractChange(
                .required, path, breaks: "now required, but older files may have nulls; convert them again first")
        default: nil
        }
    }

    static func allowingOtherValues(_ path: String) -> ContractChange {
        ContractChange(.rules, path, step: .minor, "the allowed values change; older files keep their values")
    }

    static func classifying(_ path: String, _ old: String?, _ new: String?) -> ContractChange? {
        guard old != new else { return nil }
        return ContractChange(
            .classification, path, step: .patch, "the classification \(old ?? "none") becomes \(new ?? "none")")
    }

    static func masking(_ path: String, _ old: Contract.Masking?, _ new: Contract.Masking?) -> ContractChange? {
        guard old != new else { return nil }
        return ContractChange(
            .masking, path,
            breaks: "the masking \(old?.rawValue ?? "none") becomes \(new?.rawValue ?? "none"), so equal values differ "
                + "between older and newer files; convert older files again"
        )
    }
}
