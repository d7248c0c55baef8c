import Contracts
import Foundation
import TestEmulator
import Testing

@testable import GoldBuild

/// Models as the engine runs them.
@Suite struct ModelScriptTests {
    private let folder: TemporaryDirectory
    private let engine: Engine

    init() throws {
        folder = try TemporaryDirectory()
        engine = Engine(program: "\(Programs.packageRoot)/.venv-duckdb/duckdb", memoryInMB: 256)
    }

    private func script(_ sql: String) throws -> ModelScript {
        let text = """
            apiVersion: v3.1.0
            kind: DataContract
            id: tops
            name: tops
            version: 1.0.0
            status: active
            schema:
              - name: tops
                logicalType: object
                physicalType: table
                properties:
                  - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, required: true, classification: public}
                  - {name: style, logicalType: string, physicalType: string, required: true, classification: public}
                  - {name: moment, logicalType: timestamp, physicalType: timestamptz, classification: public}
            """
        let path = "\(folder.path)/tops.odcs.yaml"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let model = try Model(
            TableName(namespace: "dm_gold", table: "tops"), path: "gold/tops.sql", sql: sql,
            contract: try Contract(contentsOf: path), contractText: Array(text.utf8))
        return ModelScript(
            model: model, columns: try model.contract.columns.map { try GoldColumn($0, of: model.path) })
    }

    /// - Returns: what failed; `none` if nothing did.
    private func outcome(of sql: String) throws -> String {
        let script = try script(sql)
        let beers =
            "CREATE VIEW dm_silver.beer AS SELECT * FROM (VALUES (1, 'IPA'), (2, 'Stout'), (2, NULL)) t(id, style);"
        let outcome = try #require(
            try engine.run(
                script.statements(writing: "\(folder.path)/result.parquet"), after: script.preparation(making: [beers]),
                in: folder.path, until: .now + .seconds(60)))
        return outcome.succeeded ? "none" : "\(script.failure(outcome.errors))"
    }

    @Test("rows that fit the contract are written, with Trino's name of a function") func sound() throws {
        let sql =
            "SELECT id, style, from_unixtime(id) AS moment, 1 AS other\n FROM dm_silver.beer WHERE style IS NOT NULL"
        #expect(try outcome(of: sql) == "none")
    }

    @Test(
        "an error is told with the model's own line and column",
        arguments: [
            ("SELECT id,\n  styl,\n NULL AS moment FROM dm_silver.beer", "gold/tops.sql:2:3: Binder Error: "),
            ("SELECT id, style, NULL AS moment\n  FROM dm_silver.beers", "gold/tops.sql:2:8: Catalog Error: "),
            ("SELECT id style, FROM WHERE\ndm_silver.beer", "gold/tops.sql:1:"),
            ("SELECT id, style FROM dm_silver.beer", "gold/tops.sql: "),
        ])
    func places(sql: String, start: String) throws {
        let reason = try outcome(of: sql)
        #expect(reason.hasPrefix(start), "\(reason)")
    }

    @Test("rows that break the contract are told by the column, and a repeated key by its value") func rules() throws {
        #expect(
            try outcome(of: "SELECT id, style, NULL AS moment FROM dm_silver.beer")
                == "gold/tops.sql: the result breaks its contract: column style is required and has no value in 1 rows")
        #expect(
            try outcome(of: "SELECT id, 'x' AS style, NULL AS moment FROM dm_silver.beer")
                == "gold/tops.sql: the result breaks its contract: rows share a primary key, such as 2")
    }
}
