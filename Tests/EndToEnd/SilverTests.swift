import Foundation
import TestEmulator
import Testing

/// Bronze files become the current state of each key, which two readers of Iceberg see.
@Suite struct SilverTests {
    @Test("files and changes in any order become the rows that an independent fold of bronze gives")
    func currentState() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let beers = try await Sample.generate(table: "beer", rows: 800, seed: 1, format: "csv", into: folder)
        var uploads = ["raw/beer/beer.csv.gz", beers]
        try await Referee.lake(emulator, "put", uploads)
        for seed in 1...3 {
            let file = "\(folder.path)/changes-\(seed).json.gz"
            try await Referee.silver(emulator, "changes", ["beer", "\(seed)", "\(300 * seed)", file])
            uploads = ["raw/beer/changes-\(seed).json.gz", file]
            // The first batch has two files, the others one.
            if seed > 1 { try await merge(emulator) }
            try await Referee.lake(emulator, "put", uploads)
            try await Referee.lake(emulator, "settle")
        }
        try await merge(emulator)
        let checked = try await Referee.silver(emulator, "check", ["beer"])
        #expect(try #require(checked.int("rows")) >= 800)
        #expect(try #require(checked.int("deleted")) > 100)
        #expect(checked.int("snapshots") == 3)
        let records = try await Referee.lake(emulator, "records").records("records")
        for record in records where record.text("schema_name") == "dm_silver" {
            #expect(record.text("status") == "success", "\(record)")
        }
        #expect(emulator.stop() == 0)
    }

    @Test("cupel run ends with the silver table's rows; nothing is left to merge") func run() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let file = try await Sample.generate(table: "brewery", rows: 500, seed: 3, format: "csv", into: folder)
        let run = try await Command.run(
            Programs.cupel, ["run", file, "--table", "brewery", "--json", "--endpoint", emulator.endpoint])
        #expect(run.status == 0, "\(run.errors)")
        let document = try JSONSerialization.jsonObject(with: run.output) as? [String: Any]
        let silver = try #require(document?.records("silver").first)
        #expect(silver.text("table") == "brewery" && silver.int("rows") == 500 && silver.int("inserted") == 500)
        #expect(try await Referee.silver(emulator, "merge").records("tables").isEmpty)
        #expect(try await Referee.silver(emulator, "check", ["brewery"]).int("rows") == 500)
    }

    @Test("a table follows the versions of its contract: a new column, and one that becomes wider") func versions()
        async throws
    {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let published = "\(Programs.packageRoot)/infra/contracts/beer.odcs.yaml"
        let contract = try String(contentsOfFile: published, encoding: .utf8)
        for (version, bitterness) in ["", "int", "bigint"].enumerated() {
            let column = "      - {name: beer_ibu, logicalType: integer, physicalType: \(bitterness)}\n"
            let text = contract.replacing("version: 1.0.0", with: "version: 1.\(version).0")
                .replacing("      - name: beer_abv\n", with: (version > 0 ? column : "") + "      - name: beer_abv\n")
            try text.write(toFile: "\(folder.path)/beer.odcs.yaml", atomically: true, encoding: .utf8)
            let publish = try await Command.run(
                Programs.cupel,
                ["contract", "publish", "\(folder.path)/beer.odcs.yaml", "--endpoint", emulator.endpoint])
            #expect(publish.status == 0, "\(publish.errors)")
            let value = version == 2 ? 1 << 40 : 40
            let rows = (version..<version + 3).map {
                "{\"beer_id\":\($0),\"brewery_id\":\(version)" + (version > 0 ? ",\"beer_ibu\":\(value)}" : "}")
            }
            let file = "\(folder.path)/\(version).json"
            try (rows.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            try await Referee.lake(emulator, "put", ["raw/beer/\(version).json", file])
            try await Referee.lake(emulator, "settle")
            try await merge(emulator)
            #expect(try await Referee.silver(emulator, "check", ["beer"]).int("rows") == version + 3)
        }
    }

    @Test("a bronze file that is gone fails alone, by name, and holds up no other") func goneFile() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        for (name, seed) in [("a", 1), ("b", 2)] {
            let file = try await Sample.generate(table: "beer", rows: 100, seed: seed, format: "csv", into: folder)
            try await Referee.lake(emulator, "put", ["raw/beer/\(name).csv.gz", file])
        }
        let settled = try await Referee.lake(emulator, "settle").records("records")
        let bronze = try #require(settled.first { $0.text("object_key") == "raw/beer/a.csv.gz" })
        try await Referee.lake(emulator, "remove", [try #require(bronze.text("output_key"))])
        try await merge(emulator)
        let records = try await Referee.lake(emulator, "records").records("records")
        let silver = records.filter { $0.text("schema_name") == "dm_silver" }
        #expect(silver.count == 2 && Set(silver.compactMap { $0.text("status") }) == ["success", "error"])
        let failed = try #require(silver.first { $0.text("status") == "error" })
        #expect(failed.text("error_type") == "UnreadableFile")
        #expect(failed.text("error_message")?.contains("the file is gone") == true, "\(failed)")
    }

    private func merge(_ emulator: RunningEmulator) async throws {
        for table in try await Referee.silver(emulator, "merge").records("tables") {
            #expect(table.text("outcome") == "done", "\(table)")
        }
    }
}
