import Foundation
import TestEmulator
import TestReferee
import Testing

/// Services as boto3, the AWS CLI, and raw HTTP see them: clients that share no code with the emulator, and no mistake.
@Suite struct ServiceTests {
    @Test(
        "a client that shares no code with the emulator gets the answers that AWS documents",
        arguments: [
            "s3", "dynamodb", "lambda", "stepfunctions", "logs", "sqs", "sns", "ssm", "kinesis", "firehose",
            "event_sources", "glue", "athena", "awscli", "kms",
        ])
    func foreignClients(service: String) async throws {
        try await referee(service)
    }

    @Test("pyiceberg and DuckDB share tables, by Glue's JSON API and by its Iceberg REST catalog")
    func icebergClients() async throws {
        try await referee("iceberg", python: Referee.icebergPython)
    }

    @Test("awswrangler and PyAthena write, find, replace, read and query datasets with partitions")
    func wrangler() async throws {
        try await referee("wrangler", python: Referee.wranglerPython)
    }

    @Test("dbt connects to Athena, and builds tables, merges and views twice")
    func dbt() async throws {
        try await referee("dbt_athena", python: Referee.dbtPython)
    }

    @Test(
        "serverless patterns, deployed as stacks, have their effect with Python functions on AWS's own runtime client")
    func patterns() async throws {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let emulator = ["PATH": "\(Programs.packageRoot)/.venv-lambda/bin:\(path)"]
        try await referee("patterns", environment: emulator)
    }

    @Test("every operation of AWS's models is answered or refused as Emulator/README.md lists it")
    func operations() async throws {
        try await referee("operations")
    }

    @Test("a malformed request is answered with an error, and the emulator keeps running")
    func badRequests() async throws {
        try await referee("bad_requests")
    }

    @Test("with --strict-auth, a request without a valid signature is refused with AWS's error, by every service")
    func signatures() async throws {
        try await referee("signatures", options: ["--strict-auth"])
    }

    private func referee(
        _ service: String, python: String = Programs.python, environment: [String: String] = [:],
        options: [String] = []
    ) async throws {
        let emulator = try await RunningEmulator(environment: environment, options: options)
        let checks = "\(Programs.packageRoot)/Tests/Conformance/Referees"
        let run = try await Command.run(python, ["-B", checks, emulator.endpoint, service])
        let failures = run.text.split(separator: "\n").filter { $0.hasPrefix("FAILED") }
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
        #expect(run.status == 0, "\(run.errors.suffix(2000))")
        #expect(emulator.stop() == 0)
    }
}
