import Foundation
import TestEmulator
import TestPostgres
import TestRandom
import Testing

/// `kill -9` of the capture, the emulator and the database while changes are made: then bronze, folded, equals the source.
@Suite struct CaptureCrashTests {
    /// `make soak` asks for more.
    private static let rounds = Int(ProcessInfo.processInfo.environment["CUPEL_CRASH_ROUNDS"] ?? "") ?? 20

    @Test("changes that are captured while every part is killed in turn are neither lost nor doubled")
    func kills() async throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["CUPEL_SEED"] ?? "") ?? UInt64.random(in: 0..<1_000_000)
        print("seed \(seed): CUPEL_SEED=\(seed) repeats this run")
        var random = SeededGenerator(seed: seed)
        let postgres = try await TemporaryPostgres(settings: ["logical_decoding_work_mem=64kB", "fsync=on"])
        // A dead worker's lease must expire before the test ends.
        let emulator = try await RunningEmulator(
            parameters: ["LeaseSeconds": "5"], options: ["--firehose-interval", "1", "--kinesis-limits", "off"])
        try await CapturedTables.publishContracts(emulator, ["item", "whole"])
        try await postgres.run(
            CapturedTables.create + CapturedTables.insert("item", 1, 2000) + "DROP TABLE dm_core.whole;")
        var capture = try await CaptureProcess(postgres, emulator, tables: "dm_core.*")
        var hasWhole = false
        for round in 0..<Self.rounds {
            if round == Self.rounds / 4 {
                hasWhole = true
                try await postgres.run(
                    "CREATE TABLE dm_core.whole (LIKE dm_core.item INCLUDING ALL); "
                        + "ALTER TABLE dm_core.whole REPLICA IDENTITY FULL;" + CapturedTables.insert("whole", 1, 2000))
            }
            let statements = (0..<Int.random(in: 3..<12, using: &random)).map { _ in
                Self.statement(hasWhole && Bool.random(using: &random) ? "whole" : "item", &random)
            }.joined(separator: "\n")
            async let changes: String = postgres.run(statements, stopsAtErrors: false)
            try await Task.sleep(for: .milliseconds(Int.random(in: 0..<700, using: &random)))
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1:
                postgres.stop(atOnce: true)
                _ = try await changes
                try await postgres.start()
            case 2, 3:
                emulator.killAtOnce()
                _ = try await changes
                try await emulator.restart()
            default:
                capture.killAtOnce()
                _ = try await changes
                capture = try await CaptureProcess(
                    postgres, emulator, tables: "dm_core.*",
                    options: ["--aggregate", Bool.random(using: &random) ? "on" : "off"])
            }
        }
        let counts: [String: [String: Any]]
        #expect(capture.isRunning, "it ended by itself and said: \(capture.log.suffix(4000))")
        do {
            counts = try await CapturedTables.compare(postgres, emulator, hasWhole ? ["item", "whole"] : ["item"])
        } catch {
            print("change-capture \(capture.isRunning ? "runs" : "has ended") and said: \(capture.log.suffix(4000))")
            print("the emulator said: \(emulator.errors.suffix(4000))")
            throw error
        }
        print("captured: \(counts)")
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    /// A statement, or a transaction of several, that changes a table of ``CapturedTables``.
    static func statement(_ table: String, _ random: inout SeededGenerator) -> String {
        let name = "dm_core.\(table)"
        let first = Int.random(in: 1..<3000, using: &random)
        let some = "id BETWEEN \(first) AND \(first + Int.random(in: 0..<40, using: &random))"
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<5: return CapturedTables.insert(table, first, first + 30)
        case 5..<9: return "UPDATE \(name) SET note = 'u\(first)', part = part + 1 WHERE \(some);"
        case 9..<11: return "UPDATE \(name) SET big = repeat('\(first)', 900) WHERE \(some);"
        case 11..<13: return "UPDATE \(name) SET id = id + \(first % 2 == 0 ? 5000 : -5000) WHERE \(some);"
        case 13..<15: return "DELETE FROM \(name) WHERE \(some);"
        case 15: return first % 5 == 0 ? "TRUNCATE \(name);" : "UPDATE \(name) SET flag = NOT flag WHERE \(some);"
        case 16..<18:
            return
                "BEGIN; \(CapturedTables.insert(table, first, first + 200)) SAVEPOINT a; UPDATE \(name) SET ratio = 2; "
                + "ROLLBACK TO a; DELETE FROM \(name) WHERE \(some); COMMIT;"
        default:
            return
                "BEGIN; \(CapturedTables.insert(table, 4000, 4300)) UPDATE \(name) SET amount = amount * 2 WHERE id > 3900; "
                + (first % 2 == 0 ? "ROLLBACK;" : "COMMIT;")
        }
    }
}
