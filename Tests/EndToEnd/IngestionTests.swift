import Foundation
import TestEmulator
import Testing

/// Raw files become bronze files and control records, through every process that AWS would run.
@Suite struct IngestionTests {
    @Test("the tables become bronze, and two readers see every value")
    func tables() async throws {
        let emulator = try await RunningEmulator()
        let input = try await SampleTables()
        try await Referee.lake(emulator, "put", input.keysAndFiles)
        let records = try await Referee.lake(emulator, "settle").records("records")
        for record in records where record.text("schema_name") == "dm_bronze" {
            #expect(record.text("status") == "success", "\(record)")
            #expect(record.int("attempt_count") == 1)
        }
        let checked = try await Referee.lake(emulator, "check")
        #expect(checked.int("files") == input.keysAndFiles.count / 2)
        #expect(try #require(checked.int("rows")) > 0)
        #expect(emulator.stop() == 0)
    }

    @Test("an event repeated fifty times, out of order and concurrently, gives one record and one output")
    func repeatedEvent() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let file = try await Sample.generate(table: "brewery", rows: 500, seed: 3, format: "csv", into: folder)
        try await Referee.lake(emulator, "put", ["raw/brewery/again.csv.gz", file])
        try await Referee.lake(emulator, "repeat-event", ["raw/brewery/again.csv.gz", "50"])
        let records = try await Referee.lake(emulator, "settle").records("records")
        #expect(records.count { $0.text("schema_name") == "dm_bronze" } == 1)
        #expect(try await Referee.lake(emulator, "check").int("files") == 1)
    }

    @Test(
        "a file that is fixed and uploaded again doubles nothing: every upload has its record, the newest has the rows")
    func sameKey() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let older = try await Sample.generate(table: "beer", rows: 300, seed: 1, format: "csv", into: folder)
        let newer = try await Sample.generate(table: "beer", rows: 200, seed: 2, format: "csv", into: folder)
        let key = "raw/beer/export.csv.gz"
        try await Referee.lake(emulator, "put", [key, older, key, newer, key, older])
        let records = try await Referee.lake(emulator, "settle").records("records").filter {
            $0.text("schema_name") == "dm_bronze"
        }
        #expect(records.count == 3 && records.allSatisfy { $0.text("status") == "success" })
        #expect(records.count { $0.text("superseded_by") == nil } == 1)
        #expect(try await Referee.lake(emulator, "check").int("rows") == 300)
        #expect(try await Referee.lake(emulator, "bronze", ["beer"]).int("rows") == 300)
    }

    @Test("a broken file, its fix, the same bytes and older bytes again leave the rows of the last upload, each once")
    func fixedFile() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let first = try await Sample.generate(table: "beer", rows: 300, seed: 1, format: "csv", into: folder)
        let second = try await Sample.generate(table: "beer", rows: 200, seed: 2, format: "csv", into: folder)
        let broken = folder.path + "/broken.csv.gz"
        try Data(contentsOf: URL(filePath: first)).dropLast(20).write(to: URL(filePath: broken))
        let key = "raw/beer/export.csv.gz"

        func upload(_ file: String) async throws -> [[String: Any]] {
            try await Referee.lake(emulator, "put", [key, file])
            return try await Referee.lake(emulator, "settle").records("records").filter {
                $0.text("schema_name") == "dm_bronze"
            }
        }
        #expect(try await upload(broken).map { $0.text("status") } == ["error"])
        let fixed = try await upload(first)
        let current = try #require(fixed.first { $0.text("superseded_by") == nil })
        let failed = try #require(fixed.first { $0.text("superseded_by") != nil })
        #expect(failed.text("superseded_by") == current.text("control_id") && failed.text("status") == "success")
        #expect(try await Referee.lake(emulator, "bronze", ["beer"]).int("rows") == 300)

        let again = try await upload(first)
        #expect(again.count { $0.text("identical_to") == current.text("control_id") } == 1)
        var bronze = try await Referee.lake(emulator, "bronze", ["beer"])
        #expect(bronze.int("rows") == 300 && (bronze["superseded"] as? [String])?.isEmpty == true)

        _ = try await upload(second)
        #expect(try await Referee.lake(emulator, "bronze", ["beer"]).int("rows") == 200)
        let last = try await upload(first)
        bronze = try await Referee.lake(emulator, "bronze", ["beer"])
        #expect(bronze.int("rows") == 300 && bronze.int("ids") == 300)
        #expect((bronze["superseded"] as? [String])?.count == 2)
        #expect(last.count == 5 && last.count { $0.text("superseded_by") == nil } == 1)
        #expect(Set(last.filter { $0.text("superseded_by") == nil }.compactMap { $0.text("output_key") }).count == 1)

        // Events that arrive again, in any order, change nothing; the records show what superseded them.
        try await Referee.lake(emulator, "repeat-event", [key, "20"])
        try await Referee.lake(emulator, "settle")
        #expect(try await Referee.lake(emulator, "check").int("rows") == 300)
        let shown = try await Command.run(
            Programs.cupel, ["show", try #require(failed.text("control_id")), "--endpoint", emulator.endpoint])
        #expect(shown.text.contains("superseded_by") && shown.text.contains(current.text("control_id") ?? "-"))
        #expect(emulator.stop() == 0)
    }

    @Test("a file above the function's limit is converted by a task")
    func largeFile() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let large = try await Sample.generate(table: "review", rows: 120_000, seed: 4, format: "json", into: folder)
        let small = try await Sample.generate(table: "review", rows: 1_000, seed: 5, format: "json", into: folder)
        try await Referee.lake(
            emulator, "put", ["raw/review/large.json.gz", large, "raw/review/small.json.gz", small])
        let records = try await Referee.lake(emulator, "settle").records("records").filter {
            $0.text("schema_name") == "dm_bronze"
        }
        let targets = Dictionary(
            uniqueKeysWithValues: records.map { ($0.text("object_key") ?? "", $0.text("compute_target") ?? "") })
        #expect(targets == ["raw/review/large.json.gz": "ecs", "raw/review/small.json.gz": "lambda"])
        #expect(try await Referee.lake(emulator, "check").int("rows") == 121_000)
    }

    @Test("a forced replay counts its attempt and writes the same bytes under the same key")
    func forcedReplay() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let file = try await Sample.generate(table: "profile", rows: 2_000, seed: 6, format: "csv", into: folder)
        try await Referee.lake(emulator, "put", ["raw/profile/p.csv.gz", file])
        let first = try await bronzeRecord(emulator)
        let bytes = try await Referee.lake(emulator, "digests")
        let identifier = try #require(first.text("control_id"))
        let refused = try await Command.run(
            Programs.cupel, ["replay", "--id", identifier, "--endpoint", emulator.endpoint])
        #expect(refused.status == 1, "a success is replayed only with --force: \(refused.text)")
        let replay = try await Command.run(
            Programs.cupel, ["replay", "--id", identifier, "--force", "--endpoint", emulator.endpoint])
        #expect(replay.status == 0, "\(replay.text) \(replay.errors)")
        var second = try await bronzeRecord(emulator)
        while second.int("attempt_count") == 1 || second.text("status") != "success" {
            try await Task.sleep(for: .milliseconds(50))
            second = try await bronzeRecord(emulator)
        }
        #expect(second.int("attempt_count") == 2)
        #expect(second.text("output_key") == first.text("output_key"))
        #expect(second.text("created_at") == first.text("created_at"))
        let again = try await Referee.lake(emulator, "digests")
        #expect(NSDictionary(dictionary: again) == NSDictionary(dictionary: bytes))
        #expect(try await Referee.lake(emulator, "check").int("rows") == 2_000)
    }

    @Test("a file that fails again on replay keeps its error")
    func failedFile() async throws {
        // The roles may list the bucket, so that a missing object is no refusal.
        let emulator = try await RunningEmulator(options: ["--enforce-iam"])
        try await Referee.lake(emulator, "phantom-event", ["raw/beer/gone.csv.gz"])
        #expect(try await bronzeRecord(emulator).text("status") == "error")
        let dryRun = try await Command.run(
            Programs.cupel, ["replay", "--dry-run", "--json", "--endpoint", emulator.endpoint])
        #expect(dryRun.status == 0)
        #expect(try await bronzeRecord(emulator).text("status") == "error")
        let replay = try await Command.run(Programs.cupel, ["replay", "--endpoint", emulator.endpoint])
        #expect(replay.status == 0, "\(replay.errors)")
        let record = try await bronzeRecord(emulator)
        #expect(record.text("status") == "error")
        #expect(record.text("error_type") == "ObjectGone")
        let shown = try await Command.run(
            Programs.cupel, ["show", try #require(record.text("control_id")), "--endpoint", emulator.endpoint])
        #expect(shown.text.contains("ObjectGone"))
    }

    @Test("a file that cannot be routed counts its attempts until the schedule stops replaying it")
    func unroutableFile() async throws {
        let emulator = try await RunningEmulator()
        try await Referee.lake(emulator, "phantom-event", ["raw/beer/b.csv.gz", "no-such-bucket"])
        for attempt in 1...3 {
            let record = try await bronzeRecord(emulator)
            #expect(record.text("status") == "error")
            #expect(record.int("attempt_count") == attempt)
            #expect(record.text("error_message")?.contains("NoSuchBucket") == true, "\(record)")
            let replayed = try await Referee.lake(emulator, "replay-by-schedule").int("replayed")
            #expect(replayed == (attempt < 3 ? 1 : 0))
        }
        #expect(try await bronzeRecord(emulator).int("attempt_count") == 3)
    }

    private func bronzeRecord(_ emulator: RunningEmulator) async throws -> [String: Any] {
        let records = try await Referee.lake(emulator, "settle").records("records")
        return try #require(records.first { $0.text("schema_name") == "dm_bronze" })
    }
}
