import Foundation
import TestEmulator
import Testing

/// `cupel table` beside pyiceberg, on the tables that silver-merge writes.
@Suite struct TableTests {
    @Test("list, show, history and diff say what pyiceberg reads of each snapshot") func tables() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let beers = try await Sample.generate(table: "beer", rows: 800, seed: 1, format: "csv", into: folder)
        try await Referee.lake(emulator, "put", ["raw/beer/beer.csv.gz", beers])
        try await Referee.lake(emulator, "settle")
        _ = try await Referee.silver(emulator, "merge")
        for seed in 1...2 {
            let file = "\(folder.path)/changes-\(seed).json.gz"
            try await Referee.silver(emulator, "changes", ["beer", "\(seed)", "500", file])
            try await Referee.lake(emulator, "put", ["raw/beer/changes-\(seed).json.gz", file])
            try await Referee.lake(emulator, "settle")
            _ = try await Referee.silver(emulator, "merge")
        }

        let listed = try #require(try await table(emulator, ["list"]).records("tables").first)
        #expect(listed.text("table") == "dm_silver.beer" && listed.int("snapshot") == 3)
        #expect(listed.int("waiting_files") == 0 && listed.int("failed_files") == 0)
        let checked = try await Referee.silver(emulator, "check", ["beer"])
        #expect(listed.int("rows") == checked.int("rows") && listed.int("data_files") == checked.int("files"))

        let shown = try await table(emulator, ["show", "beer"])
        #expect(shown["key"] as? [String] == ["beer_id"])
        #expect(shown.records("columns").first?.text("doc")?.isEmpty == false)
        #expect((shown.records("data_files").first?["lower_bounds"] as? [String: Any])?.int("beer_id") == 1)

        let history = try await table(emulator, ["history", "silver.beer"]).records("snapshots")
        #expect(history.map { $0.int("snapshot") } == [3, 2, 1])
        #expect(
            history.map { $0.records("sources").compactMap { $0.text("raw_key") } } == [
                ["raw/beer/changes-2.json.gz"], ["raw/beer/changes-1.json.gz"], ["raw/beer/beer.csv.gz"],
            ])
        #expect(history.last?.int("inserted") == 800)

        for (from, to) in [("0", "1"), ("1", "2"), ("2", "3"), ("1", "3"), ("3", "1")] {
            try await compare(emulator, from, to)
        }
        let limited = try await Command.run(
            Programs.cupel, ["table", "diff", "beer", "0", "1", "--limit", "2", "--endpoint", emulator.endpoint])
        #expect(limited.status == 0 && limited.text.contains("\n+ beer_id 1  brewery_id "), "\(limited.text)")
        #expect(limited.text.contains("and 798 more inserted: --limit 800"), "\(limited.text)")

        let unknown = try await Command.run(
            Programs.cupel, ["table", "show", "beers", "--endpoint", emulator.endpoint])
        #expect(unknown.status == 3 && unknown.errors.contains("did you mean silver.beer?"), "\(unknown.errors)")
        #expect(emulator.stop() == 0)
    }

    @Test("a diff knows the rows that another engine has deleted by position, and what it wrote in their places")
    func foreignDeletes() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let file = try await Sample.generate(table: "beer", rows: 300, seed: 2, format: "json", into: folder)
        try await Referee.lake(emulator, "put", ["raw/beer/beer.json.gz", file])
        try await Referee.lake(emulator, "settle")
        _ = try await Referee.silver(emulator, "merge")
        try await Referee.silver(emulator, "foreign", ["beer", "\(folder.path)/rows"])
        let snapshots = try await table(emulator, ["history", "beer"]).records("snapshots")
        let last = try #require(snapshots.compactMap { $0.int("snapshot") }.max())
        #expect(last > 2)
        for (from, to) in [("1", "2"), ("1", "\(last)"), ("2", "\(last)"), ("\(last)", "1")] {
            try await compare(emulator, from, to)
        }
        #expect(emulator.stop() == 0)
    }

    @Test("masked values are shown as the lake has them, and never as they were") func maskedValues() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let file = "\(folder.path)/profile.csv"
        try "profile_id,profile_name,email,state\n7,ann,ann.smith@example.com,CA\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        let run = try await Command.run(
            Programs.cupel, ["run", file, "--table", "profile", "--endpoint", emulator.endpoint])
        #expect(run.status == 0, "\(run.errors)")
        for arguments in [["diff", "profile", "0"], ["show", "profile", "--json"], ["history", "profile"]] {
            let shown = try await Command.run(
                Programs.cupel, ["table"] + arguments + ["--endpoint", emulator.endpoint])
            #expect(shown.status == 0, "\(shown.errors)")
            #expect(!shown.text.contains("ann.smith"), "\(shown.text)")
            if arguments[0] == "diff" { #expect(shown.text.contains("+ profile_id 7"), "\(shown.text)") }
        }
    }

    private func table(_ emulator: RunningEmulator, _ arguments: [String]) async throws -> [String: Any] {
        let run = try await Command.run(
            Programs.cupel, ["table"] + arguments + ["--output", "json", "--endpoint", emulator.endpoint])
        try #require(run.status == 0, "\(run.errors)")
        return try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
    }

    private func compare(_ emulator: RunningEmulator, _ from: String, _ to: String) async throws {
        let expected = try await Referee.silver(emulator, "diff", ["beer", from, to])
        let found = try await table(emulator, ["diff", "beer", from, to, "--limit", "100000"])
        let rows = found.records("rows")
        for kind in ["inserted", "deleted"] {
            let keys = rows.filter { $0.text("change") == kind }.compactMap {
                ($0[kind == "inserted" ? "after" : "before"] as? [String: Any])?.int("beer_id")
            }
            #expect(keys == expected[kind] as? [Int], "\(kind) from \(from) to \(to)")
            #expect(found.int(kind) == keys.count)
        }
        var updated: [String: [String]] = [:]
        for row in rows where row.text("change") == "updated" {
            guard let key = (row["after"] as? [String: Any])?.int("beer_id") else { continue }
            updated["\(key)"] = (row["columns"] as? [String])?.sorted()
        }
        #expect(updated == expected["updated"] as? [String: [String]], "updated from \(from) to \(to)")
    }
}
