import TestEmulator
import Testing

/// The published suite of Firehose's documented rules, against the emulator.
@Suite struct FirehoseTests {
    @Test(
        "every documented rule of Firehose holds",
        arguments: ["transformation", "object_names", "partitions", "kinesis_source", "aggregated_records"])
    func documentedRules(part: String) async throws {
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1"])
        let run = try await Command.run(
            Programs.python,
            [
                "-B", "-m", "unittest", "discover", "--start-directory",
                "\(Programs.packageRoot)/Tests/Conformance/Firehose", "--pattern", "test_\(part).py",
            ], environment: ["ENDPOINT": emulator.endpoint])
        #expect(run.status == 0, "\(run.errors.suffix(6000))")
        #expect(!run.errors.contains("Ran 0 tests") && !run.errors.contains("skipped"), "\(run.errors.suffix(2000))")
        #expect(emulator.stop() == 0)
    }
}
