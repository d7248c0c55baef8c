import Foundation
import TestEmulator
import Testing

/// `cupel erase` on a whole pipeline with versioned buckets.
@Suite struct ErasureTests {
    private static let name = "Quentin Zebulon"
    private static let key = "424242"
    private static let quiet = ["SilverSchedule": "rate(7 days)", "GoldSchedule": "rate(7 days)"]

    private func put(
        _ emulator: RunningEmulator, _ key: String, _ lines: [String], _ folder: TemporaryDirectory
    ) async throws {
        let file = "\(folder.path)/upload"
        try lines.joined(separator: "\n").appending("\n").write(toFile: file, atomically: true, encoding: .utf8)
        try await Referee.lake(emulator, "put", [key, file])
        try await Referee.lake(emulator, "settle")
        _ = try await Referee.silver(emulator, "merge")
    }

    private func putProfiles(
        _ emulator: RunningEmulator, _ name: String, _ lines: [String], _ folder: TemporaryDirectory
    ) async throws {
        try await put(emulator, "raw/profile/\(name)", ["profile_id,profile_name,email,state"] + lines, folder)
    }

    private func profiles(_ ids: Range<Int>) -> [String] {
        ids.map { "\($0),person \($0),p\($0)@example.com,CA" }
    }

    /// Reviews by the person and by others, so that models show both.
    private func putReviews(_ emulator: RunningEmulator, _ folder: TemporaryDirectory) async throws {
        let beer = #"{"beer_id":1,"brewery_id":1,"beer_name":"Old One","beer_style":"Porter","beer_abv":5.5}"#
        try await put(emulator, "raw/beer/beer.json", [beer], folder)
        try await put(emulator, "raw/brewery/brewery.json", [#"{"brewery_id":1,"brewery_name":"Old Brewery"}"#], folder)
        let scores = ["overall", "aroma", "appearance", "palate", "taste"].map { "\"review_\($0)\":4" }
        let reviews = [Self.key, "1", "2", "3"].enumerated().map { number, profile in
            let ids = "\"review_id\":\(number + 1),\"brewery_id\":1,\"beer_id\":1,\"profile_id\":\(profile)"
            return "{\(ids),\(scores.joined(separator: ",")),\"review_time\":1262304000}"
        }
        try await put(emulator, "raw/review/review.json", reviews, folder)
    }

    private func erase(_ emulator: RunningEmulator, _ arguments: [String]) async throws -> [String: Any] {
        let run = try await Command.run(
            Programs.cupel,
            ["erase", "--table", "profile", "--key", Self.key, "--json", "--endpoint", emulator.endpoint] + arguments)
        #expect(run.status == 0, "\(run.errors)")
        return try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
    }

    private func isInSilver(_ emulator: RunningEmulator) async throws -> Bool {
        let rows = try await Referee.silver(emulator, "rows", ["profile"])["rows"] as? [String: Any]
        return try #require(rows).keys.contains { $0.contains(Self.key) }
    }

    /// The objects that show the person, in any version.
    private func shown(_ emulator: RunningEmulator) async throws -> [String] {
        try await Referee.find(emulator, [Self.name])[Self.name] ?? []
    }

    @Test("no byte of an erased row is left, and no replay and no upload brings it back") func erased() async throws {
        let emulator = try await RunningEmulator(parameters: Self.quiet)
        let folder = try TemporaryDirectory()
        let person = "\(Self.key),\(Self.name),quentin@example.com,NV"
        try await putProfiles(emulator, "first.csv", profiles(1..<300) + [person], folder)
        // A later file of others, with a row of the person that breaks the contract.
        try await putProfiles(
            emulator, "second.csv", profiles(300..<600) + ["\(Self.key),\(Self.name),quentin@example.com,NV,more"],
            folder)
        // The file that has the person is uploaded again: bronze and the bucket have versions of it.
        try await putProfiles(emulator, "first.csv", profiles(1..<299) + [person], folder)
        try await putReviews(emulator, folder)
        _ = try await Referee.gold(emulator, "build")
        try await Referee.leaveManifests(emulator, "profile")
        let before = try await shown(emulator)
        for place in [
            "silver/profile/data", "silver/profile/metadata", "silver/profile/metadata/left-", "bronze/profile",
            "raw/profile", "review_flat/data",
            "review_flat/metadata", "top_drinkers/data", "top_drinkers/metadata",
        ] {
            #expect(before.contains { $0.contains(place) }, "\(place): \(before)")
        }

        let planned = try await erase(emulator, [])
        #expect((planned["silver"] as? [String: Any])?.int("rows") == 1, "\(planned)")
        #expect(try await shown(emulator).sorted() == before.sorted())

        let report = try await erase(emulator, ["--yes"])
        #expect((report["silver"] as? [String: Any])?.int("rows") == 1, "\(report)")
        #expect((report["raw"] as? [String])?.count == 3, "\(report)")
        #expect((report["models_built"] as? [String])?.contains { $0.contains("top_drinkers") } == true, "\(report)")
        func onlyRaw(_ count: Int) async throws {
            let left = try await shown(emulator)
            #expect(left.allSatisfy { $0.contains("/raw/profile/") } && left.count == count, "\(left)")
        }
        try await onlyRaw(3)
        #expect(try await !isInSilver(emulator))
        try await Referee.silver(emulator, "verify", ["profile"])
        let noted = try await Referee.lake(emulator, "records").records("records").filter {
            $0.int("erased_count") == 1 && $0["erased_at"] != nil
        }
        #expect(!noted.isEmpty)

        // What is replayed, or uploaded under another name, is converted without the person, and counted with.
        let replay = try await Command.run(
            Programs.cupel,
            ["replay", "--table", "profile", "--status", "success", "--force", "--endpoint", emulator.endpoint])
        #expect(replay.status == 0, "\(replay.errors)")
        try await putProfiles(emulator, "third.csv", profiles(600..<650) + [person], folder)
        #expect(try await Referee.silver(emulator, "finish").records("errors").isEmpty)
        try await onlyRaw(4)
        #expect(try await !isInSilver(emulator))
        let third = try await Referee.lake(emulator, "records").records("records").first {
            $0.text("object_key") == "raw/profile/third.csv"
        }
        #expect(third?.int("record_count") == 51 && third?.int("erased_count") == 1, "\(third ?? [:])")
        let reload = try await Command.run(
            Programs.cupel, ["reload", "--table", "profile", "--endpoint", emulator.endpoint])
        #expect(reload.status == 0, "\(reload.errors)")
        #expect(try await !isInSilver(emulator))
        _ = try await Referee.gold(emulator, "build")
        try await onlyRaw(4)

        let last = try await erase(emulator, ["--yes", "--delete-raw"])
        #expect((last["not_searched"] as? [String])?.isEmpty == true, "\(last)")
        #expect(try await shown(emulator).isEmpty)
        #expect(try await !isInSilver(emulator))
        #expect(emulator.stop() == 0)
    }

    private static let visits = """
        apiVersion: v3.1.0
        kind: DataContract
        id: visit
        version: 1.0.0
        status: active
        customProperties:
          - {property: quarantineRows, value: 1000}
        schema:
          - name: visit
            properties:
              - {name: site, logicalType: string, physicalType: string, classification: public, primaryKey: true, primaryKeyPosition: 1}
              - {name: person, logicalType: integer, physicalType: int, classification: public, primaryKey: true, primaryKeyPosition: 2}
              - {name: note, logicalType: string, physicalType: string, classification: public}
              - {name: tags, logicalType: array, classification: public, items: {logicalType: string}}
              - {name: score, logicalType: integer, physicalType: int, classification: public}
        """

    /// Takes visits to silver. Of each person a row of another file breaks the contract, and stays in quarantine.
    private func visit(_ emulator: RunningEmulator, _ persons: Range<Int>, _ folder: TemporaryDirectory) async throws {
        let contracts = "\(folder.path)/contracts"
        try FileManager.default.createDirectory(atPath: contracts, withIntermediateDirectories: true)
        try (Self.visits + "\n").write(toFile: "\(contracts)/visit.odcs.yaml", atomically: true, encoding: .utf8)
        func row(_ person: Int, _ site: String, _ score: String) -> String {
            "{\"site\":\"\(site)\",\"person\":\(person),\"note\":\"zeb-\(person)-\",\"tags\":[\"zeb-\(person)-\",null],\"score\":\(score)}"
        }
        let files = [
            ("all", persons.map { row($0, "n-1 a", "1") } + persons.map { row($0 + 5000, "n-1 a", "2") }),
            ("bad", persons.map { row($0, "n-1 a", "\"no number\"") } + [row(1, "other", "3")]),
        ]
        for (name, lines) in files {
            let file = "\(folder.path)/\(name).json"
            try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            let run = try await Command.run(
                Programs.cupel,
                ["run", file, "--table", "visit", "--contracts", contracts, "--endpoint", emulator.endpoint])
            try #require(run.status == 0, "\(run.text)\(run.errors)")
        }
    }

    @Test("a key of several columns leaves bronze, quarantine and silver; rows that share a part of it stay")
    func composite() async throws {
        let emulator = try await RunningEmulator(parameters: Self.quiet)
        let folder = try TemporaryDirectory()
        // The versions of what is there are `null`; what is written over stays as such once the bucket has versions.
        try await Referee.versioning(emulator, "Suspended")
        try await visit(emulator, 100..<140, folder)
        try await Referee.versioning(emulator, "Enabled")
        let arguments = ["erase", "--table", "visit", "--key", "n-1 a", "--key", "117", "--yes", "--json"]
        let run = try await Command.run(Programs.cupel, arguments + ["--endpoint", emulator.endpoint])
        #expect(run.status == 0, "\(run.errors)")
        let report = try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
        #expect(report.records("files").compactMap { $0.int("rows") } == [1, 1], "\(report)")
        for _ in 0..<2 {
            let found = try await Referee.find(emulator, ["zeb-117-", "zeb-118-", "zeb-5117-"])
            #expect(found["zeb-117-"]?.allSatisfy { $0.contains("/raw/") } == true, "\(found)")
            for text in ["zeb-118-", "zeb-5117-"] {
                #expect(found[text]?.contains { $0.contains("bronze/visit") } == true, "\(found)")
                #expect(found[text]?.contains { $0.contains("silver/visit/data") } == true, "\(found)")
            }
            #expect(found["zeb-118-"]?.contains { $0.contains("quarantine/visit") } == true, "\(found)")
            // The second time, of files that were converted again.
            let replay = try await Command.run(
                Programs.cupel,
                ["replay", "--table", "visit", "--status", "success", "--force", "--endpoint", emulator.endpoint])
            #expect(replay.status == 0, "\(replay.errors)")
            try await Referee.lake(emulator, "settle")
            #expect(try await Referee.silver(emulator, "finish").records("errors").isEmpty)
        }
        #expect(emulator.stop() == 0)
    }

    @Test("a key whose column has had another name leaves the files of both names") func renamed() async throws {
        let emulator = try await RunningEmulator(parameters: Self.quiet)
        let folder = try TemporaryDirectory()
        let contracts = "\(folder.path)/contracts"
        try FileManager.default.createDirectory(atPath: contracts, withIntermediateDirectories: true)
        for (name, persons) in [("person", 100..<110), ("visitor", 200..<210)] {
            let contract = """
                apiVersion: v3.1.0
                kind: DataContract
                id: call
                version: 1.0.0
                status: active
                schema:
                  - name: call
                    properties:
                      - name: \(name)
                        logicalType: integer
                        classification: public
                        primaryKey: true
                        customProperties: [{property: fieldId, value: 21}]
                      - {name: note, logicalType: string, classification: public}

                """
            try contract.write(toFile: "\(contracts)/call.odcs.yaml", atomically: true, encoding: .utf8)
            let file = "\(folder.path)/\(name).json"
            let lines = persons.map { "{\"\(name)\":\($0),\"note\":\"zeb-\($0)-\"}\n" }
            try lines.joined().write(toFile: file, atomically: true, encoding: .utf8)
            let run = try await Command.run(
                Programs.cupel,
                ["run", file, "--table", "call", "--contracts", contracts, "--endpoint", emulator.endpoint])
            try #require(run.status == 0, "\(run.text)\(run.errors)")
        }
        for key in ["103", "204"] {
            let run = try await Command.run(
                Programs.cupel,
                ["erase", "--table", "call", "--key", key, "--yes", "--json", "--endpoint", emulator.endpoint])
            #expect(run.status == 0, "\(run.errors)")
        }
        let found = try await Referee.find(emulator, ["zeb-103-", "zeb-204-", "zeb-104-", "zeb-203-"])
        for text in ["zeb-103-", "zeb-204-"] {
            #expect(found[text]?.allSatisfy { $0.contains("/raw/") } == true, "\(found)")
        }
        for text in ["zeb-104-", "zeb-203-"] {
            #expect(found[text]?.contains { $0.contains("bronze/call") } == true, "\(found)")
            #expect(found[text]?.contains { $0.contains("silver/call/data") } == true, "\(found)")
        }
        #expect(emulator.stop() == 0)
    }

    /// `make soak` asks for more.
    private static let rounds = Int(ProcessInfo.processInfo.environment["CUPEL_CRASH_ROUNDS"] ?? "") ?? 6

    @Test("an erasure that is killed between any two of its requests, and started again, leaves nothing behind")
    func killed() async throws {
        let seed = Int(ProcessInfo.processInfo.environment["CUPEL_SEED"] ?? "") ?? Int.random(in: 0..<1_000_000)
        print("seed \(seed): CUPEL_SEED=\(seed) repeats these kills")
        let emulator = try await RunningEmulator(parameters: Self.quiet)
        let folder = try TemporaryDirectory()
        let persons = 100..<101 + Self.rounds
        try await visit(emulator, persons, folder)
        let done = try await Referee.eraseRounds(
            emulator, "visit", "zeb", rounds: Self.rounds, seed: seed, keys: persons.map { "n-1 a,\($0)" })
        print("\(done)")
        #expect((done["kills"] as? [Int])?.isEmpty == false)
        // Each row that left is counted once, in the record of the file that had it.
        let records = try await Referee.lake(emulator, "records").records("records")
        #expect(records.compactMap { $0.int("erased_count") }.reduce(0, +) == 2 * persons.count)
        #expect(emulator.stop() == 0)
    }

    @Test("a key that is no key of the table, and a table of a model, are refused by name") func refused() async throws
    {
        let emulator = try await RunningEmulator(parameters: ["SilverSchedule": "rate(7 days)"])
        let folder = try TemporaryDirectory()
        try await putProfiles(emulator, "first.csv", profiles(1..<20), folder)
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
