import Foundation
import TestEmulator
import TestPostgres
import TestRandom
import Testing

/// Changes that are committed in a real PostgreSQL become bronze rows.
@Suite struct ChangeCaptureTests {
    static let beerTable = """
        CREATE SCHEMA dm_core;
        CREATE TABLE dm_core.beer (beer_id bigint PRIMARY KEY, brewery_id bigint NOT NULL, beer_name text,
            beer_style text, beer_abv double precision);
        ALTER TABLE dm_core.beer ALTER beer_style SET STORAGE EXTERNAL;
        """

    @Test("every kind of change arrives in its order, with nulls, old keys and what it does not carry")
    func everyKind() async throws {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1"])
        // The report at start says how to come here, and how far the delivery stream is.
        #expect(
            emulator.output.contains(
                "change-capture --source postgresql://USER@HOST/DATABASE --stream cupel-dev-changes"))
        #expect(emulator.output.contains(#/cupel-dev-changes-to-raw +4 +0 +0\.0 +0 +0 B +0/#), "\(emulator.output)")
        try await postgres.run(Self.beerTable)
        let capture = try await CaptureProcess(
            postgres, emulator, tables: "dm_core.*", options: ["--snapshot", "never"])
        try await postgres.run(
            #"""
            BEGIN;
            INSERT INTO dm_core.beer VALUES (1, 7, E'K\u00f6lsch "x" \\ \t', repeat('s', 5000), 4.5), (2, 8, NULL, '', NULL);
            COMMIT;
            UPDATE dm_core.beer SET brewery_id = 9 WHERE beer_id = 1;
            UPDATE dm_core.beer SET beer_id = 11 WHERE beer_id = 1;
            DELETE FROM dm_core.beer WHERE beer_id = 2;
            BEGIN; INSERT INTO dm_core.beer VALUES (3, 3, 'never', 'never', 1); ROLLBACK;
            TRUNCATE dm_core.beer;
            INSERT INTO dm_core.beer VALUES (9007199254740993, 4, 'last', NULL, 1e-5);
            """#)
        let found = try await StreamingTests.referee(emulator, "rows", "7")
        #expect(found.records("quarantined").isEmpty)
        let rows = try #require((found["tables"] as? [String: [[String: Any]]])?["beer"])
            .sorted { ($0.text("_cdc_order") ?? "") < ($1.text("_cdc_order") ?? "") }
        #expect(
            rows.map { $0.text("operation") }
                == ["insert", "insert", "update", "update", "delete", "truncate", "insert"])
        #expect(rows.map { $0.int("beer_id") } == [1, 2, 1, 11, 2, nil, 9_007_199_254_740_993])
        #expect(rows.map { $0.int("brewery_id") } == [7, 8, 9, 9, nil, nil, 4])
        let name = "Kölsch \"x\" \\ \t"
        #expect(rows.map { $0.text("beer_name") } == [name, nil, name, name, nil, nil, "last"])
        #expect(
            rows.map { $0.text("beer_style") }
                == [String(repeating: "s", count: 5000), "", nil, nil, nil, nil, nil])
        #expect(rows.map { $0["beer_abv"] as? Double } == [4.5, nil, 4.5, 4.5, nil, nil, 1e-5])
        let unchanged = #"["beer_style"]"#
        #expect(rows.map { $0.text("_cdc_unchanged") } == [nil, nil, unchanged, unchanged, nil, nil, nil])
        #expect(
            rows.map { $0.text("_cdc_previous_key") } == [nil, nil, nil, #"{"beer_id":1}"#, nil, nil, nil])
        #expect(Set(rows.compactMap { $0.text("_cdc_order") }).count == 7)

        // The same table from DMS: one stream, one transform, one bronze.
        let whole: [String: Any] = ["beer_id": 5, "brewery_id": 6, "beer_name": "Kölsch", "beer_style": "Alt"]
        let changes: [([String: Any], String)] = [
            (whole, "load"), (["beer_id": 5, "brewery_id": 7], "insert"), (whole, "update"), (["beer_id": 5], "delete"),
        ]
        try await StreamingTests.referee(
            emulator, "put",
            changes.enumerated().map { index, change in
                let metadata: [String: Any] = [
                    "schema-name": "dm_core", "commit-timestamp": "2036-01-02T03:04:05.000001Z",
                    "stream-position": "0/1",
                    "transaction-record-id": index,
                ]
                return StreamingTests.envelope("beer", change.0, change.1, metadata)
            })
        let both = try await StreamingTests.referee(emulator, "rows", "11")
        #expect(both.records("quarantined").isEmpty)
        let joined = try #require((both["tables"] as? [String: [[String: Any]]])?["beer"])
            .sorted { ($0.text("_cdc_order") ?? "") < ($1.text("_cdc_order") ?? "") }
        // What a full load read is below every change.
        #expect(joined.map { $0.int("beer_id") } == [5, 1, 2, 1, 11, 2, nil, 9_007_199_254_740_993, 5, 5, 5])
        #expect(
            joined.map { $0.text("operation") }
                == ["insert"] + rows.map { $0.text("operation") } + ["insert", "update", "delete"])
        let loads: [Bool?] = [true] + [Bool?](repeating: nil, count: 10)
        #expect(joined.map { $0["_cdc_load"] as? Bool } == loads)
        #expect(joined.suffix(3).map { $0.int("brewery_id") } == [7, 6, nil])
        #expect(joined.suffix(3).map { $0.text("beer_name") } == [nil, "Kölsch", nil])
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("rows from before, changes beside them and a table that joins later are all there, value for value")
    func snapshot() async throws {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1", "--kinesis-limits", "off"])
        try await CapturedTables.publishContracts(emulator, ["item", "whole", "later"])
        try await postgres.run(
            CapturedTables.create + CapturedTables.insert("item", 1, 3000) + CapturedTables.extremes
                + CapturedTables.insert("whole", 1, 500))
        let capture = try await CaptureProcess(postgres, emulator, tables: "dm_core.*")
        try await postgres.run(
            """
            UPDATE dm_core.item SET note = 'changed', part = part + 1 WHERE id % 3 = 0;
            UPDATE dm_core.item SET id = id + 100000 WHERE id % 10 = 0;
            DELETE FROM dm_core.item WHERE id % 11 = 0;
            UPDATE dm_core.whole SET id = -id, note = 'x' WHERE id % 4 = 0;
            DELETE FROM dm_core.whole WHERE id % 9 = 0;
            CREATE TABLE dm_core.later (LIKE dm_core.item INCLUDING ALL);
            """ + CapturedTables.insert("later", 1, 50))
        try await capture.wait(for: #""message":"read a table","table":"dm_core.later""#)
        try await postgres.run(
            "UPDATE dm_core.later SET part = 9 WHERE id < 10; DELETE FROM dm_core.later WHERE id > 40;")
        let counts = try await CapturedTables.compare(postgres, emulator, ["item", "whole", "later"])
        #expect(counts["dm_core.later"]?["rows"] as? Int == 40)
        #expect(counts.values.allSatisfy { $0["repeated"] as? Int == 0 })
        try await postgres.run("DROP TABLE dm_core.later; UPDATE dm_core.item SET note = 'after' WHERE id % 5 = 0;")
        try await capture.wait(for: "a captured table is gone")
        try await postgres.run("UPDATE dm_core.whole SET note = 'after' WHERE id % 5 = 0;")
        _ = try await CapturedTables.compare(postgres, emulator, ["item", "whole"])
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("large transactions are taken before they end; what they roll back never arrives")
    func largeTransactions() async throws {
        // The server sends what exceeds this, and does not wait for the end.
        let postgres = try await TemporaryPostgres(settings: ["logical_decoding_work_mem=64kB"])
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1", "--kinesis-limits", "off"])
        try await CapturedTables.publishContracts(emulator, ["item"])
        try await postgres.run(CapturedTables.create + CapturedTables.insert("item", 1, 100))
        let capture = try await CaptureProcess(
            postgres, emulator, tables: "dm_core.item", options: ["--aggregate", "on"])
        try await postgres.run(
            CapturedTables.insert("item", 101, 110) + "BEGIN;" + CapturedTables.insert("item", 1001, 2000)
                + "SAVEPOINT a;" + CapturedTables.insert("item", 3001, 4000)
                + "UPDATE dm_core.item SET part = 99; SAVEPOINT b;" + CapturedTables.insert("item", 4001, 5000)
                + "ROLLBACK TO a;" + CapturedTables.insert("item", 3500, 3600) + "COMMIT;"
                + "BEGIN;" + CapturedTables.insert("item", 6001, 7000) + "ROLLBACK;"
                + "UPDATE dm_core.item SET note = 'after' WHERE id < 20;")
        let counts = try await CapturedTables.compare(postgres, emulator, ["item"])
        #expect(counts["dm_core.item"]?["rows"] as? Int == 110 + 1000 + 101)
        let streamed = try await postgres.run(
            "SELECT stream_txns FROM pg_stat_replication_slots WHERE slot_name = 'cupel'")
        #expect(Int(streamed.prefix { $0.isNumber }) ?? 0 > 0, "the server streamed nothing")
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("each change is the one that PostgreSQL's own pg_recvlogical reads, in its order, from sessions side by side")
    func decodedByPostgres() async throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["CUPEL_SEED"] ?? "") ?? UInt64.random(in: 0..<1_000_000)
        print("seed \(seed): CUPEL_SEED=\(seed) repeats the statements of this run")
        var random = SeededGenerator(seed: seed)
        let postgres = try await TemporaryPostgres(settings: ["logical_decoding_work_mem=64kB"])
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1", "--kinesis-limits", "off"])
        try await CapturedTables.publishContracts(emulator, ["item", "whole"])
        try await postgres.run(CapturedTables.create)
        let capture = try await CaptureProcess(postgres, emulator, tables: "dm_core.*")
        for table in ["item", "whole"] {
            try await capture.wait(for: #""message":"read a table","table":"dm_core.\#(table)""#)
        }
        try await postgres.run("SELECT pg_create_logical_replication_slot('referee', 'test_decoding');")
        let sessions = (0..<3).map { _ in
            (0..<15).map { _ in CaptureCrashTests.statement(Bool.random(using: &random) ? "whole" : "item", &random) }
                .joined(separator: "\n")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for statements in sessions {
                group.addTask { try await postgres.run(statements, stopsAtErrors: false) }
            }
            try await group.waitForAll()
        }
        try await postgres.run(
            CapturedTables.insert("item", 7000, 7020) + CapturedTables.extremes
                + """
                UPDATE dm_core.item SET id = id + 50000 WHERE id >= 7000;
                UPDATE dm_core.whole SET big = NULL WHERE id % 3 = 0;
                BEGIN; UPDATE dm_core.item SET note = E'line\nend '' "' WHERE id % 2 = 0; TRUNCATE dm_core.whole, dm_core.item; COMMIT;
                """ + CapturedTables.insert("whole", 1, 9))
        let last = try await postgres.run("SELECT pg_current_wal_lsn();").trimmingCharacters(in: .newlines)
        try await postgres.run("SELECT pg_logical_emit_message(true, 'end', '');")
        let decoded = emulator.data.path + "/decoded.txt"
        let reader = try await Command.run(
            try TemporaryPostgres.program("pg_recvlogical"),
            ["-d", postgres.uri, "--slot", "referee", "--start", "--no-loop", "--endpos", last, "-f", decoded])
        #expect(reader.status == 0, "\(reader.errors)")
        let counts = try await CapturedTables.compare(postgres, emulator, ["item", "whole"], decoded: decoded)
        print("compared: \(counts)")
        #expect(counts["pg_recvlogical"]?["changes"] as? Int ?? 0 > 300)
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("a row that no record of a stream holds goes to a raw object of its own") func largeRows() async throws {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1"])
        try await CapturedTables.publishContracts(emulator, ["item", "whole"])
        try await postgres.run(CapturedTables.create)
        let capture = try await CaptureProcess(postgres, emulator, tables: "dm_core.*")
        let large = "repeat(E'\\n0123456789', 200000)"
        try await postgres.run(
            CapturedTables.insert("item", 1, 4) + CapturedTables.insert("whole", 1, 4)
                + """
                UPDATE dm_core.item SET big = \(large), note = 'x' WHERE id = 2;
                UPDATE dm_core.item SET note = \(large), id = 20 WHERE id = 4;
                UPDATE dm_core.whole SET big = \(large), id = 20 WHERE id = 4;
                UPDATE dm_core.whole SET part = 1 WHERE id = 20;
                UPDATE dm_core.item SET note = 'after' WHERE id = 2;
                """)
        _ = try await CapturedTables.compare(postgres, emulator, ["item", "whole"])
        #expect(capture.log.contains("a change is too large for the stream"))
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("a partitioned table is one table, and its rows keep their place when they move to another partition")
    func partitions() async throws {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1"])
        try await CapturedTables.publishContracts(emulator, ["item"])
        try await postgres.run(
            """
            CREATE SCHEMA dm_core;
            CREATE TABLE dm_core.item (id bigint, part int, amount numeric, ratio double precision, flag boolean, note text,
                big text, at timestamptz, tags text[], doc jsonb, raw bytea, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
            CREATE TABLE dm_core.item_low PARTITION OF dm_core.item FOR VALUES IN (0, 1, 2, 3);
            CREATE TABLE dm_core.item_high PARTITION OF dm_core.item FOR VALUES IN (4, 5, 6);
            """ + CapturedTables.insert("item", 1, 40))
        let capture = try await CaptureProcess(postgres, emulator, tables: "dm_core.*")
        try await postgres.run(
            CapturedTables.insert("item", 41, 60)
                + "UPDATE dm_core.item SET part = 5 WHERE part = 1;"
                + "UPDATE dm_core.item SET note = 'x' WHERE id % 2 = 0;" + CapturedTables.insert("item", 61, 70))
        _ = try await CapturedTables.compare(postgres, emulator, ["item"])
        try await postgres.run("TRUNCATE dm_core.item; " + CapturedTables.insert("item", 1, 10))
        let counts = try await CapturedTables.compare(postgres, emulator, ["item"])
        #expect(counts["dm_core.item"]?["rows"] as? Int == 10)
        #expect(!capture.log.contains("item_low"))
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("what cannot be captured is named with its fix, and the other tables are captured")
    func obstacles() async throws {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1"])
        try await CapturedTables.publishContracts(emulator, ["item"])
        try await postgres.run(
            CapturedTables.create
                + """
                CREATE TABLE dm_core.keyless (a int);
                CREATE UNLOGGED TABLE dm_core.quick (a int PRIMARY KEY);
                CREATE TABLE dm_core.made (a int PRIMARY KEY, b int GENERATED ALWAYS AS (a + 1) STORED);
                CREATE SCHEMA other; CREATE TABLE other.item (a int PRIMARY KEY);
                CREATE TABLE dm_core.secret (a int PRIMARY KEY);
                CREATE ROLE capture LOGIN REPLICATION;
                GRANT USAGE, CREATE ON SCHEMA dm_core TO capture; GRANT CREATE ON DATABASE postgres TO capture;
                ALTER TABLE dm_core.item OWNER TO capture; ALTER TABLE dm_core.made OWNER TO capture;
                ALTER TABLE dm_core.keyless OWNER TO capture;
                CREATE TABLE public.stray (a int PRIMARY KEY);
                CREATE PUBLICATION cupel FOR TABLE dm_core.secret, public.stray WITH (publish_via_partition_root = true);
                ALTER PUBLICATION cupel OWNER TO capture;
                """ + CapturedTables.insert("item", 1, 10))
        let capture = try await CaptureProcess(
            postgres, emulator, tables: "dm_core.*,other.item,dm_core.nowhere", as: "capture")
        try await capture.wait(for: "dm_core.secret cannot be read")
        let log = capture.log
        #expect(log.contains("dm_core.keyless is not captured") && log.contains("REPLICA IDENTITY FULL"))
        #expect(log.contains("dm_core.quick is not captured") && log.contains("SET LOGGED"))
        #expect(log.contains("generated columns of dm_core.made"))
        #expect(log.contains("other.item is not captured: dm_core.item has the same name"))
        #expect(log.contains("dm_core.whole is not captured") && log.contains("ALTER PUBLICATION"))
        #expect(log.contains("dm_core.nowhere is not captured: there is no such table"))
        #expect(log.contains("GRANT SELECT ON"))
        try await postgres.run(
            "INSERT INTO public.stray VALUES (1); UPDATE dm_core.item SET part = 5; INSERT INTO dm_core.keyless VALUES (1); UPDATE dm_core.keyless SET a = 2;"
        )
        _ = try await CapturedTables.compare(postgres, emulator, ["item"])
        // A publication may have other tables.
        #expect(try await StreamingTests.referee(emulator, "errors", "0").records("errors").isEmpty)
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("an idle database's slot follows the server's log; after a lost slot all tables are read again")
    func slots() async throws {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1"])
        try await CapturedTables.publishContracts(emulator, ["item"])
        try await postgres.run(CapturedTables.create + CapturedTables.insert("item", 1, 50))
        let first = try await CaptureProcess(postgres, emulator, tables: "dm_core.item")
        try await first.wait(for: #""message":"read a table""#)
        try await postgres.run(
            "CREATE TABLE public.others AS SELECT g, repeat('x', 1000) FROM generate_series(1, 5000) g; CHECKPOINT")
        let end = try await postgres.run("SELECT pg_current_wal_lsn()").prefix { !$0.isNewline }
        let reached = "SELECT confirmed_flush_lsn >= '\(end)' FROM pg_replication_slots WHERE slot_name = 'cupel'"
        while try await !postgres.run(reached).hasPrefix("t") { try await Task.sleep(for: .milliseconds(100)) }
        #expect(first.stop() == 0)
        try await postgres.run(
            CapturedTables.dropSlot + "UPDATE dm_core.item SET note = 'lost' WHERE id < 9; "
                + "DELETE FROM dm_core.item WHERE id > 30;")
        let second = try await CaptureProcess(postgres, emulator, tables: "dm_core.item")
        #expect(second.log.contains("the slot cupel is gone"))
        let counts = try await CapturedTables.compare(postgres, emulator, ["item"])
        #expect(counts["dm_core.item"]?["rows"] as? Int == 30)
        #expect(second.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("a source that cannot be captured ends the capture with the fix") func refusals() async throws {
        let postgres = try await TemporaryPostgres(settings: ["wal_level=replica"])
        let emulator = try await RunningEmulator()
        try await postgres.run(CapturedTables.create)
        let options = [
            "--source", postgres.uri, "--stream", "cupel-dev-changes", "--bucket", RawHTTP.stageBucket, "--tables",
            "dm_core.*", "--endpoint-url", emulator.endpoint,
        ]
        let variables = ["AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"]
        func run(_ arguments: [String]) async throws -> Command {
            try await Command.run(
                "\(Programs.directory)/change-capture", arguments, environment: variables, seconds: 600)
        }
        let level = try await run(options)
        #expect(level.status == 1 && level.errors.contains("ALTER SYSTEM SET wal_level = logical"), "\(level.errors)")
        for (arguments, words) in [
            (["--tables", "x"], "--source is missing; give it, or set SOURCE"), (options + ["--bucket", "b"], "twice"),
            (options + ["--slott", "b"], "--slott is not an option"), (Array(options.dropLast()), "needs a value"),
            (options + ["--slot", "Big"], "lower-case letters"),
            (options + ["--snapshot", "maybe"], "initial or never"),
        ] {
            let usage = try await run(arguments)
            #expect(usage.status == 2 && usage.errors.contains(words), "\(usage.errors)")
        }
        let help = try await run(["--help"])
        #expect(help.status == 0 && help.text.contains("--source URI"))
        #expect(emulator.stop() == 0)
    }
}
