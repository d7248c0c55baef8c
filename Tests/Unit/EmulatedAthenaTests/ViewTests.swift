import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedAthena
@testable import EmulatedGlue
@testable import EmulatedS3

@Suite struct ViewTests {
    @Test("a view is kept as Presto keeps it, read, replaced, listed, shown and dropped") func life() async throws {
        let fixture = try await AthenaFixture()
        _ = try await fixture.rows(
            "CREATE TABLE t WITH (external_location = 's3://lake/t/') AS SELECT 1 AS a, 'x' AS b")
        let created = try await fixture.run(
            "CREATE VIEW v AS\nSELECT b, a + 1 AS n, ARRAY[a] AS list -- 'rows'\nFROM t;")
        #expect(
            created["Status"]?["State"] == "SUCCEEDED" && created["SubstatementType"] == "CREATE_VIEW", "\(created)")
        let table = try await fixture.glue.perform("GetTable", ["DatabaseName": "db", "Name": "v"])["Table"]
        #expect(table?["TableType"] == "VIRTUAL_VIEW" && table?["ViewExpandedText"] == "/* Presto View */")
        #expect(table?["Parameters"]?["presto_view"] == "true")
        let text = table?["ViewOriginalText"]?.string ?? ""
        let document = try JSON(
            parsing: [UInt8](base64: String(text.dropFirst("/* Presto View: ".count).dropLast(" */".count))) ?? [])
        #expect(document["originalSql"] == "SELECT b, a + 1 AS n, ARRAY[a] AS list -- 'rows'\nFROM t")
        #expect(document["schema"] == "db" && document["catalog"] == "awsdatacatalog")
        #expect(document["columns"]?[2] == ["name": "list", "type": "array(integer)"])
        #expect(table?["StorageDescriptor"]?["Columns"]?[2] == ["Name": "list", "Type": "array<int>"])

        #expect(try await fixture.rows("SELECT v.n, upper(b) FROM v JOIN t USING (b)") == [["2", "X"]])
        _ = try await fixture.rows("CREATE OR REPLACE VIEW w AS SELECT n FROM v")
        _ = try await fixture.rows("CREATE OR REPLACE VIEW w AS SELECT n * 2 AS n FROM db.v")
        _ = try await fixture.rows("CREATE DATABASE other")
        #expect(try await fixture.rows("SELECT n FROM db.w") == [["4"]])
        #expect(try await fixture.rows("SHOW VIEWS") == [["v"], ["w"]])
        #expect(try await fixture.rows("SHOW VIEWS IN db LIKE 'w*'") == [["w"]])
        #expect(
            try await fixture.rows("SHOW CREATE VIEW w") == [["CREATE VIEW db.w AS"], ["SELECT n * 2 AS n FROM db.v"]])
        #expect(try await fixture.failure("CREATE VIEW w AS SELECT 1 AS a")?.contains("View already exists") == true)
        #expect(try await fixture.failure("DROP TABLE w")?.contains("DROP VIEW") == true)
        _ = try await fixture.rows("DROP VIEW w")
        _ = try await fixture.rows("DROP VIEW IF EXISTS w")
        #expect(try await fixture.rows("SHOW VIEWS") == [["v"]])
        await fixture.close()
    }

    @Test(
        "what is no view is refused",
        arguments: [
            ("CREATE VIEW v AS SELECT 1", "MISSING_COLUMN_NAME: line 1:18"),
            ("CREATE VIEW v AS SELECT 1 AS a, 2 AS a", "DUPLICATE_COLUMN_NAME: "),
            ("CREATE VIEW v AS SELECT nope FROM t", "COLUMN_NOT_FOUND: line 1:25"),
            ("CREATE OR REPLACE VIEW t AS SELECT 1 AS a", "TABLE_ALREADY_EXISTS: line 1:24"),
            ("DROP VIEW t", "TABLE_NOT_FOUND: line 1:11"), ("DROP VIEW none", "TABLE_NOT_FOUND: line 1:11"),
            ("SHOW CREATE VIEW t", "NOT_SUPPORTED: line 1:18"),
        ])
    func refusals(statement: String, message: String) async throws {
        let fixture = try await AthenaFixture()
        _ = try await fixture.rows("CREATE TABLE t WITH (external_location = 's3://lake/t/') AS SELECT 1 AS a")
        let failure = try await fixture.failure(statement)
        #expect(failure?.hasPrefix(message) == true, "\(failure ?? "nil")")
        await fixture.close()
    }

    @Test("a view whose table is gone, and one of itself, say which view fails") func broken() async throws {
        let fixture = try await AthenaFixture()
        _ = try await fixture.rows("CREATE TABLE t WITH (external_location = 's3://lake/t/') AS SELECT 1 AS a")
        _ = try await fixture.rows("CREATE VIEW v AS SELECT a FROM t")
        _ = try await fixture.rows("CREATE VIEW w AS SELECT a FROM v")
        _ = try await fixture.rows("DROP TABLE t")
        #expect(
            try await fixture.failure("SELECT * FROM v")
                == "INVALID_VIEW: line 1:15: Failed analyzing stored view 'awsdatacatalog.db.v': TABLE_NOT_FOUND: "
                + "line 1:15: Table 'awsdatacatalog.db.t' does not exist")
        _ = try await fixture.glue.perform("DeleteTable", ["DatabaseName": "db", "Name": "v"])
        let view = StoredView(sql: "SELECT a FROM w", database: "db", columns: [])
        _ = try await fixture.glue.perform(
            "CreateTable", ["DatabaseName": "db", "TableInput": view.glue("v", comment: nil)])
        #expect(try await fixture.failure("SELECT * FROM w")?.hasPrefix("VIEW_IS_RECURSIVE") == true)
        #expect(
            try await fixture.failure("CREATE OR REPLACE VIEW v AS SELECT a FROM v")?.hasPrefix("VIEW_IS_RECURSIVE")
                == true)
        await fixture.close()
    }
}
