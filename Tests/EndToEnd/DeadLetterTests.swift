import Foundation
import TestEmulator
import Testing

/// What is given up is where the alarms look, and stays there.
@Suite struct DeadLetterTests {
    @Test func whatThePipeAndTheRecorderGiveUpIsInTheirQueuesAlsoAfterACrash() async throws {
        let folder = try TemporaryDirectory()
        let emulator = try await RunningEmulator(template: try impatientTemplate(in: folder))
        let found = try await referee(emulator, "cause")
        #expect(found.text("buried_id") == found.text("control_id"))
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

    /// The pipeline's own template, whose pipe tries again once and not ten times.
    private func impatientTemplate(in folder: TemporaryDirectory) throws -> String {
        let text = try String(contentsOfFile: "\(Programs.packageRoot)/infra/pipeline.yaml", encoding: .utf8)
        let parts = text.components(separatedBy: "MaximumRetryAttempts: 10\n")
        try #require(parts.count == 2)
        let files = FileManager.default
        try files.copyItem(atPath: "\(Programs.packageRoot)/infra", toPath: "\(folder.path)/infra")
        try files.createSymbolicLink(
            atPath: "\(folder.path)/StateMachines", withDestinationPath: "\(Programs.packageRoot)/StateMachines")
        let path = "\(folder.path)/infra/pipeline.yaml"
        try parts.joined(separator: "MaximumRetryAttempts: 1\n").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func referee(_ emulator: RunningEmulator, _ command: String) async throws -> [String: Any] {
        let script = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/dead_letters.py"
        let run = try await Command.run(Programs.python, [script, emulator.endpoint, command])
        try #require(run.status == 0, "\(run.errors.suffix(4000))")
        return try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
    }
}
