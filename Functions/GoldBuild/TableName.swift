/// The name of a table of the catalog.
struct TableName: Sendable, Hashable, Comparable, CustomStringConvertible {
    let namespace: String
    let table: String

    var description: String { "\(namespace).\(table)" }

    static func < (left: TableName, right: TableName) -> Bool {
        (left.namespace, left.table) < (right.namespace, right.table)
    }
}

extension TableName {
    /// The layers that have models.
    static let modelLayers = ["silver", "gold"]

    init(layer: String, table: String) { self.init(namespace: "dm_\(layer)", table: table) }

    /// Reads the name of a model, `dm_gold.top_drinkers`; nil if no file of models can have it. A file may have a name that no
    /// table can have: then its model fails by that name.
    init?(model text: String) {
        guard let layer = Self.modelLayers.first(where: { text.hasPrefix("dm_\($0).") }) else { return nil }
        let table = text.dropFirst("dm_\(layer).".count)
        guard !table.isEmpty, table.utf8.count < 256, !table.contains("/") else { return nil }
        self.init(layer: layer, table: String(table))
    }

    /// `gold`
    var layer: String { String(namespace.dropFirst("dm_".count)) }

    /// Where the model is in the folder of models: `gold/top_drinkers.sql`.
    var modelPath: String { "\(layer)/\(table).sql" }

    /// Where its contract is.
    var contractPath: String { "\(layer)/\(table).odcs.yaml" }

    /// Where it says from which columns its columns come.
    var lineagePath: String { "\(layer)/\(table).lineage.json" }
}
