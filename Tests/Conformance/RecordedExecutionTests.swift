import Foundation
import JSON
import TestEmulator
import Testing

/// Executions recorded on AWS are repeated on the emulator: status, output, error, and cause must be equal.
@Suite struct RecordedExecutionTests {
    private static let cases = "\(Programs.packageRoot)/../shared/conformance/asl"

    /// The cases that are known to differ, each with its reason in a comment above it.
    private static func notEmulated() throws -> Set<String> {
        let text = try String(
            contentsOfFile: "\(Programs.packageRoot)/Tests/Conformance/asl-not-emulated.txt", encoding: .utf8)
        return Set(text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init))
    }

    @Test("a recorded execution ends as it ended on AWS")
    func recordedExecutions() async throws {
        guard FileManager.default.fileExists(atPath: Self.cases) else {
            print("The recorded executions are missing: nothing is compared.")
            return
        }
        let notEmulated = try Self.notEmulated()
        // Some were recorded with timeouts of a few seconds, which a busy machine exceeds: it gets eight times as long.
        var results = try await repeated(at: 0.125)
        #expect(results.count > 600)
        // The rest run again, each alone: as fast as on AWS, for the script waits no longer than twenty seconds for some;
        // then with ever more time.
        for (speed, seconds) in [(1, 120), (0.125, 300), (1.0 / 60, 600)] {
            for (name, outcome) in results where outcome["result"]?.bool != true && !notEmulated.contains(name) {
                print("\(name) differs and runs again.")
                results.merge(try await repeated(at: speed, only: name, seconds: seconds)) { $1 }
            }
        }
        for (name, outcome) in results where outcome["result"]?.bool != true && !notEmulated.contains(name) {
            let differences = (outcome["runs"]?.array ?? []).flatMap { $0["diffs"]?.array ?? [] }
            Issue.record("\(name): \(differences.prefix(4).map(\.text).joined(separator: "; "))")
        }
        for name in notEmulated.sorted() {
            let outcome = try #require(results[name], "asl-not-emulated.txt names \(name), which is not a case")
            if outcome["result"]?.bool == true { print("\(name) passes: remove it from asl-not-emulated.txt.") }
        }
    }

    /// Repeats all cases, or one, on an emulator whose executions pass at this speed.
    /// - Parameter seconds: how long a case may take.
    /// - Returns: the outcome of each.
    private func repeated(
        at speed: Double, only name: String? = nil, seconds: Int = 600
    ) async throws -> [String: JSON] {
        let emulator = try await RunningEmulator(options: ["--execution-speed", "\(speed)"])
        let folder = try TemporaryDirectory()
        let reportFile = "\(folder.path)/report.json"
        let run = try await Command.run(
            Programs.python,
            [
                "-B", "\(Self.cases)/run_asl.py", "--endpoint", emulator.endpoint, "--cases", "\(Self.cases)/cases",
                "--report", reportFile, "--workers", "16", "--timeout", "\(seconds)",
            ] + (name.map { ["--id", "^\(NSRegularExpression.escapedPattern(for: $0))$"] } ?? []))
        print(run.text)
        let report = try #require(
            FileManager.default.contents(atPath: reportFile), "no report: \(run.errors.suffix(2000))")
        #expect(emulator.stop() == 0)
        let cases = try #require(try JSON(parsing: Array(report))["cases"]?.object)
        return Dictionary(cases.map { ($0.name, $0.value) }) { $1 }
    }
}
