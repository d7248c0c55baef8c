internal import AWSClient
internal import Control

/// What a statement's names stand for: the layers' databases, and the tables of operations that it gets for itself.
struct QueryTables {
    let pipeline: Pipeline
    /// Where results go; nil if the work group says it.
    let location: String?
    /// Whether the user has asked to stop.
    let isInterrupted: () -> Bool

    /// The databases of the layers, by what users write.
    static func databases(of pipeline: Pipeline) -> [String: String] {
        let prefix = pipeline.functionPrefix.reduce(into: "") { $0 += $1 == "-" ? "_" : String($1) }
        return [
            "bronze": prefix + "bronze", "silver": Layer.silver.schema.rawValue, "gold": Layer.gold.schema.rawValue,
        ]
    }

    /// Calls `body` with the statement as Athena takes it.
    func withStatement(_ statement: String, _ body: (LayerNames.Written) throws -> Void) throws {
        var databases = Self.databases(of: pipeline)
        let named = Self.schemas(namedBy: statement)
        guard !named.isEmpty else { return try body(LayerNames(databases: databases).write(statement)) }
        try Self.checkReads(statement, named)
        guard let location else {
            throw CommandFailure.usage(
                "\(named[0]).: its rows are copied to S3 for Athena; say where with --output-location, or name the "
                    + "pipeline's stack with --stack")
        }
        let temporary = try TemporaryTables(pipeline.client, location: location)
        for schema in OperationTable.schemas { databases[schema] = temporary.database(of: schema) }
        let tables = OperationTable.all.filter { named.contains($0.schema) }
        defer { temporary.remove(named, tables) }
        let isQuery = !["show", "describe", "desc"].contains(Self.words(of: statement).first ?? "")
        for schema in named {
            try temporary.make(
                schema, with: tables.filter { $0.schema == schema },
                rows: { table, take in
                    try forEachRow(of: table, statement) { row in
                        if isInterrupted() { throw CommandFailure.failed("interrupted") }
                        return try take(row)
                    }
                }, isRead: { isQuery && Self.names($0, in: statement) })
        }
        try body(LayerNames(databases: databases).write(statement))
    }

    private func forEachRow(
        of table: OperationTable, _ statement: String, _ body: ([String?]) throws -> Bool
    ) throws {
        let conditions = QueryConditions(
            statement, schema: table.schema, table: table.name, columns: table.columnNames)
        switch table.schema {
        case OperationTable.controlFiles.schema:
            try ControlFileRows(conditions).forEach(in: pipeline.control, body)
        case OperationTable.quarantineRows.schema:
            guard !pipeline.lakeBucket.isEmpty else {
                throw CommandFailure.usage("quarantine.rows: the lake's bucket is unknown; give the stack with --stack")
            }
            try QuarantineRows(pipeline.client, bucket: pipeline.lakeBucket, conditions).forEach(body)
        default:
            try ExecutionRows(pipeline.client, prefix: pipeline.functionPrefix, conditions, statement: statement)
                .forEach(body)
        }
    }

    // MARK: What a statement names

    private static func words(of statement: String) -> [String] {
        SQLPiece.pieces(of: statement).filter { $0.kind == .word }.map(\.word)
    }

    /// The schemas of operations that a statement names, in order.
    static func schemas(namedBy statement: String) -> [String] {
        // A word of its own replaces a name, whatever it is.
        OperationTable.schemas.filter { schema in
            LayerNames(databases: [schema: ""]).write(statement).text != statement
        }
    }

    private static func names(_ table: OperationTable, in statement: String) -> Bool {
        let pieces = SQLPiece.pieces(of: statement)
        return pieces.indices.dropLast(2).contains { place in
            pieces[place].kind == .word && pieces[place].word == table.schema && pieces[place + 1].isSign(".")
                && [pieces[place + 2].word, pieces[place + 2].content.lowercased()].contains(table.name)
        }
    }

    /// Checks that a statement only reads: what it wrote to a temporary table would be gone, and so would a view's table.
    private static func checkReads(_ statement: String, _ named: [String]) throws(CommandFailure) {
        let first = words(of: statement).first ?? ""
        guard !["select", "with", "explain", "show", "describe", "desc", "unload"].contains(first) else { return }
        throw .usage(
            "\(named.joined(separator: " and ")) can be read only, by SELECT, UNLOAD, SHOW and DESCRIBE; "
                + "\(first.uppercased()) is another statement")
    }
}
