/// A table of silver or gold: `dm_silver.beer`.
struct TableName: Sendable, Hashable, CustomStringConvertible {
    let namespace: String
    let table: String

    static let namespaces = ["dm_silver", "dm_gold"]

    var description: String { "\(namespace).\(table)" }

    init(namespace: String, table: String) {
        self.namespace = namespace
        self.table = table
    }

    /// - Returns: nil for a text that names no table of silver or gold.
    init?(_ text: String) {
        guard let namespace = Self.namespaces.first(where: { text.hasPrefix("\($0).") }) else { return nil }
        let table = String(text.dropFirst(namespace.utf8.count + 1))
        guard !table.isEmpty, table.utf8.count < 256, !table.contains("/"), !table.contains(".") else { return nil }
        self.init(namespace: namespace, table: table)
    }
}
