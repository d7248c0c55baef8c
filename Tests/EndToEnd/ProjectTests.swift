import Foundation
import TestEmulator
import Testing

/// A project of the user's own: `cupel init`, init hooks, the reset, and the plugin for pytest.
@Suite struct ProjectTests {
    @Test(
        "a new project works, its hooks run, a reset leaves nothing, and pytest has a fixture", .timeLimit(.minutes(20))
    )
    func project() async throws {
        let referee = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/project.py"
        let run = try await Command.run(
            Programs.python, ["-B", referee, Programs.cupel, Programs.packageRoot])
        let failures = run.text.split(separator: "\n").filter { $0.hasPrefix("FAILED") }
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
        #expect(run.status == 0, "\(run.errors.suffix(2000))")
        #expect(run.text.contains("ok "))
    }
}
