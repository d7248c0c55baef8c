import Foundation
import TestEmulator
import Testing

/// The writer may be limited to some files at once. The others wait.
@Suite struct ThrottlingTests {
    @Test(
        "a file that Lambda has no room for stays pending without a counted attempt, and is converted once there is room"
    )
    func noRoom() async throws {
        let folder = try TemporaryDirectory()
        let pipeline = try ChangedPipeline(in: folder)
        let limit = "ReservedConcurrentExecutions: !If [LimitedWriter, !Ref WriterConcurrency, !Ref AWS::NoValue]"
        try pipeline.replace(limit, with: "ReservedConcurrentExecutions: 0", in: "pipeline.yaml")
        let emulator = try await RunningEmulator(template: pipeline.template)
        let waiting = try await referee(emulator, "refuse")
        #expect(waiting.text("status") == "pending" && waiting.int("attempt_count") == 0, "\(waiting)")
        #expect(emulator.stop() == 0)

        try pipeline.replace("ReservedConcurrentExecutions: 0", with: limit, in: "pipeline.yaml")
        try await emulator.restart()
        let converted = try await referee(emulator, "settle")
        #expect(converted.text("status") == "success" && converted.int("attempt_count") == 1, "\(converted)")
        #expect(emulator.stop() == 0)
    }

    private func referee(_ emulator: RunningEmulator, _ command: String) async throws -> [String: Any] {
        let script = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/throttling.py"
        let run = try await Command.run(Programs.python, [script, emulator.endpoint, command])
        try #require(run.status == 0, "\(run.errors.suffix(4000))")
        return try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
    }
}
