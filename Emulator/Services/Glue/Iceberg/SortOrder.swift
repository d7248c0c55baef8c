internal import EmulatorCore
internal import JSON

/// The order of the rows in a table's files.
/// - SeeAlso: <https://iceberg.apache.org/spec/#sort-orders>
struct SortOrder: Sendable, Hashable {
    private(set) var document: JSONObject

    /// The order of a table whose rows have none; its id is always 0.
    static let unsorted = SortOrder(document: ["order-id": 0, "fields": []])

    private init(document: JSONObject) { self.document = document }

    /// - Parameter schema: the one with the fields that rows are sorted by; nil to check nothing against it.
    init(_ order: JSON, of schema: TableSchema?) throws(AWSFault) {
        guard let document = order.object else {
            throw .badRequest("Cannot parse sort order from non-object: \(order)")
        }
        self.document = document
        try order.checkID("order-id")
        let known = schema.map { Set($0.fieldIDs) }
        for field in try order.list("fields") {
            let source = try field.id("source-id")
            _ = try field.text("transform")
            _ = try field.text("direction")
            _ = try field.text("null-order")
            if let known, !known.contains(source) {
                throw .badRequest("Cannot find source column for sort field: \(source)")
            }
        }
    }

    var id: Int {
        get { document["order-id"]?.int ?? 0 }
        set { document["order-id"] = .int(newValue) }
    }

    var fields: [JSON] { document["fields"]?.array ?? [] }

    func renumbered(_ newIDs: [Int: Int]) -> SortOrder {
        var order = self
        order.document["fields"] = .array(fields.map { PartitionSpec.renumbered($0, newIDs) })
        return order
    }
}
