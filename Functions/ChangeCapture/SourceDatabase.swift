internal import Postgres
internal import PostgresReplication

/// The source's catalog: what can be captured, and what the capture needs there.
struct SourceDatabase {
    let connection: PostgresConnection

    init(_ source: String) throws(PostgresError) {
        connection = try PostgresConnection(source, application: "change-capture")
    }

    /// Refuses a server that cannot be captured at all.
    func check() throws {
        guard connection.serverVersion >= 140_000 else { throw CaptureError.serverVersion(connection.serverVersion) }
        let settings = try connection.query("SELECT current_setting('wal_level'), current_setting('server_encoding')")
        let (level, encoding) = (settings.first?[0] ?? "", settings.first?[1] ?? "")
        guard level == "logical" else { throw CaptureError.walLevel(level) }
        guard encoding != "SQL_ASCII" else { throw CaptureError.encoding(encoding) }
    }

    /// The tables that `patterns` name.
    func tables(_ patterns: TablePatterns) throws(PostgresError) -> [SourceTable] {
        let rows = try connection.query(
            """
            SELECT n.nspname, c.relname, c.relkind, c.relpersistence, c.relreplident,
                EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary),
                EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident),
                (SELECT string_agg(a.attname, E'\\n' ORDER BY a.attnum) FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> '')
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
                AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            ORDER BY 1, 2
            """)
        return rows.compactMap { row in
            let (schema, name) = (row[0] ?? "", row[1] ?? "")
            guard patterns.include(schema: schema, table: name) else { return nil }
            return SourceTable(
                schema: schema, name: name, isPartitioned: row[2] == "p",
                obstacle: Self.obstacle(
                    persistence: row[3], identity: row[4], hasPrimaryKey: row[5] == "t", hasIndex: row[6] == "t",
                    table: "\(PostgresConnection.identifier(schema)).\(PostgresConnection.identifier(name))"),
                generatedColumns: row[7]?.split(separator: "\n").map(String.init) ?? [])
        }
    }

    /// In a publication, a table without an identity refuses the application's own updates and deletes.
    private static func obstacle(
        persistence: String?, identity: String?, hasPrimaryKey: Bool, hasIndex: Bool, table: String
    ) -> String? {
        guard persistence == "p" else {
            return "it is unlogged, so its changes are not in the log; run ALTER TABLE \(table) SET LOGGED"
        }
        switch identity {
        case "f": return nil
        case "d" where hasPrimaryKey: return nil
        case "i" where hasIndex: return nil
        default:
            return "updates and deletes would not say which row they are of: it has no primary key or other replica "
                + "identity; add a primary key, or run ALTER TABLE \(table) REPLICA IDENTITY FULL"
        }
    }

    /// The names of the columns of a table's primary key.
    func primaryKey(ofRelation id: UInt32) throws(PostgresError) -> [String] {
        let rows = try connection.query(
            """
            SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
            WHERE i.indrelid = \(id) AND i.indisprimary
            """)
        return rows.compactMap { $0[0] }
    }

    // MARK: The publication

    /// The tables of a publication; nil if there is none.
    func published(_ publication: String) throws -> Set<String>? {
        let found = try connection.query(
            "SELECT pubviaroot, pubinsert AND pubupdate AND pubdelete AND pubtruncate FROM pg_publication WHERE pubname = $1",
            [publication])
        guard let settings = found.first else { return nil }
        guard settings[0] == "t" else {
            throw CaptureError.publication(
                publication,
                "publishes partitions under their own names; run ALTER PUBLICATION "
                    + "\(PostgresConnection.identifier(publication)) SET (publish_via_partition_root = true)")
        }
        guard settings[1] == "t" else {
            throw CaptureError.publication(
                publication,
                "leaves out some operations; run ALTER PUBLICATION "
                    + "\(PostgresConnection.identifier(publication)) SET (publish = 'insert, update, delete, truncate')"
            )
        }
        let tables = try connection.query(
            "SELECT schemaname || '.' || tablename FROM pg_publication_tables WHERE pubname = $1", [publication])
        return Set(tables.compactMap { $0[0] })
    }

    func createPublication(_ name: String) throws {
        do throws(PostgresError) {
            try connection.query(
                "CREATE PUBLICATION \(PostgresConnection.identifier(name)) WITH (publish_via_partition_root = true)")
        } catch {
            guard error.state == "42501" else { throw error }
            throw CaptureError.notPermitted(
                error, fix: "GRANT CREATE ON DATABASE to this role, or create the publication as the tables' owner")
        }
    }

    func publish(_ table: SourceTable, in publication: String) throws(PostgresError) {
        try connection.query(
            "ALTER PUBLICATION \(PostgresConnection.identifier(publication)) ADD TABLE \(Self.sql(table))")
    }

    func withdraw(_ table: SourceTable, from publication: String) throws(PostgresError) {
        try connection.query(
            "ALTER PUBLICATION \(PostgresConnection.identifier(publication)) DROP TABLE \(Self.sql(table))")
    }

    static func sql(_ table: SourceTable) -> String {
        "\(PostgresConnection.identifier(table.schema)).\(PostgresConnection.identifier(table.name))"
    }

    // MARK: The slot

    struct Slot {
        let confirmed: LogPosition
        /// How much of the log the slot holds back.
        let heldBytes: Int
    }

    /// The slot; nil if there is none.
    func slot(_ name: String) throws -> Slot? {
        let rows = try connection.query(
            """
            SELECT plugin, database, current_database(), confirmed_flush_lsn, wal_status,
                pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint
            FROM pg_replication_slots WHERE slot_name = $1
            """, [name])
        guard let row = rows.first else { return nil }
        guard row[0] == "pgoutput" else {
            throw CaptureError.foreignSlot(name, "belongs to the plugin \(row[0] ?? "of a physical standby")")
        }
        guard row[1] == row[2] else { throw CaptureError.foreignSlot(name, "belongs to the database \(row[1] ?? "")") }
        guard row[4] != "lost" else { throw CaptureError.slotLost(name) }
        return Slot(
            confirmed: row[3].flatMap { LogPosition($0) } ?? .zero, heldBytes: row[5].flatMap { Int($0) } ?? 0)
    }

    /// Creates the slot. The server waits until the transactions that are open now have ended.
    func createSlot(_ name: String) throws -> CapturePoint {
        let rows: [[String?]]
        do throws(PostgresError) {
            rows = try connection.query("SELECT lsn FROM pg_create_logical_replication_slot($1, 'pgoutput')", [name])
        } catch {
            switch error.state {
            case "42501":
                throw CaptureError.notPermitted(
                    error, fix: "run ALTER ROLE … REPLICATION (on RDS and Aurora: GRANT rds_replication TO …)")
            case "53400":
                throw CaptureError.notPermitted(
                    error, fix: "raise max_replication_slots, or drop a slot that nobody reads")
            default: throw error
            }
        }
        return CapturePoint(position: rows.first?[0].flatMap { LogPosition($0) } ?? .zero, time: try time())
    }

    func dropSlot(_ name: String) throws(PostgresError) {
        try connection.query(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1", [name])
    }

    func dropPublication(_ name: String) throws(PostgresError) {
        try connection.query("DROP PUBLICATION IF EXISTS \(PostgresConnection.identifier(name))")
    }

    /// The server's clock: microseconds since 1970.
    func time() throws(PostgresError) -> Int64 {
        let rows = try connection.query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return rows.first?[0].flatMap { Int64($0) } ?? 0
    }

    /// The end of the server's log.
    func logEnd() throws(PostgresError) -> LogPosition {
        try connection.query("SELECT pg_current_wal_lsn()").first?[0].flatMap { LogPosition($0) } ?? .zero
    }
}
