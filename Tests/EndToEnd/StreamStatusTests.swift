import Foundation
import TestEmulator
import Testing

/// What `cupel status` and the report at start say of streams, while records wait, move and arrive.
@Suite struct StreamStatusTests {
    @Test("status and the report at start show shards, what waits and for how long, buffers and partitions")
    func waiting() async throws {
        // Firehose's own intervals: a batch waits for a minute, a buffer longer.
        let emulator = try await RunningEmulator(options: ["--kinesis-limits", "off"])
        #expect(emulator.output.contains(#/cupel-dev-changes-to-raw +4 +0 +0\.0 +0 +0 B +0\n/#), "\(emulator.output)")
        let found = try await Self.referee(emulator, "waits")
        #expect(found["problems"] as? [String] == [], "\(found)")
        let table = try #require(found.text("table"))
        let row = #/cupel-dev-changes-to-raw +4 +0 +0\.0 +4 +3\.0 MB +3\n/#
        #expect(table.contains("SHARDS") && table.contains(row), "\(table)")
        #expect(table.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(table)")
        // What an earlier run has left is in the report of the next one.
        emulator.killAtOnce()
        try await emulator.restart()
        #expect(emulator.output.contains(row), "\(emulator.output)")
        #expect(emulator.stop() == 0)
    }

    @Test("status is true while records arrive, and says nothing of streams where all are delivered")
    func underLoad() async throws {
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1", "--kinesis-limits", "off"])
        let found = try await Self.referee(emulator, "load")
        #expect(found["problems"] as? [String] == [], "\(found)")
        #expect(found.int("asked") ?? 0 >= 25 && found.int("accepted") ?? 0 > 0)
        #expect(found.text("table")?.contains("PARTITIONS") == false)
        #expect(emulator.stop() == 0)
    }

    private static func referee(_ emulator: RunningEmulator, _ command: String) async throws -> [String: Any] {
        let script = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/stream_status.py"
        let run = try await Command.run(
            Programs.python, [script, emulator.endpoint, Programs.cupel, command], seconds: 1800)
        guard run.status == 0, let answer = try? JSONSerialization.jsonObject(with: run.output) as? [String: Any] else {
            throw Command.Failure(
                description: "stream_status.py \(command) ended with \(run.status): \(run.errors.suffix(4000))")
        }
        return answer
    }
}
