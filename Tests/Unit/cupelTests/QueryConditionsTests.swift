import Control
import Testing

@testable import cupel

@Suite struct QueryConditionsTests {
    private func conditions(_ statement: String) -> QueryConditions {
        QueryConditions(
            statement, schema: "control", table: "files",
            columns: OperationTable.controlFiles.columnNames)
    }

    @Test("conditions that AND joins narrow what is read; the query itself checks the others")
    func conjunction() {
        let found = conditions(
            """
            SELECT status, count(*) -- WHERE layer = 'gold'
            FROM control.files AS f WHERE f.table_name IN ('beer', 'it''s') AND record_count > 7
            AND STATUS = 'error' AND updated_at >= TIMESTAMP '2026-11-30 00:00:00' GROUP BY status ORDER BY 2;
            """)
        #expect(found.values == ["table_name": ["beer", "it's"], "status": ["error"]])
        #expect(found.least == ["updated_at": "2026-11-30 00:00:00"])
    }

    @Test("two conditions on one column leave what both allow") func intersection() {
        let found = conditions(
            "SELECT * FROM control.files WHERE status IN ('error', 'pending') AND status IN ('pending', 'success')")
        #expect(found.values == ["status": ["pending"]])
    }

    @Test(
        "what is not surely a condition of every row narrows nothing",
        arguments: [
            "SELECT * FROM control.files WHERE status = 'error' OR layer = 'gold'",
            "SELECT * FROM control.files WHERE NOT status = 'error'",
            "SELECT * FROM control.files WHERE status <> 'error' AND status != 'x' AND status < 'y'",
            "SELECT * FROM control.files WHERE (status = 'error' OR true)",
            "SELECT * FROM control.files WHERE CASE WHEN true AND status = 'error' THEN true ELSE true END",
            "SELECT * FROM control.files WHERE status = lower('ERROR')",
            "SELECT * FROM control.files WHERE status = 'err' || 'or'",
            "SELECT * FROM control.files f WHERE files.status = 'error'",
            "SELECT * FROM control.files f JOIN silver.beer b ON true WHERE b.status = 'error'",
            "SELECT * FROM control.files WHERE status IN (SELECT 'error')",
            "SELECT * FROM control.files, control.files g WHERE status = 'error'",
            "SELECT * FROM (SELECT * FROM control.files) WHERE status = 'error'",
            "SELECT * FROM control.files WHERE 'status' = 'error'",
            "WITH f AS (SELECT * FROM control.files) SELECT * FROM f WHERE status = 'error'",
            "SELECT count(*) FILTER (WHERE status = 'error') FROM control.files",
            "SELECT * FROM silver.files WHERE status = 'error'",
        ])
    func others(statement: String) { #expect(conditions(statement) == QueryConditions()) }

    @Test("of the control table, only what the conditions' keys name is read") func controlTable() throws {
        func reading(_ condition: String) -> ControlFileRows.Reading {
            ControlFileRows(conditions("SELECT * FROM control.files \(condition)")).reading
        }
        let id = "5f2d9c1a07be44d093b1c62e8fa50d17"
        #expect(reading("WHERE control_id = '\(id)' AND status = 'success'") == .records([try #require(ControlID(id))]))
        #expect(reading("WHERE control_id = 'none'") == .records([]))
        #expect(reading("WHERE object_key = 'raw/a'") == .queries([.objectKey("raw/a")]))
        #expect(reading("WHERE status = 'error' AND layer = 'silver'") == .queries([.status(.error, in: .silver)]))
        #expect(
            reading("WHERE table_name = 'beer'")
                == .queries([.table("beer", in: .bronze), .table("beer", in: .silver), .table("beer", in: .gold)]))
        #expect(reading("WHERE status = 'unheard'") == .queries([]))
        #expect(reading("") == .queries([.schema(.bronze), .schema(.silver), .schema(.gold)]))
        #expect(reading("WHERE layer = 'gold' AND status = 'success'") == .queries([.schema(.gold)]))
    }

    @Test("a quarantine file is read only if its key can have rows that are asked for") func quarantine() throws {
        let table = OperationTable.quarantineRows
        let key = try #require(QuarantineRows.Key("quarantine/beer/year=2026/month=03/day=01/a-1.ndjson.gz"))
        #expect(key.table == "beer" && key.day == "2026-03-01")
        func isAskedFor(_ condition: String) throws -> Bool {
            let conditions = QueryConditions(
                "SELECT * FROM quarantine.rows WHERE \(condition)", schema: table.schema, table: table.name,
                columns: table.columnNames)
            return QuarantineRows.isAskedFor(key, by: conditions)
        }
        #expect(try isAskedFor("table_name = 'beer' AND quarantined_on >= DATE '2026-03-01'"))
        #expect(try !isAskedFor("quarantined_on > DATE '2026-03-02'"))
        #expect(try !isAskedFor("quarantined_on = DATE '2026-02-28'"))
        #expect(try !isAskedFor("table_name = 'brewery'"))
        #expect(QuarantineRows.Key("quarantine/beer/../a.ndjson.gz") == nil)
    }
}
