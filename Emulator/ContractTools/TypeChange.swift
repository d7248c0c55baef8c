internal import Contracts

/// What becomes of files with a column in one type when later ones have it in another.
///
/// Allowed is what Iceberg promotes and readers of Parquet unify: the value stays, its room grows.
/// - SeeAlso: <https://iceberg.apache.org/spec/#schema-evolution>
struct TypeChange {
    let column: String
    /// Whether readers match columns by field id alone, so that names may change.
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
                    .type, column, step: .minor, "\(old) becomes \(new), which holds every value of the old type"))
        default:
            changes.append(
                ContractChange(
                    .type, column,
                    breaks:
                        "\(old) becomes \(new), which readers do not unify; add a column of the new type under a new "
                        + "name instead"))
        }
    }

    /// Whether every value of `old` is one of `new`, and readers know that.
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

// MARK: Changes that columns and the fields inside them have in common

extension ContractChange {
    static func addingRequired(_ path: String) -> ContractChange {
        ContractChange(
            .columnAdded, path,
            breaks: "a required column, and older files have no value for it; add it as optional")
    }

    static func dropping(_ path: String) -> ContractChange {
        ContractChange(
            .columnDropped, path, step: .major,
            "dropped: it is gone from newer files, whose raw values go to _rescued_data; whoever reads it must stop first"
        )
    }

    static func renaming(_ path: String, to name: String, id: Int32, isByID: Bool) -> ContractChange {
        guard !isByID else {
            return ContractChange(.columnRenamed, path, step: .major, "becomes '\(name)' and keeps its field id \(id)")
        }
        return ContractChange(
            .columnRenamed, path,
            breaks:
                "becomes '\(name)'. It keeps its field id \(id), so Iceberg reads one column; readers that match by name "
                + "(DuckDB, pyarrow, Athena on Parquet) see two. Give --by-id if all of yours match by id")
    }

    static func fieldID(_ path: String, _ old: Int32, _ new: Int32) -> ContractChange {
        ContractChange(
            .fieldID, path,
            breaks:
                "its field id \(old) becomes \(new), so readers that match by id take it for another column; add new "
                + "columns at the end, or give every column a fieldId")
    }

    static func requiring(_ path: String, _ old: Bool, _ new: Bool) -> ContractChange? {
        switch (old, new) {
        case (true, false):
            ContractChange(.required, path, step: .minor, "no longer required: newer files may hold nulls")
        case (false, true):
            ContractChange(
                .required, path, breaks: "now required, and older files may hold nulls; convert them again first")
        default: nil
        }
    }

    static func allowingOtherValues(_ path: String) -> ContractChange {
        ContractChange(.rules, path, step: .minor, "other values are allowed; older files keep what they hold")
    }

    static func classifying(_ path: String, _ old: String?, _ new: String?) -> ContractChange? {
        guard old != new else { return nil }
        return ContractChange(
            .classification, path, step: .patch, "classified as \(new ?? "nothing"), before as \(old ?? "nothing")")
    }

    static func masking(_ path: String, _ old: Contract.Masking?, _ new: Contract.Masking?) -> ContractChange? {
        guard old != new else { return nil }
        return ContractChange(
            .masking, path,
            breaks: "was \(old.map { "masked by \($0.rawValue)" } ?? "not masked") and is now "
                + "\(new.map { "masked by \($0.rawValue)" } ?? "not masked"): one value has two spellings; convert older files again"
        )
    }
}
