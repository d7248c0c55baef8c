import Contracts
import Control
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

    private func model(_ sql: String, rules: String) throws -> Model {
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
                quality: \(rules)
                properties:
                  - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, required: true, classification: public}
                  - {name: style, logicalType: string, physicalType: string, required: true, classification: public, logicalTypeOptions: {maxLength: 5, pattern: '^[A-Z]'}}
                  - {name: moment, logicalType: timestamp, physicalType: timestamptz, classification: public}
            """
        let path = "\(folder.path)/tops.odcs.yaml"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try Model(
            TableName(namespace: "dm_gold", table: "tops"), path: "gold/tops.sql", sql: sql,
            contract: try Contract(contentsOf: path), contractText: Array(text.utf8))
    }

    /// - Returns: what failed; `none` if nothing did.
    private func outcome(of sql: String, rules: String = "[]", periods: [String] = []) throws -> String {
        let model = try model(sql, rules: rules)
        let columns = try GoldTable(model).columns
        let script = ModelScript(
            model: model, columns: columns, partitioning: [], periods: columns.filter { periods.contains($0.name) })
        let beers =
            "CREATE VIEW dm_silver.beer AS SELECT * FROM (VALUES (1, 'IPA'), (2, 'Stout'), (2, NULL)) t(id, style);"
        let result = script.place("result", in: folder.path)
        let made = try #require(
            try engine.run(
                script.statement(writing: result), after: [script.preparation(making: [beers])], in: folder.path,
                until: .now + .seconds(60)))
        guard made.succeeded else { return "\(script.failure(made.errors))" }
        let audit = Audit(model, columns, relation: ResultFiles.relation(at: result))
        let measured = try #require(try engine.run(audit.statement, in: folder.path, until: .now + .seconds(60)))
        guard measured.succeeded else { return "\(script.failure(measured.errors))" }
        do throws(GoldError) {
            let lines = measured.output.split(separator: "\n")
            let rules = try audit.findings(lines.last ?? "", besides: 10)
            return rules.isEmpty
                ? "none" : rules.map { "\($0.rule): \($0.measured) \($0.outcome)" }.joined(separator: ", ")
        } catch { return "\(error)" }
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

    @Test(
        "in a statement that is ordered by periods first, too",
        arguments: [
            (
                "SELECT id, style, NULL AS moment FROM dm_silver.beer\n ORDER BY styl",
                "gold/tops.sql:2:11: Binder Error: "
            ),
            ("SELECT id, styl, NULL AS moment FROM dm_silver.beer ORDER BY id", "gold/tops.sql:1:12: Binder Error: "),
            ("SELECT id, style, NULL AS moment FROM dm_silver.beer WHERE style IS NOT NULL\nORDER BY 2 DESC", "none"),
            ("SELECT id, 'IPA' AS style, NULL AS moment FROM dm_silver.beer ORDER BY id LIMIT 1", "none"),
        ])
    func placesOfOrdered(sql: String, start: String) throws {
        let reason = try outcome(of: sql, periods: ["style", "id"])
        #expect(reason.hasPrefix(start), "\(reason)")
    }

    @Test("rows that break the contract are told by the column, and a repeated key by its value") func rules() throws {
        #expect(
            try outcome(of: "SELECT id, style, NULL AS moment FROM dm_silver.beer")
                == "gold/tops.sql: the result breaks its contract: column style is required and has no value in 1 rows")
        #expect(
            try outcome(of: "SELECT id, 'X' AS style, NULL AS moment FROM dm_silver.beer")
                == "gold/tops.sql: the result breaks its contract: rows share a primary key, such as 2")
    }

    @Test("an error names the column whose values the contract excludes") func constraints() throws {
        for style in ["Lambic", "ale"] {
            let reason = try outcome(of: "SELECT 1 AS id, '\(style)' AS style, NULL AS moment FROM dm_silver.beer")
            #expect(reason.hasPrefix("gold/tops.sql: the result breaks its contract: column style has values that"))
        }
    }

    @Test("the rules of the contract are measured; one of the severity error stops the build") func quality() throws {
        let sql =
            "SELECT range AS id, CASE WHEN range < 2 THEN 'A' ELSE 'B' END AS style, NULL AS moment "
            + "FROM range(4), (SELECT 1 FROM dm_silver.beer LIMIT 1)"
        let rules = """
            [{name: rows, metric: rowCount, mustBeGreaterThan: 13}, {name: whole, metric: rowCount, mustBe: 4},
             {name: repeats, metric: duplicateValues, arguments: {properties: [style]}, mustBe: 2}]
            """
        // Ten rows are in the table besides.
        #expect(try outcome(of: sql, rules: rules) == "rows: 14.0 passed, whole: 14.0 failed, repeats: 2.0 passed")
        let strict = rules.replacing("mustBe: 4", with: "mustBe: 4, severity: error")
        #expect(
            try outcome(of: sql, rules: strict)
                == "gold/tops.sql: the result breaks its contract: rule whole measures 14.0, and its contract says mustBe 4"
        )
    }
}
