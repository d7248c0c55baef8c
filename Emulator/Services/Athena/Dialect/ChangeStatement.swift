internal import DuckDB

/// A statement that changes the rows of a table in place, or their files.
enum ChangeStatement: Sendable {
    /// A table, and what the statement calls it.
    struct Target: Sendable {
        let name: CatalogStatement.Name
        let alias: String
    }

    struct Assignment: Sendable {
        let column: String
        let offset: Int
        let value: SQLFragment
    }

    enum Action: Sendable {
        case update([Assignment])
        case delete
        /// Nothing in `columns` is all columns in the table's order.
        case insert(columns: [String], values: [SQLFragment], offset: Int)
    }

    /// What a MERGE does with rows that match, or with the source's that do not.
    struct Clause: Sendable {
        let isMatched: Bool
        let condition: SQLFragment?
        let action: Action
    }

    case delete(Target, where: SQLFragment?)
    case update(Target, [Assignment], where: SQLFragment?)
    /// - Parameters:
    ///   - source: what FROM names, with its alias.
    ///   - alias: that alias.
    case merge(Target, source: SQLFragment, alias: String, on: SQLFragment, [Clause])
    /// Joins small files, and applies deletes.
    case optimize(Target, where: SQLFragment?)
    /// Removes old snapshots and files that nobody needs.
    case vacuum(Target)

    var target: Target {
        switch self {
        case .delete(let target, _), .update(let target, _, _), .merge(let target, _, _, _, _),
            .optimize(let target, _),
            .vacuum(let target):
            target
        }
    }
}

extension QueryParser {
    /// DELETE, UPDATE, MERGE, OPTIMIZE or VACUUM.
    mutating func change() throws(SQLProblem) -> ChangeStatement {
        switch next().keyword {
        case "DELETE":
            try expect("FROM")
            return .delete(try target(), where: try condition())
        case "UPDATE":
            let target = try target()
            try expect("SET")
            return .update(target, try assignments(), where: try condition())
        case "OPTIMIZE":
            let target = try target()
            for keyword in ["REWRITE", "DATA", "USING", "BIN_PACK"] { try expect(keyword) }
            return .optimize(target, where: try condition())
        case "VACUUM": return .vacuum(try target())
        default: return try merge()
        }
    }

    private mutating func target() throws(SQLProblem) -> ChangeStatement.Target {
        let name = try catalogName()
        return ChangeStatement.Target(name: name, alias: name.table)
    }

    private mutating func condition() throws(SQLProblem) -> SQLFragment? { take("WHERE") ? try expression() : nil }

    /// `a = 1, b = c + 1`
    private mutating func assignments() throws(SQLProblem) -> [ChangeStatement.Assignment] {
        var assignments: [ChangeStatement.Assignment] = []
        repeat {
            let offset = token.offset
            let column = try name().text.lowercased()
            guard !assignments.contains(where: { $0.column == column }) else {
                throw .semantic(
                    "DUPLICATE_COLUMN_NAME", "Multiple assignments for column '\(column)'", at: offset)
            }
            try expectSign("=")
            assignments.append(ChangeStatement.Assignment(column: column, offset: offset, value: try expression()))
        } while takeSign(",")
        return assignments
    }

    // MARK: MERGE

    private mutating func merge() throws(SQLProblem) -> ChangeStatement {
        try expect("INTO")
        let name = try catalogName()
        let alias = try alias() ?? name.table
        try expect("USING")
        let (source, sourceAlias) = try mergeSource()
        try expect("ON")
        let condition = try expression()
        var clauses: [ChangeStatement.Clause] = []
        repeat { clauses.append(try mergeClause()) } while at("WHEN")
        return .merge(
            ChangeStatement.Target(name: name, alias: alias), source: source, alias: sourceAlias, on: condition,
            clauses)
    }

    private mutating func alias() throws(SQLProblem) -> String? {
        guard take("AS") || isName && !at("USING", "ON") else { return nil }
        return try name().text
    }

    /// A table or a query in parentheses, with its alias.
    private mutating func mergeSource() throws(SQLProblem) -> (SQLFragment, String) {
        let start = token
        var source: SQLFragment
        var name = "cupel values"
        if atSign("(") {
            guard startsQuery else { throw .notEmulated("MERGE from a join", at: start.offset) }
            next()
            source = SQLFragment("(", from: start.offset) + (try query()) + ")"
            try expectSign(")")
        } else {
            let table = try tableName()
            source = table.fragment
            name = table.alias ?? tokens[place - 1].text
        }
        name = try alias() ?? name
        source += " AS \(DuckDBText.name(name))"
        if atSign("(") { source += try nameList() }
        return (source, name)
    }

    private mutating func mergeClause() throws(SQLProblem) -> ChangeStatement.Clause {
        try expect("WHEN")
        let isMatched = !take("NOT")
        try expect("MATCHED")
        let condition = take("AND") ? try expression() : nil
        try expect("THEN")
        let action: ChangeStatement.Action
        if isMatched, take("DELETE") {
            action = .delete
        } else if isMatched {
            guard take("UPDATE") else { throw mismatch("'DELETE', 'UPDATE'") }
            try expect("SET")
            action = .update(try assignments())
        } else {
            action = try mergeInsert()
        }
        return ChangeStatement.Clause(isMatched: isMatched, condition: condition, action: action)
    }

    private mutating func mergeInsert() throws(SQLProblem) -> ChangeStatement.Action {
        let offset = try expect("INSERT").offset
        var columns: [String] = []
        if takeSign("(") {
            repeat { columns.append(try name().text.lowercased()) } while takeSign(",")
            try expectSign(")")
        }
        try expect("VALUES")
        try expectSign("(")
        var values: [SQLFragment] = []
        repeat { values.append(try expression()) } while takeSign(",")
        try expectSign(")")
        return .insert(columns: columns, values: values, offset: offset)
    }
}
