import Foundation
import TestEmulator
import TestPostgres
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
        try await postgres.run(Self.beerTable)
        let capture = try await CaptureProcess(postgres, emulator, tables: "dm_core.*")
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
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }
}
