import Foundation
import JSON
import TestEmulator
import Testing

/// Executions recorded on AWS, played again on the emulator: statuses, outputs, errors and causes must be the same.
@Suite struct RecordedExecutionTests {
    private static let cases = "\(Programs.packageRoot)/../shared/conformance/asl"

    /// The cases whose result is known not to be reached, each with its reason as a comment above it.
    private static func notPlayed() throws -> Set<String> {
        let text = try String(
            contentsOfFile: "\(Programs.packageRoot)/Tests/Conformance/asl-not-played.txt", encoding: .utf8)
        return Set(text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init))
    }

    @Test func executionsEndAsTheyEndedOnAWS() async throws {
        guard FileManager.default.fileExists(atPath: Self.cases) else {
            print("The recorded executions are not beside this clone: nothing to compare with.")
            return
        }
        let notPlayed = try Self.notPlayed()
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let reportFile = "\(folder.path)/report.json"
        let run = try await Command.run(
            Programs.python,
            [
                "-B", "\(Self.cases)/run_asl.py", "--endpoint", emulator.endpoint, "--cases", "\(Self.cases)/cases",
                "--report", reportFile, "--workers", "8", "--timeout", "45",
            ], seconds: 900)
        print(run.text)
        let report = try #require(
            FileManager.default.contents(atPath: reportFile), "no report: \(run.errors.suffix(2000))")
        let results = try #require(try JSON(parsing: Array(report))["cases"]?.object)
        #expect(results.count > 600)
        for (name, outcome) in results where outcome["result"]?.bool != true && !notPlayed.contains(name) {
            let differences = (outcome["runs"]?.array ?? []).flatMap { $0["diffs"]?.array ?? [] }
            Issue.record("\(name): \(differences.prefix(4).map(\.text).joined(separator: "; "))")
        }
        for name in notPlayed.sorted() {
            let outcome = try #require(results[name], "asl-not-played.txt names \(name), which is no case")
            if outcome["result"]?.bool == true { print("\(name) passes: take it out of asl-not-played.txt.") }
        }
        #expect(emulator.stop() == 0)
    }
}
