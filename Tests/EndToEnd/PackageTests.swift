import TestEmulator
import Testing

/// What `make package` made, as AWS would run it: an empty, read-only root, nobody's privileges, AWS's own Runtime Interface
/// Emulator, names from DNS, HTTPS with certificates to check. One test, because all of it shares one set of namespaces.
@Suite struct PackageTests {
    @Test func packagesAreReproducibleDescribedAndRunInAnEmptyRootAsTheyRunOnAWS() async throws {
        let referee = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/package"
        let run = try await Command.run(
            Programs.python, ["-B", referee, Programs.packages, Programs.runtimeInterfaceEmulator], seconds: 600)
        let failures = run.text.split(separator: "\n").filter { $0.hasPrefix("FAILED") }
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
        #expect(run.status == 0, "\(run.errors.suffix(2000))")
        #expect(run.text.contains("ok "))
    }
}
