internal import DuckDB
internal import EmulatorCore
internal import Iceberg
internal import JSON

/// Finds the files that a statement changes, and the rows that take their place.
///
/// A condition is evaluated once: its hits are kept by file and row, and what follows goes by these.
struct IcebergRewrite {
    /// The view of the table, whose rows say where they are.
    static let target = DuckDBText.name("cupel target")
    private static let hits = DuckDBText.name("cupel hits")
    private static let source = DuckDBText.name("cupel source")
    private static let inserts = DuckDBText.name("cupel inserts")
    private static let file = IcebergInput.Mark.file
    private static let row = IcebergInput.Mark.row
    /// The columns of ``hits``.
    private static let hitFile = DuckDBText.name("cupel hit file")
    private static let hitRow = DuckDBText.name("cupel hit row")
    private static let hitPlace = DuckDBText.name("cupel hit place")
    private static let action = DuckDBText.name("cupel action")
    /// The place of a row in ``source``.
    private static let place = DuckDBText.name("cupel place")

    private let table: IcebergTable
    private let engine: QueryEngine
    private let columns: [(name: String, type: String)]

    struct Result {
        /// The paths of the files that go.
        var removed: Set<String> = []
        /// A query of the engine, with the table's columns.
        var rows = SQLFragment("", from: 0)
        /// Rows that the statement has changed.
        var rowCount = 0

        var isEmpty: Bool { removed.isEmpty && rowCount == 0 }
    }

    init(_ table: IcebergTable, in engine: QueryEngine) throws(SQLProblem) {
        self.table = table
        self.engine = engine
        columns = try table.columns().map { ($0.field.name.lowercased(), $0.type) }
    }

    func run(_ statement: ChangeStatement) async throws -> Result {
        switch statement {
        case .delete(let target, let condition):
            try await find(target, condition)
            return try await result(target, columns.map { SQLFragment(own($0.name, target), from: 0) }, "IS NULL")
        case .update(let target, let assignments, let condition):
            try await find(target, condition)
            let relation = "FROM \(Self.target) AS \(DuckDBText.name(target.alias))"
            let types = try await types(of: assignments.map(\.value), relation)
            let values = try values(of: assignments, types, target)
            return try await result(target, values.map { "CASE WHEN \(Self.hitFile) IS NULL THEN " + $0 + " END" }, nil)
        case .merge(let target, let source, let alias, let condition, let clauses):
            return try await merge(target, source, alias, condition, clauses)
        case .optimize(let target, let condition): return try optimize(target, condition)
        case .vacuum: return Result()
        }
    }

    private func own(_ column: String, _ target: ChangeStatement.Target) -> String {
        "\(DuckDBText.name(target.alias)).\(DuckDBText.name(column))"
    }

    // MARK: DELETE and UPDATE

    private func find(_ target: ChangeStatement.Target, _ condition: SQLFragment?) async throws {
        let start =
            "CREATE TEMP TABLE \(Self.hits) AS SELECT \(Self.file) AS \(Self.hitFile), \(Self.row) AS \(Self.hitRow), "
            + "1 AS \(Self.action) FROM \(Self.target) AS \(DuckDBText.name(target.alias))"
        let origin = SQLFragment(start, from: target.name.offset)
        _ = try await engine.run(condition.map { origin + " WHERE " + $0 } ?? origin)
    }

    /// The rows of the files with hits.
    /// - Parameter hit: what must be of a row's hit; nil for all rows.
    private func result(
        _ target: ChangeStatement.Target, _ values: [SQLFragment], _ hit: String?, further: String = ""
    ) async throws -> Result {
        let files = try await numbers("SELECT DISTINCT \(Self.hitFile) AS n FROM \(Self.hits) WHERE \(Self.action) > 0")
        let count = try await numbers("SELECT count(*) AS n FROM \(Self.hits) WHERE \(Self.action) > 0").first ?? 0
        var result = Result(rowCount: count)
        result.removed = try paths(files)
        let list = values.joined(", ") ?? SQLFragment("", from: target.name.offset)
        result.rows =
            "SELECT " + list
            + " FROM \(Self.target) AS \(DuckDBText.name(target.alias)) LEFT JOIN (SELECT * FROM \(Self.hits) WHERE "
            + "\(Self.action) > 0) ON \(Self.file) = \(Self.hitFile) AND \(Self.row) = \(Self.hitRow)\(further) WHERE "
            + "\(DuckDBText.name(target.alias)).\(Self.file) IN (\((files + [-1]).map { "\($0)" }.joined(separator: ", ")))"
            + (hit.map { " AND \(Self.hitFile) \($0)" } ?? "")
        return result
    }

    private func numbers(_ query: String) async throws -> [Int] {
        try await engine.run(SQLFragment(query, from: 0)).compactMap {
            try JSON(parsing: Array($0.utf8))["n"]?.looseInt
        }
    }

    private func paths(_ numbers: [Int]) throws -> Set<String> {
        let files = table.files.dataFiles
        return Set(
            try numbers.map { number in
                guard files.indices.contains(number) else {
                    throw SQLProblem.semantic("GENERIC_INTERNAL_ERROR", "the table has no file \(number)", at: nil)
                }
                return files[number].path
            })
    }

    /// The types of values that are assigned.
    private func types(of values: [SQLFragment], _ relation: String) async throws -> [EngineType?] {
        guard let list = values.joined(", ") else { return [] }
        let lines = try await engine.run("DESCRIBE SELECT " + list + " " + relation)
        return try lines.map {
            EngineType(try JSON(parsing: Array($0.utf8))["column_type"]?.string ?? "")
        }
    }

    /// For each column, `the old value ELSE the new one`, of which CASE chooses.
    private func values(
        of assignments: [ChangeStatement.Assignment], _ types: [EngineType?], _ target: ChangeStatement.Target
    ) throws(SQLProblem) -> [SQLFragment] {
        let values = try converted(assignments, types)
        return columns.map { column in
            let old = own(column.name, target)
            return "\(old) ELSE " + (values[column.name] ?? SQLFragment(old, from: target.name.offset))
        }
    }

    /// The values that columns get, by the columns' names.
    private func converted(
        _ assignments: [ChangeStatement.Assignment], _ types: [EngineType?]
    ) throws(SQLProblem) -> [String: SQLFragment] {
        var values: [String: SQLFragment] = [:]
        for (assignment, type) in zip(assignments, types) {
            guard let column = columns.first(where: { $0.name == assignment.column }) else {
                throw .semantic(
                    "COLUMN_NOT_FOUND", "Column '\(assignment.column)' is not in the target table",
                    at: assignment.offset)
            }
            values[column.name] = try InsertColumns.value(
                assignment.value, type, as: column.type, of: column.name, at: assignment.offset)
        }
        return values
    }

    // MARK: MERGE

    private func merge(
        _ target: ChangeStatement.Target, _ source: SQLFragment, _ alias: String, _ condition: SQLFragment,
        _ clauses: [ChangeStatement.Clause]
    ) async throws -> Result {
        let (left, right) = (DuckDBText.name(target.alias), DuckDBText.name(alias))
        _ = try await engine.run(
            "CREATE TEMP TABLE \(Self.source) AS SELECT row_number() OVER () AS \(Self.place), * FROM " + source)
        let both = "FROM \(Self.target) AS \(left) JOIN \(Self.source) AS \(right) ON "
        let matched = clauses.filter(\.isMatched)
        let start =
            "CREATE TEMP TABLE \(Self.hits) AS SELECT \(left).\(Self.file) AS \(Self.hitFile), \(left).\(Self.row) AS "
            + "\(Self.hitRow), \(right).\(Self.place) AS \(Self.hitPlace), "
        _ = try await engine.run(start + Self.choice(matched) + " AS \(Self.action) \(both)" + condition)
        let repeated = try await numbers(
            "SELECT 1 AS n FROM \(Self.hits) WHERE \(Self.action) > 0 GROUP BY \(Self.hitFile), \(Self.hitRow) "
                + "HAVING count(*) > 1 LIMIT 1")
        guard repeated.isEmpty else {
            throw SQLProblem.semantic(
                "MERGE_TARGET_ROW_MULTIPLE_MATCHES", "One MERGE target table row matched more than one source row",
                at: nil)
        }
        var result = try await changed(target, alias, matched)
        if let inserted = try await inserted(alias, clauses.filter { !$0.isMatched }) {
            result.rows += " UNION ALL SELECT * FROM \(Self.inserts)"
            result.rowCount += inserted
        }
        return result
    }

    /// The number of the first clause whose condition holds, from 1 on; 0 for none.
    private static func choice(_ clauses: [ChangeStatement.Clause]) -> SQLFragment {
        guard !clauses.isEmpty else { return SQLFragment("0", from: 0) }
        var result = SQLFragment("CASE", from: 0)
        for (place, clause) in clauses.enumerated() {
            result += " WHEN "
            result += clause.condition ?? SQLFragment("true", from: 0)
            result += " THEN \(place + 1)"
        }
        return result + " ELSE 0 END"
    }

    /// The rows of the target: changed where a clause updates them, without those that one deletes.
    private func changed(
        _ target: ChangeStatement.Target, _ alias: String, _ clauses: [ChangeStatement.Clause]
    ) async throws -> Result {
        let (left, right) = (DuckDBText.name(target.alias), DuckDBText.name(alias))
        let relation = "FROM \(Self.target) AS \(left), \(Self.source) AS \(right)"
        var values = columns.map { _ in SQLFragment("CASE \(Self.action)", from: target.name.offset) }
        var deletes: [String] = []
        for (number, clause) in clauses.enumerated() {
            switch clause.action {
            case .delete: deletes.append("\(number + 1)")
            case .insert: break
            case .update(let assignments):
                let given = try converted(assignments, try await types(of: assignments.map(\.value), relation))
                for (place, column) in columns.enumerated() {
                    guard let value = given[column.name] else { continue }
                    values[place] = values[place] + " WHEN \(number + 1) THEN " + value
                }
            }
        }
        values = zip(values, columns).map { value, column in
            let own = own(column.name, target)
            // A CASE has a WHEN.
            return value + " WHEN -1 THEN \(own) ELSE \(own) END"
        }
        let join = " LEFT JOIN \(Self.source) AS \(right) ON \(right).\(Self.place) = \(Self.hitPlace)"
        var result = try await result(target, values, nil, further: join)
        if !deletes.isEmpty {
            result.rows += " AND coalesce(\(Self.action), 0) NOT IN (\(deletes.joined(separator: ", ")))"
        }
        return result
    }

    /// Makes the rows that are inserted.
    /// - Returns: how many there are; nil if no clause inserts.
    private func inserted(_ alias: String, _ clauses: [ChangeStatement.Clause]) async throws -> Int? {
        guard !clauses.isEmpty else { return nil }
        let right = DuckDBText.name(alias)
        var values = columns.map { _ in SQLFragment("CASE \(Self.action)", from: 0) }
        for (number, clause) in clauses.enumerated() {
            guard case .insert(let names, let given, let offset) = clause.action else { continue }
            let types = try await types(of: given, "FROM \(Self.source) AS \(right)")
            let order = names.isEmpty ? columns.map(\.name) : names
            guard order.count == given.count else {
                throw SQLProblem.semantic(
                    "TYPE_MISMATCH", "Insert has \(given.count) values, and \(order.count) are expected", at: offset)
            }
            let assignments = zip(order, given).map {
                ChangeStatement.Assignment(column: $0, offset: offset, value: $1)
            }
            let converted = try converted(assignments, types)
            for (place, column) in columns.enumerated() {
                guard let value = converted[column.name] else { continue }
                values[place] = values[place] + " WHEN \(number + 1) THEN " + value
            }
        }
        let list = zip(values, columns).map { $0 + " WHEN -1 THEN NULL END AS \(DuckDBText.name($1.name))" }
        let rest =
            "(SELECT *, " + Self.choice(clauses)
            + " AS \(Self.action) FROM \(Self.source) AS \(right) WHERE \(right).\(Self.place) NOT IN "
            + "(SELECT \(Self.hitPlace) FROM \(Self.hits)))"
        let selection = list.joined(", ") ?? SQLFragment("", from: 0)
        let typed = columns.map { "CAST(\(DuckDBText.name($0.name)) AS \($0.type)) AS \(DuckDBText.name($0.name))" }
        _ = try await engine.run(
            "CREATE TEMP TABLE \(Self.inserts) AS SELECT \(typed.joined(separator: ", ")) FROM (SELECT " + selection
                + " FROM " + rest + " AS \(right) WHERE \(Self.action) > 0)")
        return try await numbers("SELECT count(*) AS n FROM \(Self.inserts)").first ?? 0
    }

    // MARK: OPTIMIZE

    /// Bytes of a file that is not joined with others.
    private static let fileSize: Int64 = 402_653_184

    /// Joins the small files of each partition, and those with deletes.
    private func optimize(_ target: ChangeStatement.Target, _ condition: SQLFragment?) throws -> Result {
        if let condition { throw SQLProblem.notEmulated("OPTIMIZE … WHERE", at: condition.origin) }
        let limit =
            table.metadata.properties["optimize_rewrite_min_data_file_size_bytes"].flatMap { Int64($0) }
            ?? Self.fileSize
        let deletes = table.files.positionDeletes()
        let spec = table.metadata.defaultSpec.id
        var chosen: [Int] = []
        var groups: [[IcebergValue?]: [Int]] = [:]
        var number = 0
        for manifest in table.files.manifests {
            for entry in manifest.entries where entry.file.content == .data {
                defer { number += 1 }
                if manifest.spec.id != spec || !(deletes[entry.file.path] ?? []).isEmpty {
                    chosen.append(number)
                } else if entry.file.sizeInBytes < limit {
                    groups[entry.file.partition, default: []].append(number)
                }
            }
        }
        chosen += groups.values.filter { $0.count > 1 }.flatMap { $0 }
        let list = chosen.map { "\($0)" }.joined(separator: ", ")
        let names = columns.map { DuckDBText.name($0.name) }.joined(separator: ", ")
        return Result(
            removed: try paths(chosen),
            rows: SQLFragment("SELECT \(names) FROM \(Self.target) WHERE \(Self.file) IN (\(list))", from: 0))
    }
}
