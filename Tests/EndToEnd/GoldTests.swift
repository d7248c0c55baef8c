import Foundation
import TestEmulator
import Testing

/// Models in SQL become tables that equal a full rebuild by another engine.
@Suite struct GoldTests {
    @Test(
        "after files and any changes, every model's table is what another engine makes of the rows; twice changes nothing"
    )
    func models() async throws {
        let seed = Int(ProcessInfo.processInfo.environment["CUPEL_SEED"] ?? "") ?? Int.random(in: 0..<1_000_000)
        print("seed \(seed): CUPEL_SEED=\(seed) repeats this run")
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let states = try await Referee.gold(emulator, "make", [folder.path, "\(seed)", "7"]).records("states")
        #expect(states.count == 8)
        for (number, state) in states.enumerated() {
            let kind = try #require(state.text("kind"))
            for file in try #require(state["files"] as? [[String]]) { try await Referee.lake(emulator, "put", file) }
            try await Referee.lake(emulator, "settle")
            // Silver starts gold.
            let models = try await Referee.gold(emulator, "follow").records("models")
            #expect(models.count == 6)
            for model in models {
                let outcome = model.text("outcome")
                // A schedule may have built it a moment ago.
                let expected = kind == "nothing" ? ["unchanged"] : ["built", "unchanged"]
                #expect(expected.contains(outcome ?? ""), "seed \(seed), \(number), \(model)")
                // Thirty days may begin in one month and end in the next.
                guard kind.contains("month"), outcome == "built" else { continue }
                let periods = try #require((model["result"] as? [String: Any])?.int("periods"))
                #expect((1...4).contains(periods), "seed \(seed), \(number), \(model)")
            }
            let checked = try await Referee.gold(emulator, "check", [folder.path, "\(number)"])
            let rows = try #require(checked["rows"] as? [String: Int])
            #expect(rows.count == 6 && rows.values.allSatisfy { $0 > 0 }, "\(rows)")
        }
        // Another engine changes a table in its own way.
        #expect(try #require(await Referee.gold(emulator, "foreign", [folder.path, "7"]).int("deletes")) > 0)
        for model in try await Referee.gold(emulator, "build").records("models") {
            #expect(model.text("outcome") == "built", "seed \(seed), \(model)")
        }
        let before = try await Referee.gold(emulator, "check", [folder.path, "7"])["snapshots"] as? [String: Int]
        for model in try await Referee.gold(emulator, "build").records("models") {
            #expect(model.text("outcome") == "unchanged", "\(model)")
        }
        let after = try await Referee.gold(emulator, "check", [folder.path, "7"])["snapshots"] as? [String: Int]
        #expect(before == after && before != nil)
        #expect(emulator.stop() == 0)
    }

    @Test("gold's own schedule builds the tables where silver starts nothing") func schedule() async throws {
        let emulator = try await RunningEmulator(
            parameters: ["GoldSchedule": "rate(1 minute)", "SilverSchedule": "rate(7 days)"])
        let folder = try TemporaryDirectory()
        try await mergeFirstState(emulator, folder)
        let models = try await Referee.gold(emulator, "scheduled").records("models")
        #expect(models.count == 6)
        let rows = try #require(
            try await Referee.gold(emulator, "check", [folder.path, "0"])["rows"] as? [String: Int])
        #expect(rows.count == 6 && rows.values.allSatisfy { $0 > 0 }, "\(rows)")
        #expect(emulator.stop() == 0)
    }

    @Test("after maintenance has joined silver's files, no model is built again") func maintenance() async throws {
        let emulator = try await RunningEmulator(
            parameters: ["GoldSchedule": "rate(7 days)", "SilverSchedule": "rate(7 days)"])
        let folder = try TemporaryDirectory()
        try await mergeFirstState(emulator, folder)
        for model in try await Referee.gold(emulator, "build").records("models") {
            #expect(model.text("outcome") == "built", "\(model)")
        }
        // Beers that nobody has reviewed, a file each.
        for number in 1...6 {
            let file = "\(folder.path)/more-\(number).json"
            try "{\"beer_id\":\(1000 + number),\"brewery_id\":1,\"beer_name\":\"b\",\"beer_style\":\"Porter\"}\n"
                .write(toFile: file, atomically: true, encoding: .utf8)
            try await Referee.lake(emulator, "put", ["raw/beer/more-\(number).json", file])
            try await Referee.lake(emulator, "settle")
            _ = try await Referee.silver(emulator, "merge")
        }
        for model in try await Referee.gold(emulator, "build").records("models") {
            #expect(model.text("outcome") == "unchanged", "\(model)")
        }
        let run = try await Command.run(
            Programs.cupel, ["table", "maintain", "--all", "--json", "--endpoint", emulator.endpoint])
        let document = try JSONSerialization.jsonObject(with: run.output) as? [String: Any]
        let beer = document?.records("tables").first { $0.text("table") == "dm_silver.beer" }
        #expect(try #require(beer?.int("joined_files")) > 1, "\(run.errors)")
        for model in try await Referee.gold(emulator, "build").records("models") {
            #expect(model.text("outcome") == "unchanged", "\(model)")
        }
        let checked = try await Referee.gold(emulator, "check", [folder.path, "0"])
        // Nobody has written a table since the first build.
        #expect((checked["snapshots"] as? [String: Int])?.values.allSatisfy { $0 == 1 } == true, "\(checked)")
        #expect(emulator.stop() == 0)
    }

    /// Brings the first state of the tables to silver, which starts no gold.
    private func mergeFirstState(_ emulator: RunningEmulator, _ folder: TemporaryDirectory) async throws {
        let states = try await Referee.gold(emulator, "make", [folder.path, "1", "0"]).records("states")
        for file in try #require(states.first?["files"] as? [[String]]) {
            try await Referee.lake(emulator, "put", file)
        }
        try await Referee.lake(emulator, "settle")
        _ = try await Referee.silver(emulator, "merge")
    }
}
