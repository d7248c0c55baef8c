import Foundation
import TestEmulator
import Testing

/// Models in SQL become tables that equal a full rebuild by another engine.
@Suite struct GoldTests {
    @Test(
        "after files and after changes, every model's table is what another engine makes of the rows; twice changes nothing"
    )
    func models() async throws {
        let seed = Int(ProcessInfo.processInfo.environment["CUPEL_SEED"] ?? "") ?? Int.random(in: 0..<1_000_000)
        print("seed \(seed): CUPEL_SEED=\(seed) repeats this run")
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let files = try await Referee.gold(emulator, "make", [folder.path, "\(seed)"])
        for state in ["first", "changes"] {
            for file in try #require(files[state] as? [[String]]) { try await Referee.lake(emulator, "put", file) }
            try await Referee.lake(emulator, "settle")
            // Silver starts gold.
            let models = try await Referee.gold(emulator, "follow").records("models")
            #expect(models.count == 6)
            for model in models { #expect(model.text("outcome") == "built", "\(model)") }
            let checked = try await Referee.gold(emulator, "check", [folder.path, state])
            let rows = try #require(checked["rows"] as? [String: Int])
            #expect(rows.count == 6 && rows.values.allSatisfy { $0 > 0 }, "\(rows)")
        }
        for model in try await Referee.gold(emulator, "build").records("models") {
            #expect(model.text("outcome") == "unchanged", "\(model)")
        }
        let checked = try await Referee.gold(emulator, "check", [folder.path, "changes"])
        #expect((checked["snapshots"] as? [String: Int])?.values.allSatisfy { $0 == 2 } == true, "\(checked)")
        #expect(emulator.stop() == 0)
    }
}
