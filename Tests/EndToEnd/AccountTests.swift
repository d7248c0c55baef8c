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

    @Test("query asks the services of a profile, with signed requests, about the pipeline of its stack")
    func query() async throws {
        let emulator = try await RunningEmulator(
            environment: ["AWS_ACCESS_KEY_ID": "AKIAPROD", "AWS_SECRET_ACCESS_KEY": "secret"],
            options: ["--strict-auth"])
        try writeProfile(at: emulator.endpoint)
        let file = "\(home.path)/beer.csv"
        try "beer_id,brewery_id,beer_name,beer_style,beer_abv\n1,1,Old Raven,IPA,4.5\nx,1,Bad,IPA,5\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        let keys = ["AWS_ACCESS_KEY_ID": "AKIAPROD", "AWS_SECRET_ACCESS_KEY": "secret"]
        let run = try await Command.run(
            Programs.cupel, ["run", file, "--until", "silver", "--endpoint", emulator.endpoint], environment: keys)
        #expect(run.status == 0, "\(run.errors)")
        // A stack whose outputs are those of the pipeline's template.
        let template = """
            {"Resources": {"Nothing": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "x"}}},
             "Outputs": {"ControlTable": {"Value": "cupel-dev-control"}, "FunctionPrefix": {"Value": "cupel-dev-"},
              "LakeBucket": {"Value": "cupel-dev-lake-000000000000-us-east-1"}}}
            """
        let aws = URL(filePath: Programs.python).deletingLastPathComponent().path + "/aws"
        let names = environment.keys.filter { environment[$0] == "" }.flatMap { ["-u", $0] }
        let path = "\(home.path)/live.json"
        try template.write(toFile: path, atomically: true, encoding: .utf8)
        let made = try await Command.run(
            "/usr/bin/env",
            names + [
                aws, "--profile", "prod", "cloudformation", "deploy", "--stack-name", "live", "--template-file", path,
            ], environment: ["HOME": home.path])
        #expect(made.status == 0, "\(made.text)\(made.errors)")
        func answer(_ statement: String, _ options: [String] = ["--stack", "live"]) async throws -> Command {
            try await Command.run(
                Programs.cupel, ["query", statement, "--profile", "prod", "--format", "csv"] + options,
                environment: environment)
        }
        let joined = try await answer(
            """
            SELECT b.beer_name, q.reason, f.status, r.status AS run FROM silver.beer b CROSS JOIN quarantine.rows q
            JOIN control.files f ON f.quarantine_key = q.quarantine_key
            CROSS JOIN executions.runs r WHERE r.state_machine = 'silver'
            """)
        #expect(
            joined.text == "beer_name,reason,status,run\nOld Raven,not_an_integer,success,SUCCEEDED\n",
            "\(joined.errors)")
        // Without its stack, the pipeline is known by its control table's name.
        let bronze = try await answer(
            "SELECT count(*) AS n FROM bronze.beer",
            [
                "--table-name", "cupel-dev-control", "--output-location",
                "s3://cupel-dev-lake-000000000000-us-east-1/mine",
            ])
        #expect(bronze.text == "n\n1\n", "\(bronze.errors)")
        let nowhere = try await answer("SELECT count(*) FROM control.files", ["--table-name", "cupel-dev-control"])
        #expect(nowhere.status == 2 && nowhere.errors.contains("--output-location"), "\(nowhere.errors)")

        try write(
            "[profile prod]\nregion = us-east-1\nendpoint_url = \(emulator.endpoint)\n",
            credentials: "[prod]\naws_access_key_id = AKIAPROD\naws_secret_access_key = wrong\n")
        let refused = try await answer("SELECT 1", ["--table-name", "cupel-dev-control"])
        #expect(refused.status == 1 && refused.text.isEmpty, "\(refused.text)")
        #expect(refused.errors.contains("check the key of the profile prod"), "\(refused.errors)")
        #expect(emulator.stop() == 0)
    }
}
