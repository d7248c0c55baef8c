import Foundation
import TestEmulator
import Testing

/// The recovery of a lost control table, as `infra/README.md` describes it.
@Suite struct RecoveryTests {
    @Test("a lost control table is rebuilt from the raw files, and the lake stays equal byte for byte")
    func lostControlTable() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let older = try await Sample.generate(table: "beer", rows: 300, seed: 1, format: "csv", into: folder)
        let fixed = try await Sample.generate(table: "beer", rows: 250, seed: 4, format: "csv", into: folder)
        let newer = try await Sample.generate(table: "beer", rows: 200, seed: 2, format: "json", into: folder)
        let other = try await Sample.generate(table: "review", rows: 500, seed: 3, format: "csv", into: folder)
        try await Referee.lake(
            emulator, "put",
            [
                "raw/beer/a b+é.csv.gz", older, "raw/beer/new.json.gz", newer, "raw/review/r.csv.gz", other,
                "raw/beer/notes.txt", other,
            ])
        try await Referee.lake(emulator, "settle")
        try await Referee.lake(emulator, "put", ["raw/beer/a b+é.csv.gz", fixed])
        try await Referee.lake(emulator, "settle")
        let before = try await Referee.lake(emulator, "digests")
        let lost = try #require(try await Referee.lake(emulator, "forget").int("records"))
        #expect(lost == 9)

        #expect(try await register(emulator) == ["recorded": 4, "already_recorded": 0, "refused": 1, "ignored": 0])
        try await Referee.lake(emulator, "settle")
        #expect(try await Referee.lake(emulator, "check").int("rows") == 950)
        let after = try await Referee.lake(emulator, "digests")
        #expect(after as? [String: String] == before as? [String: String] && after.count == 4)

        #expect(try await register(emulator) == ["recorded": 0, "already_recorded": 5, "refused": 0, "ignored": 0])
        #expect(emulator.stop() == 0)
    }

    private func register(_ emulator: RunningEmulator) async throws -> [String: Int] {
        let aws = URL(filePath: Programs.python).deletingLastPathComponent().path + "/aws"
        let run = try await Command.run(
            Programs.python,
            [
                "\(Programs.packageRoot)/infra/register", "cupel-dev-stage-000000000000-us-east-1",
                "cupel-dev-control-recorder",
            ],
            environment: [
                "AWS": aws, "AWS_ENDPOINT_URL": emulator.endpoint, "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
            ])
        #expect(run.status == 0, "\(run.errors)")
        return try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Int])
    }
}
