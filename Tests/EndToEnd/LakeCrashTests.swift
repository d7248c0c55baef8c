import Foundation
import TestEmulator
import TestRandom
import Testing

/// `kill -9` of merges, maintenance and erasures of one table, all at once: nothing is lost or doubled, and who was erased stays so.
@Suite struct LakeCrashTests {
    /// `make soak` asks for more.
    private static let rounds = Int(ProcessInfo.processInfo.environment["CUPEL_CRASH_ROUNDS"] ?? "") ?? 6

    /// Keys that the load does not use.
    private static func key(_ round: Int) -> Int { 100_000 + round }
    private static func name(_ round: Int) -> String { "zebulon-\(round)-" }

    /// Uploads rows of some rounds' keys; they come to silver with the load's.
    private func put(
        _ emulator: RunningEmulator, _ file: String, _ rounds: [Int], _ folder: TemporaryDirectory
    ) async throws {
        let lines = rounds.map { round in
            "{\"beer_id\":\(Self.key(round)),\"brewery_id\":1,\"beer_name\":\"\(Self.name(round))\",\"beer_style\":\"Porter\",\"beer_abv\":5.5}"
        }
        let path = "\(folder.path)/person.json"
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        try await Referee.lake(emulator, "put", ["raw/beer/\(file).json", path])
    }

    private func erase(
        _ emulator: RunningEmulator, _ round: Int, seconds: Double = 1800
    ) async throws -> Command {
        try await Command.run(
            Programs.cupel,
            [
                "erase", "--table", "beer", "--key", "\(Self.key(round))", "--yes", "--endpoint", emulator.endpoint,
            ], seconds: seconds)
    }

    private func killChildren(of emulator: RunningEmulator, named name: String) -> Int {
        // The system cuts a process's name at 15 bytes.
        ChildProcesses.of(emulator.processIdentifier).filter { $0.name == name.prefix(15) }
            .count { kill($0.identifier, SIGKILL) == 0 }
    }

    @Test("merges, maintenance and erasures that are killed repeatedly lose, double and bring back nothing")
    func killed() async throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["CUPEL_SEED"] ?? "") ?? UInt64.random(in: 0..<1_000_000)
        print("seed \(seed): CUPEL_SEED=\(seed) repeats these times of kills")
        var random = SeededGenerator(seed: seed)
        let emulator = try await RunningEmulator(parameters: ["LeaseSeconds": "5"])
        let folder = try TemporaryDirectory()
        // The first file makes the table.
        try await put(emulator, "first", [0], folder)
        try await Referee.lake(emulator, "settle")
        _ = try await Referee.silver(emulator, "merge")
        let stop = folder.path + "/stop"
        async let load = Referee.silver(emulator, "load", [stop])
        for _ in 0..<60_000 where !FileManager.default.fileExists(atPath: "\(stop).begun") {
            try await Task.sleep(for: .milliseconds(5))
        }
        var hits = ["silver-merge": 0, "lake-maintenance": 0, "erase": 0]
        var round = 0
        // More rounds if no kill met one of the victims, up to a limit.
        while round < Self.rounds || hits.values.contains(0) && round < Self.rounds * 20 {
            // With somebody who may have been erased before.
            try await put(emulator, "person-\(round)", [round, Int.random(in: 0...round, using: &random)], folder)
            let pause = Duration.milliseconds(Int.random(in: 20..<800, using: &random))
            switch round % 3 {
            case 0:
                let seconds = Double(pause.components.attoseconds) / 1e18 + Double(pause.components.seconds)
                if try await erase(emulator, round, seconds: seconds).status == 128 + SIGKILL {
                    hits["erase", default: 0] += 1
                }
            case 1:
                try await Task.sleep(for: pause)
                hits["silver-merge", default: 0] += killChildren(of: emulator, named: "silver-merge")
            default:
                async let run = Command.run(
                    Programs.cupel, ["table", "maintain", "--all", "--endpoint", emulator.endpoint])
                try await Task.sleep(for: pause)
                hits["lake-maintenance", default: 0] += killChildren(of: emulator, named: "lake-maintenance")
                _ = try await run
            }
            round += 1
        }
        try Data().write(to: URL(filePath: stop))
        let accepted = try await load["accepted"] as? [String] ?? []
        #expect(!accepted.isEmpty && !hits.values.contains(0), "\(hits)")
        // Every third person is erased; an erasure that was killed is started again.
        let erased = Array(stride(from: 0, to: round, by: 3))
        for round in erased {
            let run = try await erase(emulator, round)
            #expect(run.status == 0, "\(run.errors)")
        }
        let replay = try await Command.run(
            Programs.cupel,
            ["replay", "--table", "beer", "--status", "success", "--force", "--endpoint", emulator.endpoint])
        #expect(replay.status == 0, "\(replay.errors)")
        let bronze = try await Referee.lake(emulator, "settle").records("records").filter {
            $0.text("schema_name") == "dm_bronze"
        }
        #expect(Set(accepted).isSubset(of: Set(bronze.compactMap { $0.text("object_key") })))
        #expect(bronze.allSatisfy { $0.text("status") == "success" })
        #expect(try await Referee.silver(emulator, "finish").records("errors").isEmpty)
        // The others are there as bronze has them, each once; and bronze has none of those that were erased.
        try await Referee.silver(emulator, "check", ["beer"])
        let found = try await Referee.find(emulator, (0..<round).map(Self.name))
        for number in 0..<round {
            let places = (found[Self.name(number)] ?? []).filter { !$0.contains("/raw/") }
            let isErased = erased.contains(number)
            #expect(places.isEmpty == isErased, "\(number): \(places)")
            #expect(isErased || places.contains { $0.contains("silver/beer/data") }, "\(number): \(places)")
        }
        #expect(emulator.stop() == 0)
    }
}
