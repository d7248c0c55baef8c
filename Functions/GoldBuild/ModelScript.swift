internal import Contracts
internal import DuckDB
internal import Iceberg

/// What the engine runs for a model, and what its complaints mean in the model's own lines.
struct ModelScript {
    let model: Model
    let columns: [GoldColumn]
    /// The columns that part the table's files, each value in files of its own.
    let partitioning: [String]
    /// The columns that name a period; none for a model that is built as a whole each time.
    let periods: [GoldColumn]

    /// Whether all rows are of one partition: the engine need not look for each row's.
    var isOnePartition = false

    /// Whether the result is a folder, with files of one partition each.
    var isParted: Bool { !partitioning.isEmpty && !isOnePartition }
    /// Whether the engine's one file becomes several, so that few of them have rows of one period. Its threads would write several in no
    /// order.
    var isCutUp: Bool { partitioning.isEmpty && !periods.isEmpty }

    /// What comes before: the tables that the model reads, and Trino's functions that DuckDB has under another name.
    /// - Parameter views: statements that make the tables, in their schemas.
    func preparation(making views: [String]) -> String {
        let schemas = Set(model.inputs.map(\.namespace)).sorted().map { "CREATE SCHEMA \($0);" }
        let macros = ["CREATE MACRO from_unixtime(seconds) AS to_timestamp(seconds);"]
        return (schemas + views + macros).joined(separator: " ")
    }

    /// The rows of a file of a table that is cut up, more or less.
    static let fileRows = 30_720

    /// Writes the model's rows to a file, or to a folder that is there if the table is parted.
    func statement(writing result: String) -> String {
        let copy = "COPY (\(rows)) TO \(DuckDBText.string(result)) (\(format));"
        // What reads the folder wants a file in it, also where there are no rows.
        return isParted
            ? copy + " COPY \(noRows) TO \(DuckDBText.string("\(result)/none.parquet")) (FORMAT parquet);" : copy
    }

    /// Makes a table of the model's rows.
    func statement(making table: String) -> String { "CREATE TABLE \(table) AS \(rows);" }

    /// The model's rows in the table's columns and order.
    private var rows: String {
        let typed = columns.map {
            "CAST(\(DuckDBText.name($0.name)) AS \($0.type.duckDBName ?? "")) AS \(DuckDBText.name($0.name))"
        }
        // Sorted once: the statement's own order comes after that of the periods.
        let (text, order) = insertedOrder.map { ($0.text, "") } ?? (model.sql, order)
        // What stands before the model's text is one line, so that the engine counts the model's lines from 2.
        return "SELECT \(typed.joined(separator: ", ")) FROM (\n\(text)\n)\(order)"
    }

    /// Writes rows of several views that have the table's columns, in its order.
    func statement(joining selections: [String], to result: String) -> String {
        "COPY (FROM (\(selections.joined(separator: " UNION ALL ")))\(order)) TO \(DuckDBText.string(result)) (\(format));"
    }

    /// Writes rows of a view that has the table's columns and order.
    func statement(copying selection: String, to result: String) -> String {
        "COPY (\(selection)) TO \(DuckDBText.string(result)) (\(format));"
    }

    /// Partitions are apart as it is.
    private var order: String {
        partitioning.isEmpty && !periods.isEmpty ? " ORDER BY \(periodNames)" : ""
    }

    private var periodNames: String { periods.map { DuckDBText.name($0.name) }.joined(separator: ", ") }

    /// The model's text with the periods before its own order, and where they were inserted, in bytes.
    private var insertedOrder: (text: String, place: Int, count: Int)? {
        guard !order.isEmpty, let place = model.ordering else { return nil }
        let inserted = " \(periodNames),"
        let text = Array(model.sql.utf8)
        return (
            String(decoding: text[..<place] + Array(inserted.utf8) + text[place...], as: UTF8.self), place,
            inserted.count
        )
    }

    /// A relation with the table's columns and no row.
    var noRows: String {
        let nulls = columns.map {
            "CAST(NULL AS \($0.type.duckDBName ?? "")) AS \(DuckDBText.name($0.name))"
        }
        return "(SELECT \(nulls.joined(separator: ", ")) WHERE false)"
    }

    /// The table's columns, for a selection.
    var names: String { columns.map { DuckDBText.name($0.name) }.joined(separator: ", ") }

    private var format: String {
        let ids = columns.enumerated().map { place, column in "\(DuckDBText.name(column.name)): \(place + 1)" }
        let parts = partitioning.map { DuckDBText.name($0) }.joined(separator: ", ")
        let files =
            if isParted {
                ", PARTITION_BY (\(parts)), WRITE_PARTITION_COLUMNS true"
            } else {
                // So many rows are written again for a period that has changed, more or less.
                isCutUp ? ", ROW_GROUP_SIZE \(Self.fileRows)" : ""
            }
        return "FORMAT parquet, COMPRESSION zstd, FIELD_IDS {\(ids.joined(separator: ", "))}" + files
    }

    /// Where the statement writes, in a folder.
    func place(_ name: String, in folder: String) -> String {
        isParted ? "\(folder)/\(name)" : "\(folder)/\(name).parquet"
    }

    /// What the engine says, in words of the model.
    func failure(_ errors: String) -> GoldError {
        let lines = errors.split(separator: "\n", omittingEmptySubsequences: false)
        let first = lines.first.map(String.init) ?? ""
        if first.hasPrefix("Out of Memory Error") {
            return .memory(place: model.path, reason: first)
        }
        // `LINE 3: SELECT x` with a mark below the column.
        for (number, line) in lines.enumerated() where line.hasPrefix("LINE ") {
            let digits = line.dropFirst(5).prefix { $0.isWholeNumber }
            guard let counted = Int(digits), counted > 1 else { continue }
            var place = "\(model.path):\(counted - 1)"
            if number + 1 < lines.count, let mark = lines[number + 1].firstIndex(of: "^") {
                let column = lines[number + 1].distance(from: lines[number + 1].startIndex, to: mark)
                place += ":\(inModel(max(1, column - digits.count - 7 + 1), ofLine: counted - 1))"
            }
            return .model(place: place, reason: first)
        }
        return .model(place: model.path, reason: first.isEmpty ? "the engine failed and did not say why" : first)
    }

    /// A column of a line as the model has it.
    private func inModel(_ column: Int, ofLine line: Int) -> Int {
        guard let inserted = insertedOrder else { return column }
        let before = model.sql.utf8.prefix(inserted.place)
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { before.index(after: $0) } ?? before.startIndex
        guard line == before.count(where: { $0 == UInt8(ascii: "\n") }) + 1 else { return column }
        let place = model.sql[start..<before.endIndex].count
        return column > place + inserted.count ? column - inserted.count : min(column, place + 1)
    }
}
