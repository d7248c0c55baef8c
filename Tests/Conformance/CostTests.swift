import Foundation
import TestEmulator
import Testing

/// The costs in `infra/README.md` are computed.
@Suite struct CostTests {
    @Test("the cost tables in infra/README.md are those that infra/cost computes")
    func costTables() async throws {
        let run = try await Command.run(Programs.python, ["\(Programs.packageRoot)/infra/cost"])
        #expect(run.status == 0, "\(run.errors)")
        let computed = run.text.split(separator: "\n").filter { $0.hasPrefix("|") }
        let readme = try String(contentsOfFile: "\(Programs.packageRoot)/infra/README.md", encoding: .utf8)
        let written = Set(readme.split(separator: "\n"))
        #expect(computed.count > 15)
        for line in computed {
            #expect(written.contains(line), "infra/README.md lacks the line of infra/cost: \(line)")
        }
    }
}
