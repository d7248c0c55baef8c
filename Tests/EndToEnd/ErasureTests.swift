import Foundation
import TestEmulator
import Testing

/// `cupel erase` on a whole pipeline with versioned buckets.
@Suite struct ErasureTests {
    private static let name = "Quentin Zebulon"

    private func put(_ emulator: RunningEmulator, _ name: String, _ lines: [String], _ folder: TemporaryDirectory)
        async throws
    {
        let file = "\(folder.path)/\(name)"
        try (["profile_id,profile_name,email,state"] + lines).joined(separator: "\n").appending("\n")
            .write(toFile: file, atomically: true, encoding: .utf8)
        try await Referee.lake(emulator, "put", ["raw/profile/\(name)", file])
        try await Referee.lake(emulator, "settle")
        _ = try await Referee.silver(emulator, "merge")
    }

    private func profiles(_ ids: Range<Int>) -> [String] {
        ids.map { "\($0),person \($0),p\($0)@example.com,CA" }
    }

    private func erase(_ emulator: RunningEmulator, _ arguments: [String]) async throws -> [String: Any] {
        let run = try await Command.run(
            Programs.cupel,
            ["erase", "--table", "profile", "--key", "424242", "--json", "--endpoint", emulator.endpoint] + arguments)
        #expect(run.status == 0, "\(run.errors)")
        return try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
    }

    private func isInSilver(_ emulator: RunningEmulator) async throws -> Bool {
        let rows = try await Referee.silver(emulator, "rows", ["profile"])["rows"] as? [String: Any]
        return try #require(rows).keys.contains { $0.contains("424242") }
    }

    @Test("no byte of an erased row is left, and a replay does not bring it back to silver") func erased() async throws
    {
        let emulator = try await RunningEmulator(
            parameters: ["SilverSchedule": "rate(7 days)", "GoldSchedule": "rate(7 days)"])
        let folder = try TemporaryDirectory()
        let person = "424242,\(Self.name),quentin@example.com,NV"
        try await put(emulator, "first.csv", profiles(1..<300) + [person], folder)
        // A later file of others, with a row of the person that breaks the contract.
        try await put(
            emulator, "second.csv", profiles(300..<600) + ["424242,\(Self.name),quentin@example.com,NV,more"], folder)
        // The file that has the person is uploaded again: bronze and the bucket have versions of it.
        try await put(emulator, "first.csv", profiles(1..<299) + [person], folder)
        let before = try await Referee.find(emulator, [Self.name])[Self.name] ?? []
        for place in [
            "silver/profile/data", "silver/profile/metadata", "bronze/profile", "raw/profile",
        ] {
            #expect(before.contains { $0.contains(place) }, "\(place): \(before)")
        }

        let planned = try await erase(emulator, [])
        #expect((planned["silver"] as? [String: Any])?.int("rows") == 1, "\(planned)")
        #expect(try await Referee.find(emulator, [Self.name])[Self.name]?.sorted() == before.sorted())

        let report = try await erase(emulator, ["--yes"])
        #expect((report["silver"] as? [String: Any])?.int("rows") == 1, "\(report)")
        #expect((report["raw"] as? [String])?.count == 3, "\(report)")
        let left = try await Referee.find(emulator, [Self.name])[Self.name] ?? []
        #expect(left.allSatisfy { $0.contains("/raw/profile/") } && left.count == 3, "\(left)")
        #expect(try await !isInSilver(emulator))
        try await Referee.silver(emulator, "verify", ["profile"])
        let noted = try await Referee.lake(emulator, "records").records("records").filter { $0["erased_count"] != nil }
        #expect(!noted.isEmpty)

        // What is replayed from raw comes back to bronze, and silver leaves it out.
        let replay = try await Command.run(
            Programs.cupel,
            ["replay", "--table", "profile", "--status", "success", "--force", "--endpoint", emulator.endpoint])
        #expect(replay.status == 0, "\(replay.errors)")
        try await Referee.lake(emulator, "settle")
        #expect(try await Referee.silver(emulator, "finish").records("errors").isEmpty)
        #expect(try await !isInSilver(emulator))
        let reload = try await Command.run(
            Programs.cupel, ["reload", "--table", "profile", "--endpoint", emulator.endpoint])
        #expect(reload.status == 0, "\(reload.errors)")
        #expect(try await !isInSilver(emulator))

        let last = try await erase(emulator, ["--yes", "--delete-raw"])
        #expect((last["not_searched"] as? [String])?.isEmpty == true, "\(last)")
        #expect(try await Referee.find(emulator, [Self.name]) == [Self.name: []])
        #expect(try await !isInSilver(emulator))
        #expect(emulator.stop() == 0)
    }

    @Test("a key that is no key of the table, and a table of a model, are refused by name") func refused() async throws
    {
        let emulator = try await RunningEmulator(parameters: ["SilverSchedule": "rate(7 days)"])
        let folder = try TemporaryDirectory()
        try await put(emulator, "first.csv", profiles(1..<20), folder)
        for (arguments, words) in [
            (["--table", "profile", "--key", "ann"], "is no long"),
            (["--table", "profile", "--key", "1", "--key", "2"], "give --key once for each"),
            (["--table", "profil", "--key", "1"], "did you mean silver.profile?"),
        ] {
            let run = try await Command.run(Programs.cupel, ["erase"] + arguments + ["--endpoint", emulator.endpoint])
            #expect(run.status != 0 && run.errors.contains(words), "\(run.errors)")
        }
        #expect(emulator.stop() == 0)
    }
}
