import Foundation
import TestEmulator
import Testing

/// Events that the pipeline gives up on stay in the queues that the alarms watch.
@Suite struct DeadLetterTests {
    @Test("records and events without retries left are in their dead-letter queues, also after a crash")
    func deadLetters() async throws {
        let folder = try TemporaryDirectory()
        let pipeline = try ChangedPipeline(in: folder)
        try pipeline.replace("MaximumRetryAttempts: 10\n", with: "MaximumRetryAttempts: 1\n", in: "pipeline.yaml")
        let emulator = try await RunningEmulator(template: pipeline.template)
        let found = try await referee(emulator, "cause")
        #expect(found.text("letter_id") == found.text("control_id"))
        let pipe = found["pipe"] as? [String: Any] ?? [:]
        #expect((pipe["context"] as? [String: Any])?.text("condition") == "RetryAttemptsExhausted")
        #expect((pipe["DDBStreamBatchInfo"] as? [String: Any])?.int("batchSize") == 1)
        let lost = found["lost"] as? [String: Any] ?? [:]
        #expect((lost["requestContext"] as? [String: Any])?.text("condition") == "RetriesExhausted")
        #expect((lost["requestContext"] as? [String: Any])?.int("approximateInvokeCount") == 3)
        #expect(lost["requestPayload"] as? NSDictionary == found["event"] as? NSDictionary)

        emulator.killAtOnce()
        try await emulator.restart()
        let depths = try await referee(emulator, "depths") as? [String: Int]
        #expect(depths == ["cupel-dev-pending-records-dead": 1, "cupel-dev-lost-events": 1])
        #expect(emulator.stop() == 0)
    }

    private func referee(_ emulator: RunningEmulator, _ command: String) async throws -> [String: Any] {
        let script = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/dead_letters.py"
        let run = try await Command.run(Programs.python, [script, emulator.endpoint, command])
        try #require(run.status == 0, "\(run.errors.suffix(4000))")
        return try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
    }
}
