internal import Iceberg
internal import JSON
internal import Lake

/// The snapshots of a table that models were last built from: gold-build finds what has changed since from them.
struct ReadSnapshots {
    let ids: Set<Int64>

    /// Where gold-build says what a table was built from: in the summary of the table's snapshot, and, if later inputs gave the same
    /// rows, in a property.
    private static let summaryEntry = "cupel.model"
    private static let property = "cupel.checked"

    init(of table: TableName, in catalog: LakeCatalog) throws {
        var ids: Set<Int64> = []
        for namespace in TableName.namespaces {
            for name in try catalog.tables(in: namespace) where TableName(namespace: namespace, table: name) != table {
                // A table that cannot be read, or is none of Iceberg's, was built from nothing. At worst a model is built in full.
                guard let model = try? catalog.table(name, in: namespace) else { continue }
                ids.formUnion(Self.ids(of: table, in: model.metadata))
            }
        }
        self.ids = ids
    }

    /// Those of `table` that `model` names, as gold-build finds them: the property counts while the rows are those that it is about.
    static func ids(of table: TableName, in model: TableMetadata) -> [Int64] {
        guard let current = model.currentSnapshot else { return [] }
        let checked = model.properties[property].flatMap { try? JSON(parsing: $0) }
        let isAboutCurrent = sameRows(as: current, in: model).contains { "\($0)" == checked?["snapshot"]?.string }
        let source =
            isAboutCurrent
            ? checked?["source"] : current.summary[summaryEntry].flatMap { try? JSON(parsing: $0) }
        return [source?["inputs"]?["\(table)"]?.string.flatMap { Int64($0) }].compactMap(\.self)
    }

    /// A snapshot's id, and those before it that have the same rows in other files.
    private static func sameRows(as snapshot: Snapshot, in metadata: TableMetadata) -> Set<Int64> {
        var (place, ids) = (snapshot, Set([snapshot.id]))
        while place.summary["operation"] == "replace",
            let parent = metadata.snapshots.first(where: { $0.id == place.parentID }), ids.insert(parent.id).inserted
        {
            place = parent
        }
        return ids
    }
}
