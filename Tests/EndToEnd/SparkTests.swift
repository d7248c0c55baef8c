import TestEmulator
import Testing

/// Real Spark with Iceberg beside silver-merge; `make soak` runs more of it.
@Suite struct SparkTests {
    @Test(
        "Spark and silver-merge take turns at tables of every mode, and either ends what the other began; Spark follows field ids"
    )
    func turns() async throws {
        // Nobody else merges.
        let emulator = try await RunningEmulator(parameters: ["SilverSchedule": "rate(7 days)"])
        let folder = try TemporaryDirectory()
        let rows = try #require(try await Referee.sparkTurns(emulator, folder.path)["rows"] as? [String: Int])
        #expect(Set(rows.keys) == ["basket", "basket_log", "basket_history", "renamed"])
        // Each record once: four times 60 changes, two truncates, 25 and 20 batch rows of one file, of which 15 came again.
        #expect(rows["basket_log"] == 287)
        #expect(try #require(rows["basket_history"]) > 240)
        #expect(try #require(rows["basket"]) > 60)
        #expect(try #require(rows["renamed"]) > 25)
    }
}
