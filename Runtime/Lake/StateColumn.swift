/// The columns that silver adds to those of a table's contract: when the row was first and last changed, when it was deleted,
/// and the order of its changes, by which a late change finds its place.
public enum StateColumn {
    public static let createdAt = "created_at"
    public static let updatedAt = "updated_at"
    public static let deletedAt = "deleted_at"
    public static let order = "_cdc_order"
    public static let columnOrders = "_cdc_column_orders"

    public static let all: Set<String> = [createdAt, updatedAt, deletedAt, order, columnOrders]
}
