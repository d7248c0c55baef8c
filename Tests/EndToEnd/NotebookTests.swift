import Foundation
import TestEmulator
import Testing

/// What README.md shows for notebooks works as it is written there.
@Suite struct NotebookTests {
    @Test("pyiceberg, pandas and DuckDB read from gold what SQL answers; a model learns from silver")
    func snippets() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        var files: [String] = []
        for (table, rows) in [("beer", 66_055), ("brewery", 5_840), ("profile", 2_000), ("review", 20_000)] {
            files.append(try await Sample.generate(table: table, rows: rows, seed: 3, format: "csv", into: folder))
        }
        let run = try await Command.run(Programs.cupel, ["run"] + files + ["--endpoint", emulator.endpoint])
        #expect(run.status == 0, "\(run.errors)")
        let read = try await Referee.notebook(emulator)
        #expect(read["readers"] as? [String] == ["duckdb", "pyiceberg"])
        let styles = try #require(read["styles"] as? [String: Int])
        let answer = try await Command.run(
            Programs.cupel,
            [
                "query",
                "SELECT beer_style, sum(total_reviews) AS n FROM gold.top_styles_by_popularity WHERE review_year >= 2005 GROUP BY 1",
                "--format", "json", "--endpoint", emulator.endpoint,
            ])
        let rows = try answer.text.split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
        }
        let pairs = rows.compactMap { row in row.text("beer_style").flatMap { name in row.int("n").map { (name, $0) } }
        }
        #expect(Dictionary(pairs) { first, _ in first } == styles, "\(answer.errors)")
        // The scores of a generated review are near each other, so each side says something of the whole.
        let influence = try #require(read["influence"] as? [String: Double])
        #expect(influence.count == 4 && influence.values.allSatisfy { (0.05..<1).contains($0) }, "\(influence)")
        #expect(emulator.stop() == 0)
    }
}
