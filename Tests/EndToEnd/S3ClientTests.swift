import Foundation
import Testing

/// S3 as boto3, the AWS CLI and bare HTTP see it. Emulator and client here share no code with them, and no mistake.
@Suite struct S3ClientTests {
    @Test func `boto3, the AWS CLI and bare HTTP get the answers that S3 documents`() async throws {
        let emulator = try await RunningEmulator()
        let checks = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/s3"
        let run = try await Command.run(Programs.python, ["-B", checks, emulator.endpoint])
        let failures = run.text.split(separator: "\n").filter { $0.hasPrefix("FAILED") }
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
        #expect(run.status == 0, "\(run.errors.suffix(2000))")
        #expect(emulator.stop() == 0)
    }
}
