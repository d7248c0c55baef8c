extension Contract {
    /// The names of the columns that silver adds to a table's own.
    public static let silverColumns = ["created_at", "updated_at", "deleted_at", "_cdc_order", "_cdc_column_orders"]

    /// Why the table has no silver table; nil if it has one.
    public var silverObstacle: String? {
        guard !primaryKey.isEmpty else {
            return "it has no primary key, by which silver keeps the current state of a row"
        }
        for column in silverLayout.derived where Self.silverColumns.contains(column.name) {
            return "silver adds a column \(column.name) of its own; give the derived one another name"
        }
        for column in columns {
            if Self.silverColumns.contains(column.name) {
                return "silver adds a column \(column.name) of its own; give the contract's another name"
            }
            if column.type.hasUnsignedLongs {
                return "column \(column.name) has unsigned 64-bit numbers, which Iceberg lacks; give it decimal(20,0)"
            }
            switch column.type {
            case .float where column.primaryKeyPosition != nil, .double where column.primaryKeyPosition != nil:
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
