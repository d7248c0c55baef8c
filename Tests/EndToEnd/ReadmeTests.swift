import TestEmulator
import Testing

/// The commands that the project's pages show.
@Suite struct ReadmeTests {
    @Test(
        "every command that a page shows runs as it is printed, or is listed with the reason why not",
        .timeLimit(.minutes(20)))
    func commands() async throws {
        let referee = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/readme.py"
        let run = try await Command.run(
            Programs.python, ["-B", referee, Programs.cupel, Programs.packageRoot], seconds: 1200)
        let failures = run.text.split(separator: "\n").filter { $0.hasPrefix("FAILED") }
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
        #expect(run.status == 0, "\(run.errors.suffix(2000))")
        #expect(run.text.contains("ok "))
    }
}
