internal import Columns
internal import Contracts
internal import Iceberg
internal import Lake
internal import Parquet

/// A column of a silver table: of the contract, or one that says how the row became what it is.
struct SilverColumn: Sendable, Hashable {
    let name: String
    /// The type of the field that the table has.
    let fieldType: IcebergType
    /// Of a column inside structs and lists, of which a field may have several; nil for the others.
    let leaf: NestedLeaf?
    let isKey: Bool
    /// The column's id in contracts and bronze, if the contract sets one: then it is the same column under another name.
    let contractID: Int32?
    /// How the column is computed from another; nil for one that bronze has.
    let derivation: Derivation?
    let documentation: String?

    init(
        name: String, type: IcebergType, leaf: NestedLeaf? = nil, isKey: Bool = false, contractID: Int32? = nil,
        derivation: Derivation? = nil, documentation: String? = nil
    ) {
        self.name = name
        fieldType = type
        self.leaf = leaf
        self.isKey = isKey
        self.contractID = contractID
        self.derivation = derivation
        self.documentation = documentation
    }

    /// - Parameter isKey: nil for what the contract says.
    init(_ column: Contract.Column, isKey: Bool? = nil) throws(SilverError) {
        guard let type = IcebergType(of: column.type) else {
            throw .contract(
                "column \(column.name) is \(column.type), which silver does not keep; give it another physicalType")
        }
        self.init(
            name: column.name, type: type, isKey: isKey ?? (column.primaryKeyPosition != nil),
            contractID: column.hasOwnFieldID ? column.fieldID : nil, documentation: column.description)
    }

    /// The type of the values.
    var type: IcebergType { leaf?.type ?? fieldType }

    /// Whether the column stands for its field.
    var isFirst: Bool { (leaf?.number ?? 0) == 0 }

    /// The columns of single values of the field.
    var leaves: [SilverColumn] {
        guard fieldType.isNested else { return [self] }
        return fieldType.leaves.map {
            SilverColumn(
                name: name, type: fieldType, leaf: $0, isKey: isKey, contractID: contractID,
                documentation: documentation)
        }
    }

    /// Whether silver can write values of the type: those of a column that a contract had, or of one that another engine added.
    static func keeps(_ type: IcebergType) -> Bool {
        switch type {
        case .structure(let fields): fields.allSatisfy { keeps($0.type) }
        case .list(_, let element, _): keeps(element)
        case .map: false
        default: true
        }
    }

    /// How Parquet stores the column's values.
    var physicalType: PhysicalType {
        guard case .column(let column)? = type.parquet(named: name, 0, isRequired: false) else {
            preconditionFailure("no column of silver is \(type)")
        }
        return column.physicalType
    }
}

extension SilverColumn {
    /// Of tables that keep every record.
    static let record = [
        SilverColumn(
            name: BronzeColumn.operation, type: .string,
            documentation: "What the source did: insert, update, delete, truncate."),
        SilverColumn(
            name: Contract.recordID, type: .string, isKey: true,
            documentation: "The record's place in the order of changes, or in its file: repeats of it are dropped."),
    ]
    static func system(of mode: SilverLayout.Mode) -> [SilverColumn] { mode == .history ? history : state }

    private static let state = [
        SilverColumn(
            name: StateColumn.createdAt, type: .timestamptz,
            documentation: "The time of the earliest change of the key."),
        SilverColumn(
            name: StateColumn.updatedAt, type: .timestamptz, documentation: "The time of the last change of the key."),
        SilverColumn(
            name: StateColumn.deletedAt, type: .timestamptz,
            documentation: "The time of the last change, if it deleted the row."),
        SilverColumn(name: StateColumn.order, type: .string, documentation: "The order of the last change."),
        SilverColumn(
            name: StateColumn.columnOrders, type: .string,
            documentation: "For columns that the last change did not carry: the order of the change that did, as JSON."),
    ]

    /// In the same places as those of `state`, where they mean the same.
    private static let history = [
        SilverColumn(
            name: "valid_from", type: .timestamptz, documentation: "The time of the change that made the version."),
        SilverColumn(
            name: "valid_to", type: .timestamptz,
            documentation: "The time of the key's next change; null for its last version."),
        SilverColumn(
            name: StateColumn.deletedAt, type: .timestamptz,
            documentation: "The time of the change, if it deleted the row: from then on there was none."),
        SilverColumn(
            name: StateColumn.order, type: .string, isKey: true, documentation: "The order of the change."),
        SilverColumn(
            name: StateColumn.columnOrders, type: .string,
            documentation: "The columns that the change did not carry, as JSON: they have the version's before."),
        SilverColumn(
            name: "is_current", type: .boolean,
            documentation: "Whether the row is as this version says: the last, and not deleted."),
    ]
}
