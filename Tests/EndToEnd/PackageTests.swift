import Foundation
import TestEmulator
import Testing

/// Runs the packages as AWS would: in an empty, read-only root, as nobody, under AWS's Runtime Interface Emulator, and
/// with DNS and verified HTTPS. It is one test, because all of it shares one set of namespaces.
@Suite(.enabled(if: Programs.isPackaged, "there are no packages; `make package` builds them"))
struct PackageTests {
    @Test("packages are reproducible and described, and run in an empty root as on AWS")
    func packages() async throws {
        let referee = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/package"
        let run = try await Command.run(
            Programs.python, ["-B", referee, Programs.packages, Programs.runtimeInterfaceEmulator], seconds: 1800)
        let failures = run.text.split(separator: "\n").filter { $0.hasPrefix("FAILED") }
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
        #expect(run.status == 0, "\(run.errors.suffix(2000))")
        #expect(run.text.contains("ok "))
    }

    @Test("the image is deployed from a registry by its digest")
    func image() async throws {
        let deployment = try await Deployment()
        let emulator = try await RunningEmulator(
            template: deployment.path("infra/artifacts.yaml"), functions: Programs.directory)
        let image = "\(Programs.packages)/bronze-writer-image.tar"
        try FileManager.default.copyItem(
            atPath: image, toPath: deployment.path(".build/package/bronze-writer-image.tar"))
        let referee = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/registry.py"
        let deploy = ["env", "IMAGES={repository}", "YES=1", "bash", deployment.path("infra/deploy"), "dev"]
        let pushed = try await Command.run(
            Programs.python, ["-B", referee, Programs.registry, image] + deploy,
            environment: Deployment.environment(for: emulator))
        try #require(pushed.status == 0, "\(pushed.errors)")
        let task = try await Command.run(
            Deployment.aws, ["ecs", "describe-task-definition", "--task-definition", "cupel-dev-bronze-writer"],
            environment: Deployment.environment(for: emulator))
        let name = pushed.text.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(name.contains("@sha256:") && task.text.contains("\"\(name)\""), "\(name): \(task.text)\(task.errors)")
        #expect(emulator.stop() == 0)
    }

    /// The command is the one that the other tests run; `make soak` installs the static one.
    @Test("what users install comes with all that the pipeline needs")
    func installation() async throws {
        let folder = try TemporaryDirectory()
        let pack = try await Command.run(
            "\(Programs.packageRoot)/infra/package/dist", [Programs.cupel, folder.path])
        try #require(pack.status == 0, "\(pack.errors.suffix(2000))")
        let referee = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/dist"
        let run = try await Command.run(
            Programs.python,
            [
                "-B", referee, folder.path, "\(Programs.packageRoot)/.venv-duckdb", "--bare-root", "--debian",
                Programs.debian,
            ], seconds: 1200)
        let failures = run.text.split(separator: "\n").filter { $0.hasPrefix("FAILED") }
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
        #expect(run.status == 0, "\(run.errors.suffix(2000))")
        #expect(run.text.contains("ok "))
    }
}
