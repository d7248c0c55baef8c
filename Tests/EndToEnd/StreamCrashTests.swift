import Foundation
import TestEmulator
import TestRandom
import Testing

/// `kill -9` under load on streams: what was accepted is delivered once, in the order of each key.
@Suite struct StreamCrashTests {
    /// `make soak` asks for more.
    private static let rounds = Int(ProcessInfo.processInfo.environment["CUPEL_CRASH_ROUNDS"] ?? "") ?? 20

    @Test("an emulator that is killed repeatedly under mixed load loses, repeats and reorders no record")
    func mixedLoad() async throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["CUPEL_SEED"] ?? "") ?? UInt64.random(in: 0..<1_000_000)
        print("seed \(seed): CUPEL_SEED=\(seed) repeats these times of kills")
        var random = SeededGenerator(seed: seed)
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1", "--kinesis-limits", "off"])
        let folder = try TemporaryDirectory()
        let (stop, file) = (folder.path + "/stop", folder.path + "/accepted")
        async let load = Self.referee(emulator.endpoint, "load", stop)
        for _ in 0..<Self.rounds {
            try await Task.sleep(for: .milliseconds(Int.random(in: 100..<2500, using: &random)))
            emulator.killAtOnce()
            try await emulator.restart()
        }
        try await Task.sleep(for: .milliseconds(500))
        try Data().write(to: URL(filePath: stop))
        let accepted = try await load
        try JSONSerialization.data(withJSONObject: accepted).write(to: URL(filePath: file))
        let count = accepted.values.compactMap { $0 as? [String: [Int]] }.flatMap(\.values).map(\.count).reduce(0, +)
        #expect(count > 0)
        let found = try await Self.referee(emulator.endpoint, "check", file)
        #expect((found["problems"] as? [String])?.isEmpty == true, "\(found)")
        // What was not answered may have been accepted.
        #expect((found.int("delivered") ?? 0) >= count)
        #expect(emulator.stop() == 0)
    }

    static func referee(
        _ endpoint: String, _ command: String, _ argument: String
    ) async throws -> [String: Any] {
        let script = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/stream_load.py"
        let run = try await Command.run(Programs.python, [script, endpoint, command, argument], seconds: 7200)
        guard run.status == 0, let answer = try? JSONSerialization.jsonObject(with: run.output) as? [String: Any] else {
            throw Command.Failure(
                description: "stream_load.py \(command) ended with \(run.status): \(run.errors.suffix(4000))")
        }
        return answer
    }
}
