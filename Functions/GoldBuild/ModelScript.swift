internal import Contracts
internal import Iceberg

/// What the engine runs for a model, and what its complaints mean in the model's own lines.
struct ModelScript {
    let model: Model
    let columns: [GoldColumn]

    /// What comes before: the tables that the model reads, and Trino's functions that DuckDB has under another name.
    /// - Parameter tables: statements that make the tables, in their schemas.
    func preparation(making tables: [String]) -> String {
        let schemas = Set(model.inputs.map(\.namespace)).sorted().map { "CREATE SCHEMA \($0);" }
        let macros = ["CREATE MACRO from_unixtime(seconds) AS to_timestamp(seconds);"]
        return (schemas + tables + macros).joined(separator: " ")
    }

    /// Writes the model's rows to a file, and fails if they break the contract.
    func statements(writing result: String) -> String {
        let typed = columns.map {
            "CAST(\(SQLText.name($0.name)) AS \($0.type.sqlName ?? "")) AS \(SQLText.name($0.name))"
        }
        let ids = columns.enumerated().map { place, column in "\(SQLText.name(column.name)): \(place + 1)" }
        // What stands before the model's text is one line, so that the engine counts the model's lines from 2.
        return "COPY (SELECT \(typed.joined(separator: ", ")) FROM (\n\(model.sql)\n)) TO \(SQLText.string(result)) "
            + "(FORMAT parquet, COMPRESSION zstd, FIELD_IDS {\(ids.joined(separator: ", "))}); " + checks(of: result)
    }

    /// Statements that fail where the rows break the contract: before anybody sees them.
    private func checks(of result: String) -> String {
        let rows = "read_parquet(\(SQLText.string(result)))"
        var checks = columns.filter(\.isRequired).map { column in
            "SELECT error(\(SQLText.string("\(Self.broken)column \(column.name) is required and has no value in "))"
                + " || n || ' rows') FROM (SELECT count(*) AS n FROM \(rows) WHERE \(SQLText.name(column.name)) IS NULL)"
                + " WHERE n > 0;"
        }
        let key = columns.filter(\.isKey).map { SQLText.name($0.name) }.joined(separator: ", ")
        if !key.isEmpty {
            checks.append(
                "SELECT error(\(SQLText.string("\(Self.broken)rows share a primary key, such as ")) || k) FROM "
                    + "(SELECT CAST((\(key)) AS VARCHAR) AS k FROM \(rows) GROUP BY \(key) HAVING count(*) > 1 LIMIT 1);"
            )
        }
        return checks.joined(separator: " ")
    }

    private static let broken = "the result breaks its contract: "

    /// What the engine says, in words of the model.
    func failure(_ errors: String) -> GoldError {
        let lines = errors.split(separator: "\n", omittingEmptySubsequences: false)
        let first = lines.first.map(String.init) ?? ""
        if first.hasPrefix("Out of Memory Error") {
            return .memory(place: model.path, reason: first)
        }
        // Behind the kind of error.
        let reason = first.drop { $0 != ":" }.dropFirst(2)
        if reason.hasPrefix(Self.broken) { return .model(place: model.path, reason: String(reason)) }
        // `LINE 3: SELECT x` with a mark below the column.
        for (number, line) in lines.enumerated() where line.hasPrefix("LINE ") {
            let digits = line.dropFirst(5).prefix { $0.isWholeNumber }
            guard let counted = Int(digits), counted > 1 else { continue }
            var place = "\(model.path):\(counted - 1)"
            if number + 1 < lines.count, let mark = lines[number + 1].firstIndex(of: "^") {
                let column = lines[number + 1].distance(from: lines[number + 1].startIndex, to: mark)
                place += ":\(max(1, column - digits.count - 7 + 1))"
            }
            return .model(place: place, reason: first)
        }
        return .model(place: model.path, reason: first.isEmpty ? "the engine failed and did not say why" : first)
    }
}
