import Foundation
import TestEmulator
import Testing

/// What `infra/model lint` says of the models, without running them.
@Suite struct ModelLintTests {
    private static let root = Programs.packageRoot

    private func lint(_ models: String) async throws -> (status: Int32, text: String) {
        let run = try await Command.run(
            "\(Self.root)/.venv-models/bin/python3",
            [
                "\(Self.root)/infra/model", "lint", "--models", models, "--contracts", "\(Self.root)/infra/contracts",
                "--engine", "\(Self.root)/.venv-duckdb/duckdb",
            ])
        return (run.status, run.text + (run.status == 0 || run.status == 1 ? "" : run.errors))
    }

    @Test("the models of the repository have no fault") func models() async throws {
        let (status, text) = try await lint("\(Self.root)/infra/models")
        #expect(status == 0 && text.isEmpty, "\(text)")
    }

    @Test(
        "a fault names its file and, if it has one, its line",
        arguments: [
            ("beer_style, review_year", "beer_stile, review_year", ":1: Column 'beer_stile' could not be resolved"),
            ("dm_silver.review_flat", "dm_silver.review_flatt", ":3: there is no table dm_silver.review_flatt"),
            (
                "COUNT(*) AS total", "'x' AS total",
                ": its column total_reviews is varchar, and its contract says integer"
            ),
            ("AS total_reviews", "AS total", ": its contract has a column total_reviews, which it does not give"),
            ("ROUND(", "strange(", ":2: DuckDB has no function strange"),
            (
                "ROUND(AVG(review_overall), 6)", "approx_quantile(review_overall, 0.5)",
                ":2: Athena has no function approx_quantile; its own is approx_percentile"
            ),
            ("GROUP BY", "GROUP", ":5: Spark cannot read it"),
            ("SELECT beer_id", "SELECT 'beer_id", ": Athena cannot read it: Missing '"),
            (
                "total_reviews", "total_reviews -- changed",
                ": top_beers_by_rating.lineage.json is not there, or not that"
            ),
            (
                "beer_style, review_year", "beer_style, review_month AS review_year",
                ": its period review_year does not come from dm_silver.review_flat.review_year"
            ),
            (
                "COUNT(*) AS total", "COUNT(*) OVER (ORDER BY beer_id) AS total",
                ":2: a window goes over several periods"
            ),
        ])
    func faults(old: String, new: String, reason: String) async throws {
        let folder = try TemporaryDirectory()
        try FileManager.default.copyItem(atPath: "\(Self.root)/infra/models", toPath: "\(folder.path)/models")
        let path = "\(folder.path)/models/gold/top_beers_by_rating.sql"
        let sql = try String(contentsOfFile: path, encoding: .utf8)
        let range = try #require(sql.range(of: old))
        try sql.replacingCharacters(in: range, with: new).write(toFile: path, atomically: true, encoding: .utf8)
        let (status, text) = try await lint("\(folder.path)/models")
        #expect(status == 1 && text.contains("gold/top_beers_by_rating.sql\(reason)"), "\(text)")
    }
    @Test("cupel model lint and show are the same tool, over the models that come with it or others") func command()
        async throws
    {
        let sound = try await Command.run(Programs.cupel, ["model", "lint"])
        #expect(sound.status == 0 && sound.text.isEmpty, "\(sound.text)\(sound.errors)")
        let shown = try await Command.run(Programs.cupel, ["model", "show", "dm_gold.top_beers_by_rating", "--json"])
        let lineage = try #require(
            try JSONSerialization.jsonObject(with: shown.output) as? [String: Any], "\(shown.errors)")
        let columns = try #require(lineage["columns"] as? [String: [String]])
        #expect(columns["avg_rating"] == ["dm_silver.review_flat.review_overall"] && columns["total_reviews"] == [])
        #expect(columns.count == 7)
        let unknown = try await Command.run(Programs.cupel, ["model", "show", "dm_gold.nope"])
        #expect(unknown.status == 1 && unknown.errors.contains("there is no model dm_gold.nope"), "\(unknown.errors)")

        let folder = try TemporaryDirectory()
        let models = "\(folder.path)/models"
        try FileManager.default.copyItem(atPath: "\(Self.root)/infra/models", toPath: models)
        let path = "\(models)/gold/top_drinkers.sql"
        let sql = try String(contentsOfFile: path, encoding: .utf8)
        try sql.replacingOccurrences(of: "profile_name", with: "profile_nome").write(
            toFile: path, atomically: true, encoding: .utf8)
        let faulty = try await Command.run(Programs.cupel, ["model", "lint", "--models", models])
        #expect(
            faulty.status == 1
                && faulty.text.contains("gold/top_drinkers.sql:1: Column 'profile_nome' could not be resolved"),
            "\(faulty.text)\(faulty.errors)")
    }
}
