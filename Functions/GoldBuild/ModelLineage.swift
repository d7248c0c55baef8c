internal import Digest
internal import JSON

/// From which columns a model's columns come, as `infra/model lineage` has read it from the text: this function reads no SQL.
struct ModelLineage: Sendable, Hashable {
    /// A column of a table, and what the statement does with it.
    struct Source: Sendable, Hashable {
        let table: TableName
        let column: String
        /// `IDENTITY`, `TRANSFORMATION` or `AGGREGATION`; of rows `FILTER`, `GROUP_BY`, `JOIN` or `WINDOW`.
        let kind: String
    }

    /// By the model's columns.
    let columns: [String: [Source]]
    /// The columns that decide on the rows.
    let rows: [Source]

    /// - Returns: nil if the file is not one, or tells of another text.
    init?(_ text: [UInt8], of sql: String) {
        guard let json = try? JSON(parsing: text), let columns = json["columns"]?.object,
            let rows = json["rows"]?.array,
            json["sql"]?.string == Digest.sha256(Array(sql.utf8)).hexadecimal
        else { return nil }
        self.columns = Dictionary(columns.map { ($0.0, ($0.1.array ?? []).compactMap(Source.init)) }) { first, _ in
            first
        }
        self.rows = rows.compactMap(Source.init)
    }
}

extension ModelLineage.Source {
    fileprivate init?(_ json: JSON) {
        guard let parts = json.array?.compactMap(\.string), parts.count == 3 else { return nil }
        let name = parts[0].split(separator: ".")
        guard name.count == 2 else { return nil }
        table = TableName(namespace: String(name[0]), table: String(name[1]))
        (column, kind) = (parts[1], parts[2])
    }
}
