import Foundation
import TestEmulator
import Testing

/// `make deploy` ships what was tested: the AWS CLI packages the templates, and only the packages exist.
@Suite struct DeploymentTests {
    @Test("the packaged pipeline is deployed by a change set, runs, survives a crash, and is destroyed")
    func deployment() async throws {
        // The only executables are the tasks', whose images are not packaged: functions must come from their packages.
        let image = try TemporaryDirectory()
        for task in ["bronze-writer", "silver-merge", "gold-build"] {
            try FileManager.default.copyItem(
                atPath: "\(Programs.directory)/\(task)", toPath: "\(image.path)/\(task)")
        }
        let deployment = try await Deployment()
        let emulator = try await RunningEmulator(
            template: deployment.path("infra/artifacts.yaml"), functions: image.path)

        let refused = try await deployment.deploy(to: emulator, answer: "n")
        #expect(refused.status == 1, "\(refused.text)\(refused.errors)")
        let deployed = try await deployment.deploy(to: emulator, hasFailedBefore: true)
        try #require(deployed.status == 0, "\(deployed.text)\(deployed.errors)")
        #expect(deployed.text.contains("cupel-dev: what is left of the last attempt to make it is deleted"))
        #expect(deployed.text.contains("AWS::Lambda::Function"), "the change set must be shown: \(deployed.text)")
        #expect(!deployed.text.contains("Stream "), "dev has no change stream")
        #expect(deployed.text.contains("cupel-dev: CREATE_COMPLETE"), "\(deployed.text)")

        try await checkTemplate(emulator)

        let folder = try TemporaryDirectory()
        let file = try await Sample.generate(table: "beer", rows: 2_000, seed: 21, format: "csv", into: folder)
        try await Referee.lake(emulator, "put", ["raw/beer/packaged.csv.gz", file])
        #expect(try await Referee.lake(emulator, "check").int("rows") == 2_000)
        let status = try await Command.run(
            Programs.cupel,
            ["status", "--region", "us-east-1", "--stack", "cupel-dev", "--endpoint", emulator.endpoint],
            environment: ["AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "CONTROL_TABLE": ""])
        #expect(status.text.contains("packaged.csv.gz") && status.text.contains("success"), "\(status.errors)")

        let again = try await deployment.deploy(to: emulator)
        #expect(again.status == 0, "\(again.text)\(again.errors)")
        #expect(again.text.contains("cupel-dev: nothing to change"), "\(again.text)")
        #expect(deployed.text.contains(#/beer +1\.0\.0 +\w+ +published/#), "\(deployed.text)")
        #expect(again.text.contains(#/beer +1\.0\.0 +\w+ +unchanged/#), "\(again.text)")

        try deployment.set("MaxAttempts", to: "2")
        let updated = try await deployment.deploy(to: emulator)
        #expect(updated.status == 0, "\(updated.text)\(updated.errors)")
        #expect(updated.text.contains("cupel-dev: UPDATE_COMPLETE"), "\(updated.text)")

        emulator.killAtOnce()
        try await emulator.restart()
        try await Referee.lake(emulator, "put", ["raw/beer/after.csv.gz", file])
        #expect(try await Referee.lake(emulator, "check").int("rows") == 4_000)

        try await destroy(deployment, emulator)
        #expect(emulator.stop() == 0)
    }

    /// CloudFormation takes over what an earlier stack left only by a name that is plain text.
    /// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html>
    private func checkTemplate(_ emulator: RunningEmulator) async throws {
        let folder = try TemporaryDirectory()
        let copied = try await Command.run(
            Deployment.aws,
            ["s3", "sync", "s3://cupel-dev-package-000000000000-us-east-1/dev/", folder.path, "--exclude", "*.zip"],
            environment: Deployment.environment(for: emulator))
        #expect(copied.status == 0, "\(copied.errors)")
        let templates = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".template") }
            .map { try String(contentsOfFile: "\(folder.path)/\($0)", encoding: .utf8) }.joined()
        for name in ["stage", "lake", "logs"] {
            #expect(templates.contains("BucketName: cupel-dev-\(name)-000000000000-us-east-1\n"))
        }
        #expect(templates.contains("TableName: cupel-dev-control\n"))
        let stack = try await Command.run(
            Deployment.aws, ["cloudformation", "describe-stacks", "--stack-name", "cupel-dev"],
            environment: Deployment.environment(for: emulator))
        #expect(
            stack.text.contains(#/"ParameterKey": "CatalogYears",\s+"ParameterValue": "2025,20\d\d"/#), "\(stack.text)")
    }

    /// Destroys the stack: its data stay until DATA=delete.
    private func destroy(_ deployment: Deployment, _ emulator: RunningEmulator) async throws {
        let doubted = try await deployment.destroy(emulator, ["CONFIRM": "cupel-prod"])
        #expect(doubted.command.status == 1)
        #expect(doubted.noted.isEmpty)
        let kept = try await deployment.destroy(emulator, ["CONFIRM": "cupel-dev"])
        #expect(kept.command.status == 0, "\(kept.command.errors)")
        #expect(kept.noted.isEmpty)
        #expect(try await Referee.lake(emulator, "check").int("rows") == 4_000)
        let functions = try await Command.run(
            Deployment.aws, ["lambda", "list-functions"], environment: Deployment.environment(for: emulator))
        #expect(functions.status == 0 && !functions.text.contains("cupel-dev"), "\(functions.text)")

        // A new stack finds the data that the previous one left.
        let again = try await deployment.deploy(to: emulator)
        #expect(again.text.contains("cupel-dev: CREATE_COMPLETE"), "\(again.text)\(again.errors)")
        #expect(try await Referee.lake(emulator, "check").int("rows") == 4_000)
        let gone = try await deployment.destroy(emulator, ["CONFIRM": "cupel-dev", "DATA": "delete"])
        #expect(gone.command.status == 0, "\(gone.command.errors)")
        for name in ["stage", "lake", "logs", "package"] {
            #expect(gone.command.text.contains("deleted cupel-dev-\(name)-000000000000-us-east-1\n"))
        }
        #expect(gone.command.text.contains("deleted cupel-dev-control\n"))
        #expect(gone.noted.contains("kms schedule-key-deletion"))
        let buckets = try await Referee.buckets(emulator)
        #expect(buckets.isEmpty)
    }
}
