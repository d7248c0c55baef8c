import Foundation
import TestEmulator
import TestRandom
import Testing

/// `kill -9` while bronze files become silver: every change is in the table once, and no record is stuck.
@Suite struct SilverCrashTests {
    /// `make soak` asks for more.
    private static let rounds = Int(ProcessInfo.processInfo.environment["CUPEL_CRASH_ROUNDS"] ?? "") ?? 20

    enum Victim: String, CaseIterable {
        case merge = "silver-merge"
        case emulator
    }

    @Test("merges and emulators that are killed repeatedly lose and repeat no change", arguments: Victim.allCases)
    func killed(victim: Victim) async throws {
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
        // More rounds if no kill met its victim, up to a limit: the load may have ended.
        while round < Self.rounds || hits == 0 && round < Self.rounds * 100 {
            try await Task.sleep(for: .milliseconds(Int.random(in: 20..<600, using: &random)))
            switch victim {
            case .merge: hits += killChildren(of: emulator, named: victim.rawValue)
            case .emulator:
                emulator.killAtOnce()
                try await emulator.restart()
                hits += 1
            }
            round += 1
        }
        try Data().write(to: URL(filePath: stop))
        let accepted = try await load["accepted"] as? [String] ?? []
        #expect(!accepted.isEmpty && hits > 0)
        _ = try await Command.run(Programs.cupel, ["replay", "--status", "error", "--endpoint", emulator.endpoint])
        let bronze = try await Referee.lake(emulator, "settle").records("records").filter {
            $0.text("schema_name") == "dm_bronze"
        }
        #expect(Set(accepted).isSubset(of: Set(bronze.compactMap { $0.text("object_key") })))
        #expect(bronze.allSatisfy { $0.text("status") == "success" })
        #expect(try await Referee.silver(emulator, "finish").records("errors").isEmpty)
        #expect(try #require(try await Referee.silver(emulator, "check", ["beer"]).int("rows")) > 0)
        #expect(emulator.stop() == 0)
    }

    private func killChildren(of emulator: RunningEmulator, named name: String) -> Int {
        ChildProcesses.of(emulator.processIdentifier).filter { $0.name == name }
            .count { kill($0.identifier, SIGKILL) == 0 }
    }
}
