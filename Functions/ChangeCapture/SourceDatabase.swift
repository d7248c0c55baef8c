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
                EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate),
                EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident),
                (SELECT string_agg(a.attname, E'\\n' ORDER BY a.attnum) FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> ''), c.oid,
                (SELECT min(a.attname) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
                    AND NOT a.attisdropped AND a.attname IN (\(Self.reservedNames)))
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
                AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            ORDER BY 1, 2
            """)
        return rows.compactMap { row in
            let (schema, name) = (row[0] ?? "", row[1] ?? "")
            guard patterns.include(schema: schema, table: name) else { return nil }
            return SourceTable(
                schema: schema, name: name, oid: row[8].flatMap { UInt32($0) } ?? 0, isPartitioned: row[2] == "p",
                obstacle: Self.obstacle(
                    persistence: row[3], identity: row[4], hasPrimaryKey: row[5] == "t", hasIndex: row[6] == "t",
                    reserved: row[9],
                    table: "\(PostgresConnection.identifier(schema)).\(PostgresConnection.identifier(name))"),
                generatedColumns: row[7]?.split(separator: "\n").map(String.init) ?? [])
        }
    }

    /// The columns that firehose-transform adds to a row.
    private static let reservedNames = [
        "operation", "_cdc_timestamp", "_cdc_transaction_id", "_cdc_sequence", "_cdc_load", "_cdc_unchanged",
        "_cdc_previous_key", "_cdc_order", "_cdc_before",
    ].map(PostgresConnection.literal).joined(separator: ", ")

    /// In a publication, a table without an identity refuses the application's own updates and deletes.
    private static func obstacle(
        persistence: String?, identity: String?, hasPrimaryKey: Bool, hasIndex: Bool, reserved: String?,
        table: String
    ) -> String? {
        if let reserved {
            return "its column \(reserved) has a name that bronze uses for itself; rename it, or leave the table out"
        }
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

    /// The tables of a publication, each with the object identifier of its membership; nil if there is no publication.
    ///
    /// A table that is taken out and put back has another membership. One of a publication for all tables has 0.
    func published(_ publication: String) throws -> [String: UInt32]? {
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
            """
            SELECT t.schemaname || '.' || t.tablename, coalesce(m.oid, 0) FROM pg_publication_tables t
            LEFT JOIN (SELECT r.oid, n.nspname, c.relname FROM pg_publication_rel r
                JOIN pg_publication p ON p.oid = r.prpubid JOIN pg_class c ON c.oid = r.prrelid
                JOIN pg_namespace n ON n.oid = c.relnamespace WHERE p.pubname = $1) m
                ON m.nspname = t.schemaname AND m.relname = t.tablename
            WHERE t.pubname = $1
            """, [publication])
        return Dictionary(
            tables.compactMap { row in row[0].map { ($0, row[1].flatMap { UInt32($0) } ?? 0) } }
        ) { $1 }
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

    // MARK: Rows

    struct Column: Sendable {
        let name: String
        /// The type's object identifier.
        let type: UInt32
    }

    /// What a publication shows of a table: columns, and a condition on rows.
    struct Published {
        let columns: [Column]
        let filter: String?
    }

    func publishedColumns(of table: SourceTable, in publication: String) throws(PostgresError) -> Published {
        let place = "\(PostgresConnection.literal(Self.sql(table)))::regclass"
        let rows = try connection.query(
            """
            SELECT attname, atttypid FROM pg_attribute
            WHERE attrelid = \(place) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
            """)
        var columns = rows.map { Column(name: $0[0] ?? "", type: $0[1].flatMap { UInt32($0) } ?? 0) }
        // Lists of columns and conditions exist since version 15.
        guard connection.serverVersion >= 150_000 else { return Published(columns: columns, filter: nil) }
        let limits = try connection.query(
            """
            SELECT attname, rowfilter FROM pg_publication_tables, unnest(attnames) AS attname
            WHERE pubname = $1 AND schemaname = $2 AND tablename = $3
            """, [publication, table.schema, table.name])
        let names = Set(limits.compactMap { $0[0] })
        columns = columns.filter { names.contains($0.name) }
        return Published(columns: columns, filter: limits.first?[1])
    }

    /// Calls `body` with each row as COPY writes it as text.
    func copy(_ table: SourceTable, _ published: Published, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let columns = published.columns.map { PostgresConnection.identifier($0.name) }.joined(separator: ", ")
        let only = table.isPartitioned ? "" : "ONLY "
        let condition = published.filter.map { " WHERE \($0)" } ?? ""
        let rows =
            table.isPartitioned || published.filter != nil
            ? "(SELECT \(columns) FROM \(only)\(Self.sql(table))\(condition))" : "\(Self.sql(table)) (\(columns))"
        try connection.copyOut("COPY \(rows) TO STDOUT", body)
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

    /// The number of the process that serves this connection.
    var processID: String { connection.serverProcessID.description }

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
