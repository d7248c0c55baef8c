internal import DuckDB

/// Brings the columns of a query into the order and types of a table.
struct InsertColumns {
    let names: [String]
    /// The engine's names of them.
    let types: [String]
    /// The columns that the query's are for; empty for all in the table's order.
    let order: [String]

    /// The values of the table's columns, from the query's columns `c0`, `c1`, ….
    func values(of given: [(column: ResultColumn, type: EngineType)]) throws(SQLProblem) -> [String] {
        let order = order.isEmpty ? names : order
        guard order.count == given.count else {
            throw .semantic(
                "TYPE_MISMATCH", "Insert query has \(given.count) columns, and \(order.count) are expected", at: nil)
        }
        if let unknown = order.first(where: { !names.contains($0) }) {
            throw .semantic(
                "COLUMN_NOT_FOUND", "Insert column name does not exist in target table: \(unknown)", at: nil)
        }
        if Set(order).count < order.count {
            throw .semantic("DUPLICATE_COLUMN_NAME", "A column of the insertion is specified more than once", at: nil)
        }
        var values: [String] = []
        for (name, type) in zip(names, types) {
            guard let place = order.firstIndex(of: name) else {
                values.append("CAST(NULL AS \(type))")
                continue
            }
            let value = SQLFragment("c\(place)", from: 0)
            values.append(try Self.value(value, given[place].type, as: type, of: name, at: nil).text)
        }
        return values
    }

    /// A value as a column has it.
    /// - Parameters:
    ///   - type: the value's; nil if it is not known.
    ///   - column: the column's type.
    /// - Throws: ``SQLProblem`` for a value of another kind: the engine would convert a text to a number, and Athena does
    ///   not.
    static func value(
        _ value: SQLFragment, _ type: EngineType?, as column: String, of name: String, at offset: Int?
    ) throws(SQLProblem) -> SQLFragment {
        let cast = "CAST(" + value + " AS \(column))"
        // The engine writes a space into `DECIMAL(9, 2)` here, and none where it describes a result.
        guard let type, let wanted = EngineType(column.replacing(", ", with: ",")) ?? EngineType(column),
            !type.mayBecome(wanted)
        else { return cast }
        let reason =
            "The column \(name) of type \(wanted.athenaName ?? column) takes no value of type "
            + "\(type.athenaName ?? "unknown"); cast it"
        // The engine takes a column of nothing but nulls for one of integers.
        guard type == .scalar("INTEGER") else { throw .semantic("TYPE_MISMATCH", reason, at: offset) }
        return "CAST(CASE WHEN (" + value
            + ") IS NOT NULL THEN error(\(DuckDBText.string("TYPE_MISMATCH: " + reason))) END AS \(column))"
    }
}

extension EngineType {
    private enum Kind { case truth, number, text, bytes, time, clock, other }

    private var kind: Kind {
        switch self {
        case .decimal: return .number
        case .scalar(let name):
            switch name {
            case "BOOLEAN": return .truth
            case "VARCHAR": return .text
            case "BLOB": return .bytes
            case "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE": return .time
            case "TIME": return .clock
            case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
                "FLOAT", "DOUBLE":
                return .number
            default: return .other
            }
        default: return .other
        }
    }

    /// Whether values of this type may be written to a column of another without a cast of the user's.
    func mayBecome(_ other: EngineType) -> Bool {
        if self == .scalar("\"NULL\"") { return true }
        switch (self, other) {
        case (.list(let own), .list(let other)): return own.mayBecome(other)
        case (.map(let key, let value), .map(let otherKey, let otherValue)):
            return key.mayBecome(otherKey) && value.mayBecome(otherValue)
        case (.structure(let own), .structure(let others)):
            return own.count == others.count && zip(own, others).allSatisfy { $0.type.mayBecome($1.type) }
        case (.scalar, .scalar), (.decimal, .scalar), (.scalar, .decimal), (.decimal, .decimal):
            return kind == other.kind && (kind != .other || self == other)
        default: return false
        }
    }
}
