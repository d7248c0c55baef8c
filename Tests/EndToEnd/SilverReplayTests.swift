import Foundation
import TestEmulator
import Testing

/// Records of silver that are replayed.
@Suite struct SilverReplayTests {
    @Test("a bronze file that was gone is written again by a replay, and a replay of silver merges it")
    func failedFile() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        for (name, seed) in [("a", 1), ("b", 2)] {
            let file = try await Sample.generate(table: "beer", rows: 100, seed: seed, format: "csv", into: folder)
            try await Referee.lake(emulator, "put", ["raw/beer/\(name).csv.gz", file])
        }
        let settled = try await Referee.lake(emulator, "settle").records("records")
        let bronze = try #require(
            settled.first { $0.text("object_key") == "raw/beer/a.csv.gz" && $0.text("schema_name") == "dm_bronze" })
        try await Referee.lake(emulator, "remove", [try #require(bronze.text("output_key"))])
        _ = try await Referee.silver(emulator, "merge")
        #expect(try await silver(emulator).compactMap { $0.text("status") }.sorted() == ["error", "success"])

        let listed = try await replay(emulator, ["--layer", "silver", "--dry-run"])
        #expect(listed.count == 1 && listed[0].text("object_key") == bronze.text("output_key"))
        #expect(try await replay(emulator, ["--layer", "silver", "--table", "brewery"]).isEmpty)

        let id = try #require(bronze.text("control_id"))
        #expect(try await replay(emulator, ["--id", id, "--force"]).count == 1)
        try await Referee.lake(emulator, "settle")
        #expect(try await replay(emulator, ["--layer", "silver"]).count == 1)
        try await untilMerged(emulator)
        #expect(try await replay(emulator, ["--layer", "silver"]).isEmpty)
        #expect(try await Referee.silver(emulator, "check", ["beer"]).int("rows") == 100)
        #expect(emulator.stop() == 0)
    }

    @Test("a file that is merged a second time changes no row", .timeLimit(.minutes(10))) func twice() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let file = "\(folder.path)/changes.json.gz"
        try await Referee.silver(emulator, "changes", ["beer", "4", "200", file])
        try await Referee.lake(emulator, "put", ["raw/beer/changes.json.gz", file])
        try await Referee.lake(emulator, "settle")
        _ = try await Referee.silver(emulator, "merge")
        let first = try await silver(emulator).first?.text("batch_id")
        let refused = try await replay(emulator, ["--layer", "silver", "--status", "success"])
        #expect(refused.count == 1 && refused[0]["replayed"] as? Bool == false)
        let replayed = try await replay(emulator, ["--layer", "silver", "--status", "success", "--force"])
        #expect(replayed.count == 1 && replayed[0]["replayed"] as? Bool == true)
        try await untilMerged(emulator)
        #expect(try await silver(emulator).first?.text("batch_id") != first)
        let diff = try await Command.run(
            Programs.cupel, ["table", "diff", "beer", "1", "--json", "--endpoint", emulator.endpoint])
        let found = try #require(try JSONSerialization.jsonObject(with: diff.output) as? [String: Any])
        #expect((found["to"] as? [String: Any])?.int("snapshot") == 2)
        for kind in ["inserted", "updated", "deleted", "restated"] { #expect(found.int(kind) == 0, "\(kind)") }
        _ = try await Referee.silver(emulator, "check", ["beer"])
        #expect(emulator.stop() == 0)
    }

    @Test("a table of which much waits is merged by a task, the others by the function") func task() async throws {
        let emulator = try await RunningEmulator(parameters: ["SilverTaskBytes": "15000"])
        let folder = try TemporaryDirectory()
        for (table, rows) in [("beer", 2000), ("brewery", 10)] {
            let file = try await Sample.generate(table: table, rows: rows, seed: 1, format: "csv", into: folder)
            try await Referee.lake(emulator, "put", ["raw/\(table)/a.csv.gz", file])
        }
        try await Referee.lake(emulator, "settle")
        _ = try await Referee.silver(emulator, "merge")
        #expect(try await silver(emulator).allSatisfy { $0.text("status") == "success" })
        for (table, rows) in [("beer", 2000), ("brewery", 10)] {
            #expect(try await Referee.silver(emulator, "check", [table]).int("rows") == rows)
        }
        let logs = try await Command.run(
            Programs.cupel, ["logs", "--task", "silver-merge", "--endpoint", emulator.endpoint])
        #expect(logs.text.contains("merged") && logs.text.contains("beer"), "\(logs.text)\(logs.errors)")
        #expect(!logs.text.contains("brewery"), "\(logs.text)")
        #expect(emulator.stop() == 0)
    }

    @Test("silver starts as soon as so many files wait, and not before") func startFiles() async throws {
        let emulator = try await RunningEmulator(parameters: ["SilverStartFiles": "3"])
        let folder = try TemporaryDirectory()
        for seed in 1...3 {
            #expect(try await silver(emulator).allSatisfy { $0.text("status") == "pending" })
            let file = try await Sample.generate(table: "beer", rows: 50, seed: seed, format: "csv", into: folder)
            try await Referee.lake(emulator, "put", ["raw/beer/\(seed).csv.gz", file])
            try await Referee.lake(emulator, "settle")
        }
        while try await silver(emulator).count < 3 { try await Task.sleep(for: .milliseconds(50)) }
        try await untilMerged(emulator)
        #expect(try await silver(emulator).allSatisfy { $0.text("status") == "success" })
        _ = try await Referee.silver(emulator, "check", ["beer"])
        #expect(emulator.stop() == 0)
    }

    private func replay(_ emulator: RunningEmulator, _ arguments: [String]) async throws -> [[String: Any]] {
        let run = try await Command.run(
            Programs.cupel, ["replay", "--json", "--endpoint", emulator.endpoint] + arguments)
        try #require(run.status == 0, "\(run.errors)")
        return (try JSONSerialization.jsonObject(with: run.output) as? [String: Any] ?? [:]).records("records")
    }

    private func silver(_ emulator: RunningEmulator) async throws -> [[String: Any]] {
        try await Referee.lake(emulator, "records").records("records").filter { $0.text("schema_name") == "dm_silver" }
    }

    private func untilMerged(_ emulator: RunningEmulator) async throws {
        while try await silver(emulator).contains(where: { ["pending", "running"].contains($0.text("status")) }) {
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
