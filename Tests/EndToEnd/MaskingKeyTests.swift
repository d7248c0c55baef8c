import Foundation
import TestEmulator
import Testing

/// The masking key comes from Parameter Store, here as on AWS.
@Suite struct MaskingKeyTests {
    @Test("addresses are hashed with the key in the parameter")
    func maskingKey() async throws {
        let folder = try TemporaryDirectory()
        let pipeline = try ChangedPipeline(in: folder)
        try pipeline.replace("value: mask\n", with: "value: hash\n", in: "contracts/profile.odcs.yaml")
        let emulator = try await RunningEmulator(
            parameters: ["MaskingKeyParameter": "/cupel/key"], template: pipeline.template)
        let file = try await Sample.generate(table: "profile", rows: 100, seed: 5, format: "csv", into: folder)
        let script = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/masking_key.py"
        let put = try await Command.run(Programs.python, [script, emulator.endpoint, "put", "/cupel/key"])
        try #require(put.status == 0, "\(put.errors.suffix(2000))")
        try await Referee.lake(emulator, "put", ["raw/profile/p.csv.gz", file])
        let records = try await Referee.lake(emulator, "settle").records("records")
        let converted = records.filter { $0.text("schema_name") == "dm_bronze" }
        #expect(converted.map { $0.text("status") } == ["success"], "\(converted)")
        let check = try await Command.run(Programs.python, [script, emulator.endpoint, "check", file])
        #expect(check.status == 0, "\(check.text.suffix(1000)) \(check.errors.suffix(2000))")
        #expect(emulator.stop() == 0)
    }

    private static let key = "a secret that is long enough"

    @Test(
        "the advice of infer works as printed, with the key in the environment, for function and task",
        arguments: [("MASKING_KEY", "100000"), ("MASKING_KEY_FILE", "1")])
    func inferredContract(variable: String, lambdaMaxRecords: String) async throws {
        let folder = try TemporaryDirectory()
        let pipeline = try ChangedPipeline(in: folder)
        let file = try await Sample.generate(table: "profile", rows: 100, seed: 5, format: "csv", into: folder)
        let contract = "\(folder.path)/infra/contracts/profile.odcs.yaml"
        let infer = try await Command.run(Programs.cupel, ["contract", "infer", file, "--force", "-o", contract])
        #expect(infer.status == 0, "\(infer.errors)")
        let printed = try String(contentsOfFile: contract, encoding: .utf8)
        let advised = printed.replacing(#/# (classification: PII|customProperties: )/#) { $0.output.1 }
        #expect(advised != printed)
        try advised.write(toFile: contract, atomically: true, encoding: .utf8)
        let lint = try await Command.run(Programs.cupel, ["contract", "lint", contract])
        #expect(lint.status == 0 && !lint.text.contains("'email'"), "\(lint.text)")

        let options = ["--template", pipeline.template, "--functions", Programs.directory]
        let keyless = try await Command.run(Programs.cupel, ["run", file, "--data", "\(folder.path)/none"] + options)
        #expect(keyless.status == 2 && keyless.errors.contains("hashes email, and no masking key is set"))

        try (Self.key + "\n").write(toFile: "\(folder.path)/key", atomically: true, encoding: .utf8)
        let environment = [variable: variable == "MASKING_KEY" ? Self.key : "\(folder.path)/key"]
        let emulator = try await RunningEmulator(
            parameters: ["LambdaMaxRecords": lambdaMaxRecords], template: pipeline.template, environment: environment)
        let arguments = ["run", file, "--data", emulator.data.path] + options
        let other = try await Command.run(
            Programs.cupel, arguments, environment: ["MASKING_KEY": "another secret of some length"])
        #expect(other.status == 2)
        let run = try await Command.run(Programs.cupel, arguments, environment: environment)
        #expect(run.status == 0 && run.text.contains(lambdaMaxRecords == "1" ? " ecs " : " lambda "), "\(run.errors)")
        let script = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/masking_key.py"
        let check = try await Command.run(Programs.python, [script, emulator.endpoint, "check", file])
        #expect(check.status == 0, "\(check.text.suffix(1000)) \(check.errors.suffix(2000))")
        #expect(emulator.stop() == 0)
    }

    @Test(
        "a key that cannot be used ends the command at once",
        arguments: [
            ["MASKING_KEY": "short"], ["MASKING_KEY_FILE": "/no/such"],
            ["MASKING_KEY": key, "MASKING_KEY_FILE": "/etc/hostname"],
        ])
    func unusableKey(environment: [String: String]) async throws {
        let folder = try TemporaryDirectory()
        let up = try await Command.run(
            Programs.cupel, ["up", "--port", "0", "--data", folder.path + "/data"], environment: environment)
        #expect([2, 5].contains(up.status) && up.errors.contains("MASKING_KEY"), "\(up.errors)")
        #expect(!up.errors.contains(Self.key))
    }
}
