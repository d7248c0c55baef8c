internal import DuckDB
internal import EmulatorCore
internal import Iceberg
internal import JSON
internal import Synchronization
internal import Time

/// Statements that write to Iceberg tables: each one commit, of all its rows or none.
struct IcebergWriting {
    let lake: LakeReader
    let clock: ClockAndChance
    let job: QueryRunner.Job

    /// What a statement's rows are written to.
    enum Target {
        /// Nothing: the table exists already.
        case none
        /// What is no Iceberg table.
        case other
        case iceberg(Table)
    }

    enum Table {
        case new(CatalogStatement.Name, WriteOptions, hasRows: Bool)
        /// - Parameter order: the columns that the query's are for; empty for the table's own order.
        case old(IcebergTable, order: [String])
    }

    var commit: IcebergCommit {
        get throws(AWSFault) { try IcebergCommit(lake.peers, clock) }
    }

    func target(of statement: WriteStatement) async throws -> Target {
        switch statement {
        case .unload: return .other
        case .insert(let name, let order):
            guard let table = try await lake.find(name), LakeReader.metadataLocation(of: table) != nil else {
                return .other
            }
            return .iceberg(.old(try commit.load(name), order: order))
        case .createTable(let name, let options, let ifNotExists, let hasRows):
            guard options.isIceberg else { return .other }
            guard try await lake.find(name) == nil else {
                if ifNotExists { return .none }
                throw Self.exists(name)
            }
            return .iceberg(.new(name, options, hasRows: hasRows))
        }
    }

    private static func exists(_ name: CatalogStatement.Name) -> SQLProblem {
        .semantic(
            "TABLE_ALREADY_EXISTS", "Table 'awsdatacatalog.\(name.database).\(name.table)' already exists",
            at: name.offset)
    }

    /// The table whose rows a statement changes.
    func table(_ name: CatalogStatement.Name) async throws -> IcebergTable {
        guard let table = try await lake.find(name) else {
            throw SQLProblem.semantic(
                "TABLE_NOT_FOUND", "Table 'awsdatacatalog.\(name.database).\(name.table)' does not exist",
                at: name.offset)
        }
        guard LakeReader.metadataLocation(of: table) != nil else {
            throw SQLProblem.semantic(
                "NOT_SUPPORTED", "Modifying Hive table rows is only supported for transactional tables",
                at: name.offset)
        }
        return try commit.load(name)
    }

    // MARK: Rows of a query

    func write(_ query: ParsedQuery, to table: Table, in engine: QueryEngine) async throws -> RowWriting.Written {
        switch table {
        case .old(let table, let order): try await insert(query, into: table, order, in: engine)
        case .new(let name, let options, let hasRows):
            try await create(name, options, from: query, hasRows: hasRows, in: engine)
        }
    }

    private func rows(of name: CatalogStatement.Name, _ metadata: TableMetadata) throws -> IcebergRows {
        IcebergRows(table: name, metadata: metadata, commit: try commit, token: job.execution.id)
    }

    private func insert(
        _ query: ParsedQuery, into table: IcebergTable, _ order: [String], in engine: QueryEngine
    ) async throws -> RowWriting.Written {
        let given = try await QueryResult.columns(of: query, in: engine)
        let columns = try table.columns()
        let names = columns.map { $0.field.name.lowercased() }
        let values = try InsertColumns(names: names, types: columns.map(\.type), order: order).values(of: given)
        let source = given.indices.map { "c\($0)" }.joined(separator: ", ")
        let rows = "SELECT \(values.joined(separator: ", ")) FROM (" + query.fragment + ") AS t(\(source))"
        let written = try await self.rows(of: table.name, table.metadata).write(
            rows, in: engine, "\(engine.folder)/written")
        try await commit.append(written.files, to: table)
        return RowWriting.Written(files: written.files.map(\.path), rowCount: written.rowCount)
    }

    private func create(
        _ name: CatalogStatement.Name, _ options: WriteOptions, from query: ParsedQuery, hasRows: Bool,
        in engine: QueryEngine
    ) async throws -> RowWriting.Written {
        guard let location = options.location else {
            throw SQLProblem.semantic(
                "INVALID_TABLE_PROPERTY", "An Iceberg table needs the table property location", at: options.offset)
        }
        try lake.checkEmpty(location, "ICEBERG_FILESYSTEM_ERROR", "Cannot create a table on a non-empty location:")
        let columns = try await QueryResult.columns(of: query, in: engine)
        let definition = try IcebergDefinition(
            name, location: location.trimmingSlashes, types: columns.map { ($0.column.name, $0.type, nil) },
            partitioning: options.partitioning, settings: options.icebergSettings)
        let commit = try commit
        let result = Mutex(IcebergRows.Written(files: [], rowCount: 0))
        do {
            try await commit.catalog.createTable(definition.request(), in: name.database) { document in
                guard hasRows else { return [] }
                let metadata = try TableMetadata(document)
                let written = try await rows(of: name, metadata).write(
                    query.fragment, in: engine, "\(engine.folder)/written")
                result.withLock { $0 = written }
                return try await commit.firstUpdates(adding: written.files, to: metadata)
            }
        } catch let fault as AWSFault where fault.code == "AlreadyExistsException" {
            await commit.discard(result.withLock { $0.files.map(\.path) })
            throw Self.exists(name)
        }
        let written = result.withLock { $0 }
        return RowWriting.Written(files: written.files.map(\.path), rowCount: written.rowCount)
    }

    // MARK: Changes in place

    func change(
        _ table: IcebergTable, by statement: ChangeStatement, in engine: QueryEngine, _ limit: inout ScanLimit
    ) async throws -> RowWriting.Written {
        let commit = try commit
        let view = try IcebergInput(table, commit.objects).view(
            IcebergRewrite.target, in: "\(engine.folder)/target", isMarked: true, &limit)
        try await QueryResult.prepare(view, in: engine)
        let rewrite = try await IcebergRewrite(table, in: engine).run(statement)
        guard !rewrite.isEmpty else { return RowWriting.Written(files: [], rowCount: 0) }
        let written = try await rows(of: table.name, table.metadata).write(
            rewrite.rows, in: engine, "\(engine.folder)/written")
        try await commit.replace(rewrite.removed, by: written.files, in: table)
        return RowWriting.Written(files: written.files.map(\.path), rowCount: rewrite.rowCount)
    }
}
