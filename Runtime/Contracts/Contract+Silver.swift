extension Contract {
    /// The names of the columns that silver adds to a table's own.
    public static let silverColumns = ["created_at", "updated_at", "deleted_at", "_cdc_order", "_cdc_column_orders"]
    /// Those where silver keeps every version of a key.
    public static let historyColumns = [
        "valid_from", "valid_to", "deleted_at", "_cdc_order", "_cdc_column_orders", "is_current",
    ]
    /// The column that names a record where silver keeps every record.
    public static let recordID = "_record_id"

    /// Why the table has no silver table; nil if it has one.
    public var silverObstacle: String? {
        let keepsAll = silverLayout.mode == .append
        guard keepsAll || !primaryKey.isEmpty else {
            return
                "it has no primary key, by which silver keeps the current state of a row; the custom property silverMode: "
                + "append keeps every record"
        }
        let added =
            silverLayout.mode == .history
            ? Self.historyColumns : Self.silverColumns + (keepsAll ? [Self.recordID] : [])
        for column in silverLayout.derived where added.contains(column.name) {
            return "silver adds a column \(column.name) of its own; give the derived one another name"
        }
        for column in columns {
            if added.contains(column.name) {
                return "silver adds a column \(column.name) of its own; give the contract's another name"
            }
            if column.type.hasUnsignedLongs {
                return "column \(column.name) has unsigned 64-bit numbers, which Iceberg lacks; give it decimal(20,0)"
            }
            let isKey = !keepsAll && column.primaryKeyPosition != nil
            switch column.type {
            case .float where isKey, .double where isKey:
                return "the key column \(column.name) has floating numbers, which name no row"
            default: continue
            }
        }
        return nil
    }
}

extension ColumnType {
    fileprivate var hasUnsignedLongs: Bool {
        switch self {
        case .uint64: true
        case .structure(let fields): fields.contains { $0.type.hasUnsignedLongs }
        case .list(let element): element.type.hasUnsignedLongs
        default: false
        }
    }
}
