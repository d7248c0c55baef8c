import Foundation
import TestEmulator
import TestRandom
import Testing

/// lake-maintenance as it is deployed: by its schedule, by `cupel table maintain`, and killed at any moment.
@Suite struct MaintenanceTests {
    /// `make soak` asks for more.
    private static let rounds = Int(ProcessInfo.processInfo.environment["CUPEL_CRASH_ROUNDS"] ?? "") ?? 10

    /// A table that some files have made, each with keys of its own.
    private func grow(_ emulator: RunningEmulator, by files: Int, _ folder: TemporaryDirectory) async throws {
        for number in 0..<files {
            let lines = (0..<40).map { row in
                "{\"beer_id\":\(row * 100 + number + 1),\"brewery_id\":\(row + 1),\"beer_name\":\"b\(number)-\(row)\",\"beer_style\":\"Porter\",\"beer_abv\":5.5}"
            }
            let file = "\(folder.path)/beer-\(number).json"
            try lines.joined(separator: "\n").appending("\n").write(toFile: file, atomically: true, encoding: .utf8)
            try await Referee.lake(emulator, "put", ["raw/beer/beer-\(number).json", file])
            try await Referee.lake(emulator, "settle")
            _ = try await Referee.silver(emulator, "merge")
        }
    }

    private func maintain(_ emulator: RunningEmulator, _ arguments: [String]) async throws -> [String: Any] {
        let run = try await Command.run(
            Programs.cupel, ["table", "maintain"] + arguments + ["--json", "--endpoint", emulator.endpoint])
        #expect(run.status == 0, "\(run.errors)")
        let document = try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
        return try #require(document.records("tables").first { $0.text("table") == "dm_silver.beer" })
    }

    @Test("the command joins files; pyiceberg and DuckDB read the same rows before and after") func command()
        async throws
    {
        let emulator = try await RunningEmulator(parameters: ["SilverSchedule": "rate(7 days)"])
        let folder = try TemporaryDirectory()
        try await grow(emulator, by: 6, folder)
        let before = try await Referee.silver(emulator, "check", ["beer"])
        #expect(before.int("files") == 6)

        let planned = try await maintain(emulator, ["beer", "--dry-run"])
        #expect(planned.text("outcome") == "planned" && planned.int("joined_files") == 6, "\(planned)")
        #expect(try await Referee.silver(emulator, "check", ["beer"]).int("files") == 6)

        let done = try await maintain(emulator, ["--all"])
        #expect(done.text("outcome") == "maintained" && done.int("joined_files") == 6, "\(done)")
        #expect(done.int("written_files") == 1 && done["cost_usd"] is Double, "\(done)")
        let after = try await Referee.silver(emulator, "check", ["beer"])
        #expect(after.int("files") == 1 && after.int("rows") == before.int("rows"))

        #expect(try await maintain(emulator, ["silver.beer"]).text("outcome") == "unchanged")
        // Merges go on from what is there.
        let changes = "\(folder.path)/changes.json.gz"
        try await Referee.silver(emulator, "changes", ["beer", "3", "200", changes])
        try await Referee.lake(emulator, "put", ["raw/beer/changes.json.gz", changes])
        try await Referee.lake(emulator, "settle")
        _ = try await Referee.silver(emulator, "merge")
        try await Referee.silver(emulator, "check", ["beer"])

        let unknown = try await Command.run(
            Programs.cupel, ["table", "maintain", "beers", "--endpoint", emulator.endpoint])
        #expect(unknown.status == 3 && unknown.errors.contains("did you mean silver.beer?"), "\(unknown.errors)")
        let both = try await Command.run(
            Programs.cupel, ["table", "maintain", "beer", "--all", "--endpoint", emulator.endpoint])
        #expect(both.status != 0 && both.errors.contains("expected a table or --all"), "\(both.errors)")
        #expect(emulator.stop() == 0)
    }

    @Test("the schedule of the template maintains every table") func schedule() async throws {
        let emulator = try await RunningEmulator(
            parameters: ["MaintenanceSchedule": "rate(1 minute)"], options: ["--enforce-iam"])
        let folder = try TemporaryDirectory()
        try await grow(emulator, by: 6, folder)
        var files = 6
        // On a slow machine it may begin before all files are there, and leaves too few to be joined once more.
        for _ in 0..<9000 where files > 5 {
            try await Task.sleep(for: .milliseconds(200))
            let run = try await Command.run(
                Programs.cupel, ["table", "list", "--json", "--endpoint", emulator.endpoint])
            let document = try JSONSerialization.jsonObject(with: run.output) as? [String: Any]
            files =
                document?.records("tables").first { $0.text("table") == "dm_silver.beer" }?.int("data_files") ?? files
        }
        #expect(files <= 5)
        #expect(try await Referee.silver(emulator, "check", ["beer"]).int("rows") == 240)
        #expect(emulator.stop() == 0)
    }

    @Test("maintenance that is killed repeatedly beside merges loses, repeats and brings back no change")
    func killed() async throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["CUPEL_SEED"] ?? "") ?? UInt64.random(in: 0..<1_000_000)
        print("seed \(seed): CUPEL_SEED=\(seed) repeats these times of kills")
        var random = SeededGenerator(seed: seed)
        let emulator = try await RunningEmulator(parameters: ["LeaseSeconds": "5"])
        let folder = try TemporaryDirectory()
        let stop = folder.path + "/stop"
        async let load = Referee.silver(emulator, "load", [stop])
        // One that cannot start makes no mark; its error is thrown below.
        for _ in 0..<60_000 where !FileManager.default.fileExists(atPath: "\(stop).begun") {
            try await Task.sleep(for: .milliseconds(5))
        }
        var (round, hits) = (0, 0)
        while round < Self.rounds || hits == 0 && round < Self.rounds * 20 {
            // The killed one fails, and says so.
            async let run = Command.run(
                Programs.cupel, ["table", "maintain", "--all", "--endpoint", emulator.endpoint])
            try await Task.sleep(for: .milliseconds(Int.random(in: 20..<400, using: &random)))
            hits += ChildProcesses.of(emulator.processIdentifier).filter { $0.name.hasPrefix("lake-maint") }
                .count { kill($0.identifier, SIGKILL) == 0 }
            _ = try await run
            round += 1
        }
        try Data().write(to: URL(filePath: stop))
        let accepted = try await load["accepted"] as? [String] ?? []
        #expect(!accepted.isEmpty && hits > 0)
        try await Referee.lake(emulator, "settle")
        #expect(try await Referee.silver(emulator, "finish").records("errors").isEmpty)
        try await Referee.silver(emulator, "check", ["beer"])
        _ = try await maintain(emulator, ["--all"])
        #expect(try #require(try await Referee.silver(emulator, "check", ["beer"]).int("rows")) > 0)
        #expect(emulator.stop() == 0)
    }
}
