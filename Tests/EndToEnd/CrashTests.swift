import Foundation
import TestEmulator
import TestRandom
import Testing

/// `kill -9` at random times: after a restart everything settles, and nothing is lost, duplicated, or stuck.
@Suite struct CrashTests {
    /// `make soak` asks for more.
    private static let rounds = Int(ProcessInfo.processInfo.environment["CUPEL_CRASH_ROUNDS"] ?? "") ?? 30

    @Test("an emulator that is killed repeatedly during uploads loses and duplicates nothing")
    func killedEmulator() async throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["CUPEL_SEED"] ?? "") ?? UInt64.random(in: 0..<1_000_000)
        print("seed \(seed): CUPEL_SEED=\(seed) repeats this run")
        var random = SeededGenerator(seed: seed)
        // No lease expires before the test ends: an execution that begins again takes over what it held.
        let emulator = try await RunningEmulator(parameters: ["LeaseSeconds": "3600"])
        let folder = try TemporaryDirectory()
        let file = try await Sample.generate(table: "beer", rows: 400, seed: 11, format: "csv", into: folder)
        var accepted: [String] = []
        var round = 0
        // More rounds if the machine is so busy that nothing was uploaded before a kill.
        while round < Self.rounds || accepted.isEmpty {
            async let puts = putUntilRefused(emulator, file: file, round: round)
            try await Task.sleep(for: .milliseconds(Int.random(in: 5..<400, using: &random)))
            emulator.killAtOnce()
            accepted += await puts
            try await emulator.restart()
            round += 1
        }
        _ = try await Command.run(Programs.cupel, ["replay", "--status", "error", "--endpoint", emulator.endpoint])
        let records = try await Referee.lake(emulator, "settle").records("records").filter {
            $0.text("schema_name") == "dm_bronze"
        }
        #expect(Set(accepted).isSubset(of: Set(records.compactMap { $0.text("object_key") })))
        let failed = records.filter { $0.text("status") != "success" }
        #expect(failed.isEmpty, "\(failed)")
        let checked = try await Referee.lake(emulator, "check")
        #expect(checked.int("rows") == 400 * records.count)
    }

    @Test("bronze writers that are killed during conversions lose and duplicate nothing")
    func killedWriters() async throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["CUPEL_SEED"] ?? "") ?? UInt64.random(in: 0..<1_000_000)
        print("seed \(seed): CUPEL_SEED=\(seed) repeats this run")
        var random = SeededGenerator(seed: seed)
        let emulator = try await RunningEmulator(parameters: ["LeaseSeconds": "5", "LambdaMaxRecords": "9000"])
        let folder = try TemporaryDirectory()
        let small = try await Sample.generate(table: "review", rows: 6_000, seed: 12, format: "csv", into: folder)
        let large = try await Sample.generate(table: "review", rows: 12_000, seed: 13, format: "csv", into: folder)
        var (round, killed) = (0, 0)
        // More rounds if no kill met a writer.
        while round < Self.rounds || killed == 0 {
            try await Referee.lake(
                emulator, "put",
                ["raw/review/small-\(round).csv.gz", small, "raw/review/large-\(round).csv.gz", large])
            try await Task.sleep(for: .milliseconds(Int.random(in: 0..<150, using: &random)))
            for child in ChildProcesses.of(emulator.processIdentifier) where child.name == "bronze-writer" {
                kill(child.identifier, SIGKILL)
                killed += 1
            }
            round += 1
        }
        // A crash in a task is an error to replay; a crash in a function is retried by the state machine.
        for _ in 0..<5 {
            let open = try await Referee.lake(emulator, "settle").records("records").filter {
                $0.text("schema_name") == "dm_bronze" && $0.text("status") == "error"
            }
            if open.isEmpty { break }
            _ = try await Command.run(Programs.cupel, ["replay", "--status", "error", "--endpoint", emulator.endpoint])
        }
        let checked = try await Referee.lake(emulator, "check")
        #expect(checked.int("files") == 2 * round)
        #expect(checked.int("rows") == round * 18_000)
    }

    @Test("Iceberg commits that were answered survive a kill; a transaction is in all of its tables or in none")
    func killedCatalog() async throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["CUPEL_SEED"] ?? "") ?? UInt64.random(in: 0..<1_000_000)
        print("seed \(seed): CUPEL_SEED=\(seed) repeats this run")
        var random = SeededGenerator(seed: seed)
        let folder = try TemporaryDirectory()
        let template = "\(folder.path)/bucket.yaml"
        try "Resources: {Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: commits}}}\n"
            .write(toFile: template, atomically: true, encoding: .utf8)
        let emulator = try await RunningEmulator(template: template)
        var (single, both): (Set<String>, Set<String>) = ([], [])
        var round = 0
        // More rounds if no commit was answered before a kill.
        while round < Self.rounds || single.isEmpty || both.isEmpty {
            let mark = "\(folder.path)/\(round)"
            async let answered = Referee.commits(emulator, "write", [mark])
            // A writer that cannot start makes no mark; its error is thrown below.
            for _ in 0..<60_000 where !FileManager.default.fileExists(atPath: mark) {
                try await Task.sleep(for: .milliseconds(5))
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0..<400, using: &random)))
            emulator.killAtOnce()
            let accepted = try await answered
            single.formUnion(accepted["single"] as? [String] ?? [])
            both.formUnion(accepted["both"] as? [String] ?? [])
            try await emulator.restart()
            round += 1
        }
        let found = try await Referee.commits(emulator, "read")
        func properties(of table: String) -> Set<String> { Set(found[table] as? [String] ?? []) }
        #expect(single.isSubset(of: properties(of: "single")))
        #expect(both.isSubset(of: properties(of: "left")))
        #expect(properties(of: "left") == properties(of: "right"))
    }

    /// Puts one file after another until the emulator stops answering.
    /// - Returns: the keys that it accepted.
    private func putUntilRefused(_ emulator: RunningEmulator, file: String, round: Int) async -> [String] {
        var accepted: [String] = []
        for number in 0..<1000 {
            let key = "raw/beer/r\(round)-\(number).csv.gz"
            guard await RawHTTP.put(emulator, key: key, file: file) else { return accepted }
            accepted.append(key)
        }
        return accepted
    }
}
