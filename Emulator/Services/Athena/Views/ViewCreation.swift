internal import EmulatorCore
internal import JSON

/// Makes a view in Glue.
struct ViewCreation {
    let lake: LakeReader
    let statement: ViewStatement

    /// - Parameters:
    ///   - columns: those of its query.
    ///   - text: the whole statement.
    func run(_ columns: [(column: ResultColumn, type: EngineType)], text: String) async throws {
        let name = statement.name
        var found: [StoredView.Column] = []
        for (place, column) in columns.enumerated() {
            guard column.column.name != "_col\(place)" else {
                throw SQLProblem.semantic(
                    "MISSING_COLUMN_NAME", "Column name not specified at position \(place + 1)",
                    at: statement.query.lowerBound)
            }
            guard !found.contains(where: { $0.name == column.column.name }) else {
                throw SQLProblem.semantic(
                    "DUPLICATE_COLUMN_NAME", "Column name '\(column.column.name)' specified more than once",
                    at: statement.query.lowerBound)
            }
            guard let type = column.type.trinoName else {
                throw SQLProblem.notEmulated(
                    "a view's column of type \(column.column.type)", at: statement.query.lowerBound)
            }
            found.append(StoredView.Column(name: column.column.name, type: type, hiveType: column.type.hiveName))
        }
        let sql = String(decoding: Array(text.utf8)[statement.query], as: UTF8.self)
        let view = StoredView(sql: sql, database: statement.database, columns: found)
        let input: JSON = [
            "DatabaseName": .string(name.database), "TableInput": view.glue(name.table, comment: statement.comment),
        ]
        guard let existing = try await lake.find(name) else {
            _ = try await lake.glue("CreateTable", input)
            return
        }
        guard existing["TableType"]?.string == StoredView.tableType else {
            throw SQLProblem.semantic(
                "TABLE_ALREADY_EXISTS", "Table already exists: 'awsdatacatalog.\(name.database).\(name.table)'",
                at: name.offset)
        }
        guard statement.replaces else {
            throw SQLProblem.semantic(
                "TABLE_ALREADY_EXISTS", "View already exists: 'awsdatacatalog.\(name.database).\(name.table)'",
                at: name.offset)
        }
        _ = try await lake.glue("UpdateTable", input)
    }
}
