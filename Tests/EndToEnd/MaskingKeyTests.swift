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
}
