import Foundation
import TestEmulator
import Testing

/// `infra/replication`, alone and as `make deploy` and `make destroy` call it, with the AWS CLI against a DMS that is played.
@Suite struct ReplicationTests {
    private static let large = #"ModifyEndpoint {"UseLargeIntegerValue": true}"#

    private func run(_ command: String, _ dms: PlayedReplication, _ variables: [String: String] = [:]) async throws
        -> Command
    {
        try await Command.run(
            "\(Programs.packageRoot)/infra/replication", [command, "dev"],
            environment: try dms.environment.merging(variables) { $1 })
    }

    @Test("a replication starts afresh once, stops before a change, and resumes afterwards")
    func lifecycle() async throws {
        let dms = try await PlayedReplication("cupel-dev-dms", status: "created")
        #expect(try await run("status", dms).text == "cupel-dev-dms: created, never started\n")
        #expect(try await run("stop", dms).text == "cupel-dev-dms: not running\n")
        let started = try await run("start", dms)
        #expect(started.status == 0 && started.text.contains("started (start-replication)"), "\(started.errors)")
        #expect(try dms.newCalls() == [Self.large, "StartReplication start-replication"])
        #expect(try await run("start", dms).text == "cupel-dev-dms: running\n")
        let refused = try await run("reload", dms)
        #expect(refused.status == 1 && refused.errors.contains("must be stopped before a reload"))
        #expect(try dms.newCalls().isEmpty)

        #expect(try await run("stop", dms).text == "cupel-dev-dms: stopped\n")
        #expect(try dms.status == "stopped")
        #expect(try dms.newCalls() == ["StopReplication {}"])
        #expect(try await run("start", dms).status == 0)
        #expect(try dms.newCalls() == [Self.large, "StartReplication resume-processing"])
    }

    @Test("a replication that failed says why; it resumes, or sends all rows again")
    func failure() async throws {
        let dms = try await PlayedReplication("cupel-dev-dms", status: "created")
        #expect(try await run("start", dms).status == 0)
        try dms.set(status: "failed")
        let status = try await run("status", dms).text
        #expect(status.contains("cupel-dev-dms: failed") && status.contains("Test connection failed for endpoint X."))
        #expect(try await run("start", dms).text.contains("resume-processing"))
        try dms.set(status: "failed")
        #expect(try await run("reload", dms).text.contains("reload-target"))
        #expect(try dms.newCalls().last == "StartReplication reload-target")
    }

    @Test("a replication that does not stop, does not exist, or cannot be asked for is an error that says so")
    func errors() async throws {
        let dms = try await PlayedReplication("cupel-dev-dms", status: "created")
        #expect(try await run("start", dms).status == 0)
        try dms.set(status: "provisioning_capacity")
        let refused = try await run("stop", dms)
        #expect(refused.status != 0 && refused.errors.contains("InvalidResourceStateFault"))
        try dms.set(status: "running")
        let slow = try await run("stop", dms, ["SECONDS_TO_STOP": "0"])
        #expect(slow.status == 1 && slow.errors.contains("cupel-dev-dms has not stopped"))
        try dms.set(status: "none")
        let missing = try await run("start", dms)
        #expect(missing.status == 1 && missing.errors.contains("There is no replication cupel-dev-dms"))
        #expect(try await run("stop", dms).status == 0)
        let silent = try await run("start", dms, ["AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE": "http://127.0.0.1:1"])
        #expect(silent.status != 0 && silent.errors.contains("Could not connect"), "\(silent.errors)")
    }

    @Test("a deployment starts the replication, stops it before a change of it, and a destruction before it is deleted")
    func deployment() async throws {
        let deployment = try await Deployment()
        let emulator = try await RunningEmulator(template: deployment.path("infra/artifacts.yaml"))
        for (parameter, value) in [
            ("Capture", "dms"), ("ChangeStream", "enabled"), ("SourceDatabase", "sales"), ("SourceVpcId", "vpc-1"),
            ("SourceSubnetIds", "subnet-1,subnet-2"),
            ("SourceSecretArn", "arn:aws:secretsmanager:us-east-1:1:secret:s"),
        ] { try deployment.set(parameter, to: value) }
        let dms = try await PlayedReplication("cupel-dev-dms", status: "created")
        let variables = try dms.environment
        let first = try await deployment.deploy(to: emulator, variables)
        #expect(first.status == 0, "\(first.text)\(first.errors)")
        #expect(try dms.newCalls() == [Self.large, "StartReplication start-replication"])

        // No change of the replication: it goes on.
        try deployment.set("MaxAttempts", to: "2")
        let second = try await deployment.deploy(to: emulator, variables)
        #expect(second.status == 0 && second.text.contains("cupel-dev-dms: running"), "\(second.text)\(second.errors)")
        #expect(try dms.newCalls().isEmpty)

        // The emulator does not describe nested change sets; these answers are as AWS's.
        try deployment.set("MaxAttempts", to: "3")
        let third = try await deployment.deploy(to: emulator, variables, changing: "AWS::DMS::ReplicationConfig")
        #expect(third.status == 0, "\(third.text)\(third.errors)")
        #expect(
            try dms.newCalls() == ["StopReplication {}", Self.large, "StartReplication resume-processing"])

        let gone = try await deployment.destroy(emulator, variables.merging(["CONFIRM": "cupel-dev"]) { $1 })
        #expect(gone.command.status == 0, "\(gone.command.errors)")
        #expect(try dms.newCalls() == ["StopReplication {}"])
        #expect(emulator.stop() == 0)
    }
}
