internal import Contracts
internal import DuckDB
internal import Iceberg
internal import JSON
internal import Lake

/// What another text of a model would change in its table, found without a commit.
///
/// Rows are compared by the primary key; without one that both have, or with one that repeats, whole rows are.
struct ModelDifference {
    /// Columns of the result, and the stored table's column of the same name, if it has one.
    struct Column {
        let name: String
        let type: IcebergType
        let stored: IcebergType?
        let isKey: Bool
    }

    let columns: [Column]
    /// The stored table's columns that the result does not have.
    let removed: [IcebergField]
    /// Whether rows are compared by a key.
    let hasKey: Bool
    /// What gives the rows of the result, and those of the stored table.
    let new: String
    let old: String

    /// - Parameters:
    ///   - stored: the schema of the table; nil if it is not there.
    ///   - isKeyUnique: whether no two rows of the result have the same key.
    init(
        _ columns: [GoldColumn], _ stored: IcebergSchema?, isKeyUnique: Bool, new: String, old: String
    ) {
        let keys = Set(columns.filter(\.isKey).map(\.name))
        let storedKeys = Set(stored?.identifierIDs.compactMap { stored?.field($0)?.name } ?? [])
        let hasKey = !keys.isEmpty && isKeyUnique && (stored == nil || storedKeys == keys)
        self.columns = columns.map { column in
            Column(
                name: column.name, type: column.type, stored: stored?.field(named: column.name)?.type,
                isKey: hasKey && column.isKey)
        }
        removed = stored?.fields.filter { field in !columns.contains { $0.name == field.name } } ?? []
        self.hasKey = hasKey
        self.new = new
        self.old = old
    }

    /// Columns that both have, besides the key.
    private var compared: [Column] { columns.filter { $0.stored != nil && !$0.isKey } }

    // MARK: In SQL

    /// A relation without rows, which has the columns of the stored table that are compared.
    static func nothing(_ columns: [GoldColumn]) -> String {
        let nulls = columns.map { "CAST(NULL AS \($0.type.duckDBName ?? "")) AS \(DuckDBText.name($0.name))" }
        return "(SELECT \(nulls.joined(separator: ", ")) WHERE false)"
    }

    /// The value of a column, as one that can be compared with the other table's.
    private func value(_ relation: String, _ column: Column) -> String {
        let value = "\(relation).\(DuckDBText.name(column.name))"
        return column.stored == column.type ? value : "CAST(\(value) AS VARCHAR)"
    }

    private func isChanged(_ column: Column) -> String {
        "\(value("n", column)) IS DISTINCT FROM \(value("o", column))"
    }

    private var pairs: String {
        let equal = columns.filter(\.isKey).map { "\(value("n", $0)) = \(value("o", $0))" }
        return "(SELECT *, true AS cupel_row FROM \(new)) n FULL JOIN (SELECT *, true AS cupel_row FROM \(old)) o ON "
            + equal.joined(separator: " AND ")
    }

    private static let isAdded = "o.cupel_row IS NULL"
    private static let isRemoved = "n.cupel_row IS NULL"
    private var differs: String {
        compared.isEmpty ? "false" : "(" + compared.map(isChanged).joined(separator: " OR ") + ")"
    }
    private var isChanged: String { "n.cupel_row AND o.cupel_row AND \(differs)" }

    private func rows(_ relation: String) -> String {
        let names = columns.filter { $0.stored != nil }.map { value("r", $0) }
        return "SELECT \(names.isEmpty ? "1" : names.joined(separator: ", ")) FROM \(relation) r"
    }

    /// Gives one line of numbers for ``counts(_:)``.
    var counting: String {
        guard hasKey else {
            let (new, old) = (rows(new), rows(old))
            return "SELECT (SELECT count(*) FROM (\(new) EXCEPT ALL \(old))), "
                + "(SELECT count(*) FROM (\(old) EXCEPT ALL \(new))), 0, (SELECT count(*) FROM \(self.new) r);"
        }
        let counts = [Self.isAdded, Self.isRemoved, isChanged, "n.cupel_row"]
        let changes = compared.map { "n.cupel_row AND o.cupel_row AND \(isChanged($0))" }
        let filters = (counts + changes).map { "count(*) FILTER (\($0))" }
        return "SELECT \(filters.joined(separator: ", ")) FROM \(pairs);"
    }

    /// Gives at most `limit` rows of each kind, as lines for ``example(_:)``: the kind, then each column's new and old value.
    func examples(_ limit: Int) -> String? {
        guard hasKey, limit > 0 else { return nil }
        func shown(_ value: String) -> String {
            "COALESCE('x' || hex(left(CAST(\(value) AS VARCHAR), \(Self.valueLimit))), '-')"
        }
        let values = columns.map { column in
            let name = DuckDBText.name(column.name)
            return "\(shown("n.\(name)")), \(column.stored == nil ? "'-'" : shown("o.\(name)"))"
        }
        let keys = columns.filter(\.isKey).map { "COALESCE(\(value("n", $0)), \(value("o", $0)))" }
        let kinds = [("added", Self.isAdded), ("removed", Self.isRemoved), ("changed", isChanged)].map {
            kind, condition in
            "(SELECT '\(kind)', \(values.joined(separator: ", ")) FROM \(pairs) WHERE \(condition) "
                + "ORDER BY \(keys.joined(separator: ", ")) LIMIT \(limit))"
        }
        return kinds.joined(separator: " UNION ALL ") + ";"
    }

    /// A longer text of an example is cut.
    private static let valueLimit = 200

    // MARK: What they give

    struct Counts {
        let added: Int64
        let removed: Int64
        let changed: Int64
        let rows: Int64
        /// Rows whose value is another, by column.
        let values: [(column: Column, rows: Int64)]
    }

    func counts(_ line: Substring) -> Counts? {
        let numbers = line.split(separator: ",").compactMap { Int64($0) }
        guard numbers.count == 4 + (hasKey ? compared.count : 0) else { return nil }
        return Counts(
            added: numbers[0], removed: numbers[1], changed: numbers[2], rows: numbers[3],
            values: Array(zip(compared, numbers.dropFirst(4))).map { (column: $0, rows: $1) })
    }

    /// `{"change": "changed", "key": {…}, "values": {"avg": {"now": …, "new": …}}}`: all values are texts, as the engine
    /// writes them.
    func example(_ line: Substring) -> JSON? {
        let parts = line.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 1 + 2 * columns.count else { return nil }
        func text(_ part: Substring) -> JSON {
            part.first == "x" ? Hexadecimal.text(part.dropFirst()).map { .string($0) } ?? .null : .null
        }
        var (key, values): (JSONObject, JSONObject) = ([:], [:])
        for (place, column) in columns.enumerated() {
            let (new, old) = (text(parts[1 + 2 * place]), text(parts[2 + 2 * place]))
            if column.isKey {
                key[column.name] = new.isNull ? old : new
            } else if parts[0] == "added" ? !new.isNull : parts[0] == "removed" ? !old.isNull : new != old {
                guard parts[0] != "changed" || column.stored != nil else { continue }
                values[column.name] = ["now": old, "new": new]
            }
        }
        return ["change": .string(String(parts[0])), "key": .object(key), "values": .object(values)]
    }

    /// What becomes of the columns; those that stay as they are are not among them.
    func columnChanges(_ counts: Counts) -> JSON {
        var changes: [JSON] = []
        for column in columns {
            guard let stored = column.stored else {
                changes.append(
                    ["name": .string(column.name), "change": "added", "type": .string("\(column.type)")])
                continue
            }
            if stored != column.type {
                changes.append([
                    "name": .string(column.name), "change": "retyped", "type": .string("\(column.type)"),
                    "was": .string("\(stored)"),
                ])
            }
            if let rows = counts.values.first(where: { $0.column.name == column.name })?.rows, rows > 0 {
                changes.append(["name": .string(column.name), "change": "values", "rows": .int(rows)])
            }
        }
        changes += removed.map {
            ["name": .string($0.name), "change": "removed", "type": .string("\($0.type)")]
        }
        return .array(changes)
    }
}
