import Foundation
import TestEmulator
import Testing

/// The commands that work on a pipeline on AWS, with an emulator in place of AWS that only AWS's shared files name.
@Suite struct AccountTests {
    let home: TemporaryDirectory

    init() throws { home = try TemporaryDirectory() }

    private func write(_ configuration: String, credentials: String) throws {
        try FileManager.default.createDirectory(atPath: "\(home.path)/.aws", withIntermediateDirectories: true)
        try configuration.write(toFile: "\(home.path)/.aws/config", atomically: true, encoding: .utf8)
        try credentials.write(toFile: "\(home.path)/.aws/credentials", atomically: true, encoding: .utf8)
    }

    /// Writes a profile `prod` whose endpoint is `endpoint`.
    private func writeProfile(at endpoint: String) throws {
        try write(
            "[profile prod]\nregion = us-east-1\nendpoint_url = \(endpoint)\n",
            credentials: "[prod]\naws_access_key_id = AKIAPROD\naws_secret_access_key = secret\n")
    }

    /// No variable but HOME configures AWS: an empty variable counts as unset.
    private var environment: [String: String] {
        let variables = [
            "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY", "CONTROL_TABLE",
        ]
        return Dictionary(uniqueKeysWithValues: variables.map { ($0, "") }).merging(["HOME": home.path]) { $1 }
    }

    private func cupel(_ arguments: String...) async throws -> Command {
        try await Command.run(Programs.cupel, arguments, environment: environment)
    }

    private func document(_ command: Command) throws -> [String: Any] {
        #expect(command.status == 0, "\(command.errors)")
        return try #require(try JSONSerialization.jsonObject(with: command.output) as? [String: Any])
    }

    @Test("status, show, and replay work on a profile's pipeline, as the AWS CLI sees it")
    func profile() async throws {
        let emulator = try await RunningEmulator()
        try writeProfile(at: emulator.endpoint)
        let broken = "\(home.path)/broken.csv.gz"
        try "no gzip".write(toFile: broken, atomically: true, encoding: .utf8)
        try await Referee.lake(emulator, "put", ["raw/beer/broken.csv.gz", broken])
        try await Referee.lake(emulator, "settle")

        let account = ["--profile", "prod", "--table-name", "cupel-dev-control"]
        let status = try document(
            try await Command.run(
                Programs.cupel, ["status", "--status", "error", "--json"] + account, environment: environment))
        let record = try #require((status["records"] as? [[String: Any]])?.first)
        let id = try #require(record["control_id"] as? String)
        #expect(record["object_key"] as? String == "raw/beer/broken.csv.gz")
        let attempts = try #require(record["attempt_count"] as? Int)

        let shown = try document(
            try await Command.run(
                Programs.cupel, ["show", String(id.prefix(12)), "--json"] + account, environment: environment))
        #expect(shown["error_message"] as? String == record["error_message"] as? String)

        let replay = try document(
            try await Command.run(Programs.cupel, ["replay", "--id", id, "--json"] + account, environment: environment))
        #expect((replay["records"] as? [[String: Any]])?.first?["replayed"] as? Bool == true)
        try await Referee.lake(emulator, "settle")

        let aws = URL(filePath: Programs.python).deletingLastPathComponent().path + "/aws"
        let names = environment.keys.filter { environment[$0] == "" }.flatMap { ["-u", $0] }
        let item = try await Command.run(
            "/usr/bin/env",
            names + [
                aws, "--profile", "prod", "dynamodb", "get-item", "--table-name", "cupel-dev-control", "--key",
                #"{"control_id": {"S": "\#(id)"}}"#, "--query", "Item.[status.S, attempt_count.N]", "--output", "text",
            ], environment: ["HOME": home.path])
        #expect(item.text.split(whereSeparator: \.isWhitespace) == ["error", "\(attempts + 1)"], "\(item.errors)")
        #expect(emulator.stop() == 0)
    }

    @Test("a missing profile, table, or endpoint is named before any request to AWS")
    func missingOptions() async throws {
        try writeProfile(at: "http://127.0.0.1:9")
        let unknown = try await cupel("status", "--profile", "gone", "--table-name", "t")
        #expect(unknown.status == 2 && unknown.errors.contains("the profile gone is missing in"))
        let nameless = try await cupel("status", "--profile", "prod")
        #expect(nameless.status == 2 && nameless.errors.contains("--stack"))
        let local = try await cupel("replay", "--table-name", "cupel-prod-control")
        #expect(local.status == 2 && local.errors.contains("--profile"))
        let silent = try await cupel("status", "--profile", "prod", "--table-name", "t")
        #expect(silent.status == 4 && silent.errors.contains("http://127.0.0.1:9"))
        #expect(!silent.errors.contains("cupel up"))
    }

    @Test("a missing table is named")
    func missingTable() async throws {
        let emulator = try await RunningEmulator()
        try writeProfile(at: emulator.endpoint)
        let status = try await cupel("status", "--profile", "prod", "--table-name", "cupel-prod-control")
        #expect(status.status == 3 && status.errors.contains("cupel-prod-control"))
        #expect(emulator.stop() == 0)
    }

    @Test("a profile that signs in through a browser is refused with the command that helps")
    func browserProfile() async throws {
        try write("[profile prod]\nregion = us-east-1\nsso_session = company\n", credentials: "")
        let status = try await cupel("status", "--profile", "prod", "--table-name", "t")
        #expect(status.status == 2 && status.errors.contains("export-credentials --profile prod"))
    }
}
