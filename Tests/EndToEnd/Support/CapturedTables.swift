import Foundation
import TestEmulator
import TestPostgres

/// Tables of every kind of value, their contracts, and the comparison of bronze with them.
enum CapturedTables {
    /// `item` with values outside of its rows, `whole` with the whole row as identity.
    static let create = """
        CREATE SCHEMA dm_core;
        CREATE TABLE dm_core.item (id bigint PRIMARY KEY, part int, amount numeric, ratio double precision, flag boolean,
            note text, big text, at timestamptz, tags text[], doc jsonb, raw bytea);
        ALTER TABLE dm_core.item ALTER big SET STORAGE EXTERNAL;
        CREATE TABLE dm_core.whole (LIKE dm_core.item INCLUDING ALL);
        ALTER TABLE dm_core.whole REPLICA IDENTITY FULL;
        """

    /// An INSERT of rows with the keys of a range, each column with values that are easily lost.
    static func insert(_ table: String, _ first: Int, _ last: Int) -> String {
        #"""
        INSERT INTO dm_core.\#(table) SELECT g, g % 7, g * 1.10, g / 3.0::float8, g % 2 = 0,
            CASE g % 5 WHEN 0 THEN E'a\tb\\c\nd"\x01\u00fc' WHEN 1 THEN '\N' WHEN 2 THEN '' WHEN 3 THEN NULL ELSE 'n' || g END,
            CASE WHEN g % 4 = 0 THEN repeat(md5(g::text), 80) END, now() - g * interval '1 hour', ARRAY['x', 'y"' || g],
            jsonb_build_object('a', g), decode(md5(g::text), 'hex')
        FROM generate_series(\#(first), \#(last)) g ON CONFLICT DO NOTHING;
        """#
    }

    /// Values that no JSON number and no calendar has.
    static let extremes = """
        INSERT INTO dm_core.item (id, amount, ratio, at) VALUES (-1, 'NaN', 'Infinity', 'infinity'),
            (-2, 123456789012345678901234567890.12345678901234567890, '-Infinity', '0044-03-15 12:00:00 BC'),
            (-3, 'Infinity', 'NaN', '-infinity'), (-4, 0.00, '-0', '12345-01-01'), (-5, -0.5, 1e-300, '0001-01-01 00:00:00.000001');
        """

    /// Statements that drop the slot once nobody uses it: the server notices a reader's end some time after it.
    static let dropSlot = """
        DO $$ BEGIN
            WHILE EXISTS (SELECT FROM pg_replication_slots WHERE active) LOOP
                PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active;
                PERFORM pg_sleep(0.05);
            END LOOP;
        END $$;
        SELECT pg_drop_replication_slot('cupel');
        """

    static func publishContracts(_ emulator: RunningEmulator, _ tables: [String]) async throws {
        let folder = try TemporaryDirectory()
        for table in tables {
            let text = ["amount", "ratio", "note", "big", "at", "tags", "doc", "raw"].map {
                "{name: \($0), logicalType: string}"
            }
            try """
            {apiVersion: v3.1.0, kind: DataContract, id: \(table), version: 1.0.0, status: active, schema: [{name: \(table),
             properties: [{name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, required: true},
             {name: part, logicalType: integer}, {name: flag, logicalType: boolean}, \(text.joined(separator: ", "))]}]}
            """.write(toFile: "\(folder.path)/\(table).odcs.yaml", atomically: true, encoding: .utf8)
        }
        for table in tables {
            let publish = try await Command.run(
                Programs.cupel,
                ["contract", "publish", "\(folder.path)/\(table).odcs.yaml", "--endpoint", emulator.endpoint])
            guard publish.status == 0 else { throw Command.Failure(description: "contract publish: \(publish.errors)") }
        }
    }

    /// Waits until bronze, folded by key and order, equals the tables.
    ///
    /// - Parameters:
    ///   - decoded: a file of `pg_recvlogical` with `test_decoding`: each change of bronze is compared with its own, in its order.
    ///   - seconds: how long it waits for the next file of bronze.
    /// - Returns: for each table, how many rows it has and how many changes bronze has; `pg_recvlogical` counts what was compared.
    static func compare(
        _ postgres: TemporaryPostgres, _ emulator: RunningEmulator, _ tables: [String], decoded: String? = nil,
        seconds: Int = 300
    ) async throws -> [String: [String: Any]] {
        let script = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/capture.py"
        let run = try await Command.run(
            Programs.python,
            [script, emulator.endpoint, postgres.uri, try TemporaryPostgres.program("psql")]
                + tables.map { "dm_core.\($0)" } + (decoded.map { ["--changes", $0] } ?? []),
            environment: ["CAPTURE_SECONDS": "\(seconds)"])
        guard run.status == 0,
            let answer = try? JSONSerialization.jsonObject(with: run.output) as? [String: [String: Any]]
        else {
            throw Command.Failure(description: "capture.py ended with \(run.status): \(run.errors.suffix(4000))")
        }
        return answer
    }
}
