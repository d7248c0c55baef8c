internal import EmulatorCore

/// Parses PartiQL statements and binds their parameters.
struct PartiQLParser {
    private let tokens: [PartiQLToken]
    private var at = 0
    private let parameters: [AttributeValue]
    private var usedParameters = 0
    private var depth = 0

    /// Protects the stack from hostile nesting.
    private static let depthLimit = 100

    /// - Throws: ``DynamoDBFault/validation(_:)`` if the statement is not well formed or has another number of parameters.
    static func parse(_ statement: String, _ parameters: [AttributeValue]) throws(DynamoDBFault) -> PartiQLStatement {
        var parser = PartiQLParser(tokens: try PartiQLLexer.tokens(of: statement), parameters: parameters)
        let parsed = try parser.statement()
        _ = parser.take(";")
        guard parser.current.kind == .end else { throw .notWellFormed("Unexpected token after expression") }
        guard parser.usedParameters == parameters.count else { throw Self.wrongParameterCount }
        return parsed
    }

    private static let wrongParameterCount = DynamoDBFault.validation(
        "Number of parameters in request and statement don't match.")

    private init(tokens: [PartiQLToken], parameters: [AttributeValue]) {
        self.tokens = tokens
        self.parameters = parameters
    }

    // MARK: Tokens

    var current: PartiQLToken { tokens[at] }
    var following: PartiQLToken { tokens[min(at + 1, tokens.count - 1)] }

    mutating func advance() { if at < tokens.count - 1 { at += 1 } }

    mutating func take(_ symbol: String) -> Bool {
        guard current.isSymbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func take(keyword: String) -> Bool {
        guard current.isKeyword(keyword) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: String) throws(DynamoDBFault) {
        guard take(symbol) else { throw unexpected }
    }

    mutating func expect(keyword: String) throws(DynamoDBFault) {
        guard take(keyword: keyword) else { throw unexpected }
    }

    var unexpected: DynamoDBFault {
        .notWellFormed(current.kind == .end ? "Unexpected end of statement" : "Unexpected token: \(current.text)")
    }

    mutating func enter() throws(DynamoDBFault) {
        depth += 1
        guard depth <= Self.depthLimit else { throw .notWellFormed("The statement is nested too deeply") }
    }

    mutating func leave() { depth -= 1 }

    /// The value of the next `?`.
    mutating func parameter() throws(DynamoDBFault) -> AttributeValue {
        guard usedParameters < parameters.count else { throw Self.wrongParameterCount }
        usedParameters += 1
        return parameters[usedParameters - 1]
    }

    // MARK: Statements

    private mutating func statement() throws(DynamoDBFault) -> PartiQLStatement {
        if take(keyword: "SELECT") { return try select() }
        if take(keyword: "INSERT") { return try insert() }
        if take(keyword: "UPDATE") { return try update() }
        if take(keyword: "DELETE") { return try delete() }
        if take(keyword: "EXISTS") {
            try expect("(")
            try expect(keyword: "SELECT")
            var inner = try select()
            try expect(")")
            inner.work = .exists
            return inner
        }
        throw .notWellFormed("Expected data manipulation")
    }

    private mutating func select() throws(DynamoDBFault) -> PartiQLStatement {
        var paths: [DocumentPath]?
        if !take("*") {
            var named: [DocumentPath] = []
            repeat { named.append(try path()) } while take(",")
            paths = named
        }
        try expect(keyword: "FROM")
        let (table, index) = try source()
        try refuseAlias()
        let condition = try whereClause()
        var order: PartiQLStatement.Order?
        if take(keyword: "ORDER") {
            try expect(keyword: "BY")
            order = PartiQLStatement.Order(attribute: try name(), isDescending: take(keyword: "DESC"))
            _ = take(keyword: "ASC")
            if condition == nil {
                throw .validation("Must have WHERE clause in the statement when using ORDER BY clause.")
            }
        }
        return PartiQLStatement(
            tableName: table, work: .select(paths, index: index, order: order), condition: condition)
    }

    private mutating func insert() throws(DynamoDBFault) -> PartiQLStatement {
        try expect(keyword: "INTO")
        let (table, index) = try source()
        if index != nil { throw .validation("Table name in INSERT cannot name an index") }
        guard take(keyword: "VALUE") else { throw .notWellFormed("Unexpected token after expression") }
        guard case .map(let item) = try literal(under: "root", isItem: true) else { throw unexpected }
        return PartiQLStatement(tableName: table, work: .insert(item), condition: nil)
    }

    private mutating func update() throws(DynamoDBFault) -> PartiQLStatement {
        let (table, index) = try source()
        if index != nil { throw .validation("Table name in UPDATE cannot name an index") }
        var changes: [Update.Change] = []
        while true {
            if take(keyword: "SET") {
                repeat { changes.append(try assignment()) } while take(",")
            } else if take(keyword: "REMOVE") {
                repeat { changes.append(.remove(try path())) } while take(",")
            } else {
                break
            }
        }
        if changes.isEmpty {
            try refuseAlias()
            throw unexpected
        }
        do throws(ExpressionError) {
            try DocumentPath.checkApart(changes.map(\.path))
        } catch {
            throw .validation(error.message)
        }
        let condition = try whereClause()
        return PartiQLStatement(
            tableName: table, work: .update(Update(changes: changes), try returning()), condition: condition)
    }

    private mutating func delete() throws(DynamoDBFault) -> PartiQLStatement {
        try expect(keyword: "FROM")
        let (table, index) = try source()
        if index != nil { throw .validation("Table name in DELETE cannot name an index") }
        try refuseAlias()
        let condition = try whereClause()
        let returning = try returning()
        if let returning, returning.onlyModified || returning.isNew {
            throw .validation(
                "Invalid returning clause: \(returning.text). Only RETURNING ALL OLD * is allowed in DELETE "
                    + "statements.")
        }
        return PartiQLStatement(tableName: table, work: .delete(returning), condition: condition)
    }

    private mutating func whereClause() throws(DynamoDBFault) -> Condition? {
        take(keyword: "WHERE") ? try condition() : nil
    }

    private mutating func returning() throws(DynamoDBFault) -> PartiQLStatement.Returning? {
        guard take(keyword: "RETURNING") else { return nil }
        let onlyModified = take(keyword: "MODIFIED")
        if !onlyModified { try expect(keyword: "ALL") }
        let isNew = take(keyword: "NEW")
        if !isNew { try expect(keyword: "OLD") }
        try expect("*")
        return PartiQLStatement.Returning(onlyModified: onlyModified, isNew: isNew)
    }

    /// `table` or `table.index`. A table's name may have hyphens and dots only inside quotation marks.
    private mutating func source() throws(DynamoDBFault) -> (table: String, index: String?) {
        var parts = [try sourceName()]
        while take(".") { parts.append(try sourceName()) }
        if parts.contains("") { throw .validation("Path component cannot be an empty string") }
        if parts.count > 2 { throw .validation("A path may contain at most 2 components in the FROM clause") }
        return (parts[0], parts.count == 2 ? parts[1] : nil)
    }

    /// A name, whose parts hyphens may join.
    private mutating func sourceName() throws(DynamoDBFault) -> String {
        let isQuoted = current.kind == .quotedName
        var text = try name()
        while !isQuoted, current.isSymbol("-"), [.word, .number].contains(following.kind) {
            advance()
            text += "-\(current.text)"
            advance()
        }
        return text
    }

    private func refuseAlias() throws(DynamoDBFault) {
        let clauses = ["WHERE", "ORDER", "RETURNING", "SET", "REMOVE"]
        let isName = current.kind == .quotedName || current.kind == .word
        if isName, !clauses.contains(where: current.isKeyword) { throw .validation("Aliasing is not supported") }
    }

    // MARK: Names

    mutating func name() throws(DynamoDBFault) -> String {
        guard current.kind == .word || current.kind == .quotedName else { throw unexpected }
        defer { advance() }
        return current.text
    }

    /// `name(.name|['name']|[index])*`
    mutating func path() throws(DynamoDBFault) -> DocumentPath {
        var path = DocumentPath(attribute: try name())
        while true {
            if take(".") {
                path.steps.append(.member(try name()))
            } else if take("[") {
                switch current.kind {
                case .number:
                    guard let index = Int(current.text) else { throw unexpected }
                    path.steps.append(.element(index))
                case .string: path.steps.append(.member(current.text))
                default: throw unexpected
                }
                advance()
                try expect("]")
            } else {
                return path
            }
        }
    }
}
