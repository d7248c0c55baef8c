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

    @Test("a small change record costs as much as the steps of Kinesis and Firehose that it is billed in")
    func smallRecords() async throws {
        let run = try await Command.run(
            Programs.python, ["\(Programs.packageRoot)/infra/cost", "--changes", "1000", "--bytes", "325"])
        #expect(run.status == 0, "\(run.errors)")
        let line = try #require(
            run.text.split(separator: "\n").first { $0.hasPrefix("change-capture and the stream: ") })
        let total = try #require(Double(line.split(separator: " ")[4].replacing(",", with: "")))
        // 1 KB at 0.08 USD a GB, 5 KB at 0.029, and what is billed by its size; the stream's hours and the task's.
        let kinesis: Double = 1024 * (0.08 + 0.10 / 30) + 325 * 0.04
        let firehose: Double = 5 * 1024 * 0.029 + 325 * 0.02
        let hours: Double = 730 * (0.04 + 0.04937 + 5 * 0.02)
        let expected = (kinesis + firehose) * 1000 * 730 * 3600 / 1e9 + hours
        #expect(abs(total - expected) < 0.01)
    }

    @Test("a record without a size is an error")
    func noSize() async throws {
        let run = try await Command.run(
            Programs.python, ["\(Programs.packageRoot)/infra/cost", "--changes", "1", "--bytes", "0"])
        #expect(run.status == 2 && run.errors.contains("--bytes: expected at least 1"))
    }
}
