internal import JSON
internal import LambdaRuntime
internal import Postgres

/// Which tables are captured: found again every few seconds, so that new ones join.
struct CapturePlan {
    private let options: CaptureOptions
    private let log: Log
    /// What has been said: each obstacle once.
    private var said: Set<String> = []
    private(set) var tables: [SourceTable] = []
    /// Tables that the patterns name and that are not captured. A publication of others may have them.
    private var refused: Set<String> = []

    init(_ options: CaptureOptions, _ log: Log) {
        self.options = options
        self.log = log
    }

    /// Publishes the tables that can be captured, and withdraws those that no longer can.
    /// - Parameters:
    ///   - willPublish: called before a table is published; changes that it had before are in no stream.
    ///   - isPublished: called with each table that is published, and its membership.
    mutating func update(
        _ source: SourceDatabase, willPublish: (SourceTable) throws -> Void,
        isPublished: (SourceTable, UInt32) throws -> Void
    ) throws {
        let found = try source.tables(options.tables)
        for missing in options.tables.missing(in: Set(found.map(\.id))) {
            say("\(missing) is not captured: there is no such table, or it is a partition of another")
        }
        var published = try source.published(options.publication)
        if published == nil {
            try source.createPublication(options.publication)
            published = [:]
        }
        var captured: [String: SourceTable] = [:]
        refused = []
        for table in found {
            let membership = published?[table.id]
            if let obstacle = table.obstacle {
                refused.insert(table.id)
                say("\(table.id) is not captured: \(obstacle)")
                if membership != nil { try withdraw(table, source) }
            } else if let other = captured[table.name] {
                refused.insert(table.id)
                say(
                    "\(table.id) is not captured: \(other.id) has the same name, and both would be in raw/\(table.name)/; "
                        + "name one of them in --tables")
            } else if try membership != nil || publish(table, source, willPublish) {
                if let membership { try isPublished(table, membership) }
                captured[table.name] = table
                warn(ofGeneratedColumns: table)
            }
        }
        for table in tables where !found.contains(where: { $0.id == table.id }) {
            log.warning(
                "a captured table is gone; what was captured of it stays, and the others go on",
                ["table": .string(table.id)])
        }
        tables = captured.values.sorted { $0.id < $1.id }
    }

    /// Whether changes of a table are captured, also of one that is gone by now.
    func includes(schema: String, table: String) -> Bool {
        options.tables.include(schema: schema, table: table) && !refused.contains("\(schema).\(table)")
    }

    private mutating func publish(
        _ table: SourceTable, _ source: SourceDatabase, _ willPublish: (SourceTable) throws -> Void
    ) throws -> Bool {
        try willPublish(table)
        do throws(PostgresError) {
            try source.publish(table, in: options.publication)
            log.info("published", ["table": .string(table.id), "publication": .string(options.publication)])
            return true
        } catch {
            guard !error.isConnectionLoss else { throw error }
            say(
                "\(table.id) is not captured: \(error); as its owner, run ALTER PUBLICATION "
                    + "\(PostgresConnection.identifier(options.publication)) ADD TABLE \(SourceDatabase.sql(table))")
            return false
        }
    }

    private mutating func withdraw(_ table: SourceTable, _ source: SourceDatabase) throws {
        do throws(PostgresError) { try source.withdraw(table, from: options.publication) } catch {
            guard !error.isConnectionLoss else { throw error }
            say(
                "\(table.id) stays published, and PostgreSQL refuses updates of it: \(error); as its owner, run ALTER PUBLICATION "
                    + "\(PostgresConnection.identifier(options.publication)) DROP TABLE \(SourceDatabase.sql(table))")
        }
    }

    private mutating func say(_ obstacle: String) {
        if said.insert(obstacle).inserted { log.error(obstacle) }
    }

    private mutating func warn(ofGeneratedColumns table: SourceTable) {
        guard !table.generatedColumns.isEmpty, said.insert("generated columns of \(table.id)").inserted else { return }
        log.warning(
            "generated columns of \(table.id) are not captured: PostgreSQL does not publish them",
            ["columns": .array(table.generatedColumns.map { .string($0) })])
    }
}
