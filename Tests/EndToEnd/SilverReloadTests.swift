import Foundation
import TestEmulator
import Testing

/// A silver table that is made anew from bronze.
@Suite struct SilverReloadTests {
    @Test("cupel reload takes rows of bronze files that were converted again with the same orders; the history stays")
    func convertedAgain() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        try await upload(["a": 1, "b": 2], emulator, folder)
        _ = try await Referee.silver(emulator, "merge")
        let before = try #require(try await Referee.silver(emulator, "check", ["beer"]).int("snapshots"))
        try await Referee.silver(emulator, "convert-again", ["beer"])
        let replay = try await Command.run(
            Programs.cupel,
            ["replay", "--layer", "silver", "--status", "success", "--force", "--endpoint", emulator.endpoint])
        #expect(replay.status == 0)
        _ = try await Referee.silver(emulator, "finish")
        await #expect(throws: (any Error).self) { try await Referee.silver(emulator, "check", ["beer"]) }

        let reload = try await self.reload(emulator)
        #expect(reload.int("inserted") == reload.int("rows"))
        let checked = try await Referee.silver(emulator, "check", ["beer"])
        #expect(checked.int("rows") == reload.int("rows"))
        #expect(try #require(checked.int("snapshots")) > before)
        let history = try await Command.run(
            Programs.cupel, ["table", "history", "beer", "--endpoint", emulator.endpoint])
        #expect(history.status == 0 && history.text.contains("reload-"), "\(history.text)\(history.errors)")
        // What comes later is merged as ever.
        try await upload(["c": 3], emulator, folder)
        _ = try await Referee.silver(emulator, "merge")
        _ = try await Referee.silver(emulator, "check", ["beer"])
        #expect(emulator.stop() == 0)
    }

    @Test("cupel reload mends rows that another engine and a wrong mark of a truncate have deleted, in a task too")
    func corrected() async throws {
        let emulator = try await RunningEmulator(parameters: ["SilverTaskBytes": "1000"])
        let folder = try TemporaryDirectory()
        try await upload(["a": 1], emulator, folder)
        let file = "\(folder.path)/changes.json.gz"
        try await Referee.silver(emulator, "changes", ["beer", "4", "300", file])
        try await Referee.lake(emulator, "put", ["raw/beer/changes.json.gz", file])
        try await Referee.lake(emulator, "settle")
        _ = try await Referee.silver(emulator, "merge")
        try await Referee.silver(emulator, "damage", ["beer"])
        // This one waits while the table is made anew.
        try await upload(["b": 2], emulator, folder)
        await #expect(throws: (any Error).self) { try await Referee.silver(emulator, "check", ["beer"]) }
        // The task's counts, although a function merged last and found nothing.
        let reloaded = try await reload(emulator)
        #expect(
            try #require(reloaded.int("inserted")) + (try #require(reloaded.int("deleted"))) == reloaded.int("rows"))
        _ = try await Referee.silver(emulator, "check", ["beer"])
        let logs = try await Command.run(
            Programs.cupel, ["logs", "--task", "silver-merge", "--endpoint", emulator.endpoint])
        #expect(logs.text.contains("reloaded"), "\(logs.text)\(logs.errors)")
        let records = try await Referee.lake(emulator, "records").records("records")
        #expect(records.filter { $0.text("schema_name") == "dm_silver" }.allSatisfy { $0.text("status") == "success" })

        let unknown = try await Command.run(
            Programs.cupel, ["reload", "--table", "ale", "--endpoint", emulator.endpoint])
        #expect(unknown.status == 3 && unknown.errors.contains("ale"), "\(unknown.errors)")
        #expect(emulator.stop() == 0)
    }

    private func upload(_ files: [String: Int], _ emulator: RunningEmulator, _ folder: TemporaryDirectory) async throws
    {
        for (name, seed) in files.sorted(by: { $0.key < $1.key }) {
            let file = try await Sample.generate(table: "beer", rows: 150, seed: seed, format: "csv", into: folder)
            try await Referee.lake(emulator, "put", ["raw/beer/\(name).csv.gz", file])
        }
        try await Referee.lake(emulator, "settle")
    }

    private func reload(_ emulator: RunningEmulator) async throws -> [String: Any] {
        let run = try await Command.run(
            Programs.cupel, ["reload", "--table", "beer", "--json", "--endpoint", emulator.endpoint])
        try #require(run.status == 0, "\(run.text)\(run.errors)")
        let document = try JSONSerialization.jsonObject(with: run.output) as? [String: Any]
        return try #require(document?.records("silver").first)
    }
}
