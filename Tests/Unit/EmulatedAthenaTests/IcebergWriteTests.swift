import EmulatorCore
import Iceberg
import JSON
import TestServices
import Testing
import Time

@testable import EmulatedAthena
@testable import EmulatedGlue
@testable import EmulatedS3

/// Iceberg tables that statements make, fill and change.
@Suite struct IcebergWriteTests {
    /// A table `t` of identifiers and names, partitioned by the names' first letter.
    private func table(in fixture: AthenaFixture, partitioning: String = "PARTITIONED BY (truncate(1, name))")
        async throws
    {
        _ = try await fixture.rows(
            "CREATE TABLE t (id bigint, name string, at timestamp) \(partitioning) LOCATION 's3://lake/t/' "
                + "TBLPROPERTIES ('table_type' = 'ICEBERG')")
    }

    private func metadata(_ fixture: AthenaFixture) throws -> JSON { try fixture.glue.loadTable("t", in: "db") }

    @Test("rows are inserted, each statement one snapshot, and earlier states stay") func insertion() async throws {
        let fixture = try await AthenaFixture()
        try await table(in: fixture)
        #expect(try await fixture.rows("SELECT * FROM t") == [])
        let execution = try await fixture.run(
            "INSERT INTO t VALUES (1, 'ant', TIMESTAMP '2026-01-01 00:00:00'), (2, 'bee', NULL), (3, NULL, NULL)")
        #expect(execution["SubstatementType"] == "INSERT")
        _ = try await fixture.rows("INSERT INTO t (name, id) SELECT 'asp', 4")
        #expect(
            try await fixture.rows("SELECT id, name, at FROM t ORDER BY id") == [
                ["1", "ant", "2026-01-01 00:00:00.000"], ["2", "bee", nil], ["3", nil, nil], ["4", "asp", nil],
            ])
        let snapshots = try metadata(fixture)["snapshots"]?.array ?? []
        #expect(snapshots.map { $0["summary"]?["operation"]?.string } == ["append", "append"])
        #expect(snapshots[0]["summary"]?["added-data-files"] == "3")
        let first = snapshots[0]["snapshot-id"]?.int ?? 0
        #expect(try await fixture.rows("SELECT count(*) FROM t FOR VERSION AS OF \(first)") == [["3"]])
        #expect(try await fixture.rows("SELECT count(*) FROM \"t$files\"") == [["4"]])
        await fixture.close()
    }

    @Test("rows are deleted and updated; files without a hit stay") func changes() async throws {
        let fixture = try await AthenaFixture()
        try await table(in: fixture)
        _ = try await fixture.rows(
            "INSERT INTO t VALUES (1, 'ant', NULL), (2, 'asp', NULL), (3, 'bee', NULL), (4, NULL, NULL)")
        let deleted = try await fixture.run("DELETE FROM t WHERE id IN (SELECT min(t.id) FROM t)")
        #expect(deleted["Status"]?["State"] == "SUCCEEDED", "\(deleted)")
        let answer = try await fixture.athena.perform(
            "GetQueryResults", ["QueryExecutionId": deleted["QueryExecutionId"] ?? .null])
        #expect(answer["UpdateCount"] == 1)
        #expect(try await fixture.rows("SELECT id FROM t ORDER BY id") == [["2"], ["3"], ["4"]])
        let summary = try metadata(fixture)["snapshots"]?.array?.last?["summary"]
        #expect(summary?["deleted-data-files"] == "1" && summary?["total-data-files"] == "3", "\(summary ?? .null)")
        _ = try await fixture.rows("UPDATE t SET name = upper(name) || 's', id = t.id * 10 WHERE name LIKE '%e%'")
        #expect(
            try await fixture.rows("SELECT id, name FROM t ORDER BY id") == [
                ["2", "asp"], ["4", nil], ["30", "BEEs"],
            ])
        _ = try await fixture.rows("DELETE FROM t WHERE name > 'x'")
        #expect(try metadata(fixture)["snapshots"]?.array?.count == 3, "no hit, no snapshot")
        _ = try await fixture.rows("DELETE FROM t")
        #expect(try await fixture.rows("SELECT count(*) FROM t") == [["0"]])
        await fixture.close()
    }

    @Test("a merge updates, deletes and inserts, and a row that matches twice is an error") func merging() async throws
    {
        let fixture = try await AthenaFixture()
        try await table(in: fixture)
        _ = try await fixture.rows("INSERT INTO t VALUES (1, 'ant', NULL), (2, 'bee', NULL), (3, 'cow', NULL)")
        let merge = """
            MERGE INTO t AS a USING (VALUES (1, 'gone', true), (2, 'bug', false), (9, 'dog', false)) AS b (id, name, gone)
            ON a.id = b.id
            WHEN MATCHED AND b.gone THEN DELETE
            WHEN MATCHED THEN UPDATE SET name = b.name || a.name
            WHEN NOT MATCHED AND b.id > 100 THEN INSERT (id) VALUES (b.id)
            WHEN NOT MATCHED THEN INSERT (id, name) VALUES (b.id, b.name)
            """
        let merged = try await fixture.run(merge)
        #expect(merged["Status"]?["State"] == "SUCCEEDED", "\(merged)")
        #expect(
            try await fixture.rows("SELECT id, name FROM t ORDER BY id") == [
                ["2", "bugbee"], ["3", "cow"], ["9", "dog"],
            ])
        #expect(
            try await fixture.failure(
                "MERGE INTO t USING (VALUES 2, 2) AS b (x) ON t.id = b.x WHEN MATCHED THEN DELETE")?
                .hasPrefix("MERGE_TARGET_ROW_MULTIPLE_MATCHES") == true)
        #expect(
            try await fixture.failure(
                "MERGE INTO t USING (VALUES 2) AS b (x)\nON t.id = b.y WHEN MATCHED THEN DELETE")?.contains("line 2:")
                == true)
        await fixture.close()
    }

    @Test("every partition transform gives the values that the specification has") func transforms() async throws {
        let fixture = try await AthenaFixture()
        try await table(
            in: fixture,
            partitioning: "PARTITIONED BY (bucket(16, id), bucket(8, name), day(at), name, truncate(10, id))")
        _ = try await fixture.rows(
            """
            INSERT INTO t VALUES (34, 'iceberg', TIMESTAMP '1969-12-31 23:59:59'), (-7, 'ä', TIMESTAMP '2026-02-01 00:00:00'),
              (NULL, '', NULL), (5, NULL, NULL)
            """)
        let values = try await fixture.rows("SELECT id, name FROM t ORDER BY id")
        #expect(values == [["-7", "ä"], ["5", nil], ["34", "iceberg"], [nil, ""]])
        let table = try IcebergTable(
            CatalogStatement.Name(database: "db", table: "t", offset: 0), try metadata(fixture), fixture.objects)
        let found = table.files.dataFiles.map(\.partition)
        let fields = table.metadata.defaultSpec.fields.map(\.transform)
        func row(_ id: Int64?, _ name: String?, _ micros: Int64?) -> [IcebergValue?] {
            [
                fields[0].apply(id.map { .long($0) }, of: .long),
                fields[1].apply(name.map { .string($0) }, of: .string),
                fields[2].apply(micros.map { .long($0) }, of: .timestamp), name.map { .string($0) },
                fields[4].apply(id.map { .long($0) }, of: .long),
            ]
        }
        let expected = [
            row(34, "iceberg", -1_000_000), row(-7, "ä", 1_769_904_000_000_000), row(nil, "", nil), row(5, nil, nil),
        ]
        #expect(Set(found) == Set(expected), "\(found)")
        await fixture.close()
    }

    @Test("a table is created from a query with its rows in one commit, nested types included") func creation()
        async throws
    {
        let fixture = try await AthenaFixture()
        let statement = """
            CREATE TABLE t WITH (table_type = 'ICEBERG', is_external = false, location = 's3://lake/t/',
              partitioning = ARRAY['bucket(k, 4)', 'month(d)']) AS
            SELECT 1 AS k, DATE '2026-05-05' AS d, ARRAY[1, 2] AS list, MAP(ARRAY['a'], ARRAY[1.5]) AS map,
              CAST(ROW(7, 'x') AS ROW(n bigint, s varchar)) AS pair, X'00ff' AS bytes, CAST(1.25 AS decimal(9, 2)) AS price
            """
        let execution = try await fixture.run(statement)
        #expect(execution["Status"]?["State"] == "SUCCEEDED", "\(execution)")
        #expect(
            try await fixture.rows("SELECT * FROM t") == [
                ["1", "2026-05-05", "[1, 2]", "{a=1.5}", "{n=7, s=x}", "00 ff", "1.25"]
            ])
        let metadata = try metadata(fixture)
        #expect(metadata["snapshots"]?.array?.count == 1 && metadata["metadata-log"] == [])
        let keys = try fixture.objects.listObjects(in: "lake", prefix: "t/metadata/00000-", after: "", limit: 10)
            .objects
        #expect(keys.count == 1, "the table was never there without its rows")
        #expect(try await fixture.failure(statement)?.hasPrefix("TABLE_ALREADY_EXISTS") == true)
        await fixture.close()
    }

    @Test("a commit between the reading and the commit of a statement: rows are added, changes are refused")
    func conflicts() async throws {
        let fixture = try await AthenaFixture()
        try await table(in: fixture, partitioning: "")
        _ = try await fixture.rows("INSERT INTO t (id) VALUES (1)")
        let commit = try IcebergCommit(fixture.peers, .system)
        let name = CatalogStatement.Name(database: "db", table: "t", offset: 0)
        let stale = try commit.load(name)
        _ = try await fixture.rows("INSERT INTO t (id) VALUES (2)")
        let file = try #require(stale.files.dataFiles.first)
        let bytes = try fixture.objects.contents(of: try #require(ObjectLocation(s3: file.path)))
        var copy = file
        copy.path = "s3://lake/t/data/copy.parquet"
        try await commit.put(RequestBody(bytes), to: copy.path)
        let problem = await #expect(throws: SQLProblem.self) {
            try await commit.replace([file.path], by: [copy], in: stale)
        }
        #expect(problem?.message(in: "").hasPrefix("ICEBERG_COMMIT_ERROR") == true)
        #expect(try await fixture.rows("SELECT id FROM t ORDER BY id") == [["1"], ["2"]])
        try await commit.put(RequestBody(bytes), to: copy.path)
        try await commit.append([copy], to: stale)
        #expect(try await fixture.rows("SELECT id FROM t ORDER BY id") == [["1"], ["1"], ["2"]])
        let orphans = try fixture.objects.listObjects(in: "lake", prefix: "t/metadata/snap", after: "", limit: 10)
            .objects
        #expect(orphans.count == 3, "the manifests of refused commits are gone")
        await fixture.close()
    }

    @Test("columns are added, renamed, widened and dropped; rows that are older stay") func evolution() async throws {
        let fixture = try await AthenaFixture()
        _ = try await fixture.rows(
            "CREATE TABLE t (id int, s struct<a:int>) LOCATION 's3://lake/t/' TBLPROPERTIES ('table_type' = 'ICEBERG')")
        _ = try await fixture.rows("INSERT INTO t VALUES (1, ROW(7))")
        _ = try await fixture.rows("ALTER TABLE t ADD COLUMNS (more array<string>)")
        _ = try await fixture.rows("ALTER TABLE t CHANGE COLUMN id number bigint")
        _ = try await fixture.rows("INSERT INTO t VALUES (10000000000, ROW(8), ARRAY['x'])")
        #expect(
            try await fixture.rows("SELECT * FROM t ORDER BY number") == [
                ["1", "{a=7}", nil], ["10000000000", "{a=8}", "[x]"],
            ])
        _ = try await fixture.rows("ALTER TABLE t DROP COLUMN s")
        _ = try await fixture.rows("ALTER TABLE t SET TBLPROPERTIES ('vacuum_min_snapshots_to_keep' = '7')")
        #expect(try await fixture.rows("SELECT * FROM t ORDER BY number") == [["1", nil], ["10000000000", "[x]"]])
        #expect(try metadata(fixture)["properties"]?["history.expire.min-snapshots-to-keep"] == "7")
        #expect(try await fixture.failure("ALTER TABLE t CHANGE COLUMN number number int")?.hasPrefix("FAILED") == true)
        _ = try await fixture.rows("DROP TABLE t")
        let left = try fixture.objects.listObjects(in: "lake", prefix: "t/", after: "", limit: 10).objects
        // The documents between the first and the last are named by the log.
        #expect(left.isEmpty, "\(left.map(\.key))")
        await fixture.close()
    }

    @Test("OPTIMIZE joins small files; VACUUM removes what only old snapshots need") func maintenance() async throws {
        let fixture = try await AthenaFixture()
        _ = try await fixture.rows(
            "CREATE TABLE t (id int) LOCATION 's3://lake/t/' TBLPROPERTIES ('table_type' = 'ICEBERG', "
                + "'vacuum_max_snapshot_age_seconds' = '1')")
        for id in 1...3 { _ = try await fixture.rows("INSERT INTO t VALUES (\(id))") }
        _ = try await fixture.rows("OPTIMIZE t REWRITE DATA USING BIN_PACK")
        #expect(try await fixture.rows("SELECT count(*) FROM \"t$files\"") == [["1"]])
        #expect(try await fixture.rows("SELECT id FROM t ORDER BY id") == [["1"], ["2"], ["3"]])
        try await Task.sleep(for: .milliseconds(1100))
        _ = try await fixture.rows("VACUUM t")
        #expect(try metadata(fixture)["snapshots"]?.array?.count == 1)
        let data = try fixture.objects.listObjects(in: "lake", prefix: "t/data/", after: "", limit: 10).objects
        #expect(data.count == 1, "\(data.map(\.key))")
        #expect(try await fixture.rows("SELECT id FROM t ORDER BY id") == [["1"], ["2"], ["3"]])
        await fixture.close()
    }

    @Test(
        "what a table cannot take is refused",
        arguments: [
            ("INSERT INTO t VALUES ('1', 'x', NULL)", "TYPE_MISMATCH: "),
            ("INSERT INTO t VALUES (1)", "TYPE_MISMATCH: "),
            ("INSERT INTO t (at) VALUES (1)", "TYPE_MISMATCH: "),
            ("INSERT INTO t (nope) VALUES (1)", "COLUMN_NOT_FOUND: "),
            ("UPDATE t SET nope = 1", "COLUMN_NOT_FOUND: line 1:14"),
            ("UPDATE t SET id = 'x'", "TYPE_MISMATCH: line 1:14"),
            ("DELETE FROM t WHERE nope = 1", "COLUMN_NOT_FOUND: line 1:21: Column 'nope'"),
            ("DELETE FROM missing", "TABLE_NOT_FOUND: line 1:13"),
            (
                "CREATE TABLE u (a bigint) PARTITIONED BY (hour(a)) LOCATION 's3://lake/u/' TBLPROPERTIES ('table_type'='ICEBERG')",
                "NOT_SUPPORTED: "
            ),
            (
                "CREATE TABLE u (a tinyint) LOCATION 's3://lake/u/' TBLPROPERTIES ('table_type'='ICEBERG')",
                "NOT_SUPPORTED: "
            ),
            (
                "CREATE TABLE u (a bigint) LOCATION 's3://lake/u/' TBLPROPERTIES ('table_type'='ICEBERG', 'x'='y')",
                "INVALID_TABLE_PROPERTY: "
            ),
            (
                "CREATE EXTERNAL TABLE u (a bigint) PARTITIONED BY (day(a)) STORED AS PARQUET LOCATION 's3://lake/u/'",
                "FAILED: "
            ),
            ("CREATE TABLE u WITH (partitioning = ARRAY['a']) AS SELECT 1 AS a", "INVALID_TABLE_PROPERTY: "),
        ])
    func refusals(statement: String, message: String) async throws {
        let fixture = try await AthenaFixture()
        try await table(in: fixture)
        _ = try await fixture.rows("INSERT INTO t VALUES (1, 'ant', NULL)")
        let failure = try await fixture.failure(statement)
        #expect(failure?.hasPrefix(message) == true, "\(failure ?? "nil")")
        #expect(try metadata(fixture)["snapshots"]?.array?.count == 1)
        await fixture.close()
    }
}
