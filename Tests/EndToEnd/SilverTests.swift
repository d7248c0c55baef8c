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

    @Test("a table is parted by derived columns and transforms; rows move, and readers pass by the other partitions")
    func partitions() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        try await publish(
            """
            customProperties:
              - {property: derived, value: [visit_year = year(at), visit_hour = hour(at)]}
              - {property: silverPartition, value: [visit_year, "bucket[2](id)", "truncate[1](place)"]}
            schema:
              - name: visit
                properties:
                  - {name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}
                  - {name: line, logicalType: string, primaryKey: true, primaryKeyPosition: 2}
                  - {name: at, logicalType: timestamp}
                  - {name: place, logicalType: string}
            """, emulator, folder)
        for version in 0..<3 {
            let rows = (0..<40).map { number in
                let year = [1, 1969, 2024, 9999][(number + version) % 4]
                let place = number % 5 == 0 ? "null" : "\"\(["Köln", "Ulm", "Aachen"][(number + version) % 3])\""
                let time = "\(String(repeating: "0", count: 4 - "\(year)".count))\(year)-12-31T23:59:59.999999Z"
                return "{\"id\":\(number),\"line\":\"l\(number % 2)\",\"at\":\"\(time)\",\"place\":\(place)}"
            }
            let file = "\(folder.path)/\(version).json"
            try (rows.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            try await Referee.lake(emulator, "put", ["raw/visit/\(version).json", file])
            try await Referee.lake(emulator, "settle")
            try await merge(emulator)
            let checked = try await Referee.silver(
                emulator, "check", ["visit", "id,line", "visit_year=year(at)", "visit_hour=hour(at)"])
            #expect(checked.int("rows") == 40)
        }
        for filter in ["visit_year == 2024", "id == 7", "place == 'Ulm'"] {
            let plan = try await Referee.silver(emulator, "plan", ["visit", filter])
            #expect(try #require(plan.int("files")) < (try #require(plan.int("all"))), "\(filter): \(plan)")
        }
    }

    @Test("all types at their limits, and a thousand columns, are read as bronze has them") func types() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let types = [
            ("a", "integer", "tinyint", "-128", "127"), ("b", "integer", "usmallint", "0", "65535"),
            ("c", "integer", "uinteger", "0", "4294967295"),
            ("d", "integer", "bigint", "-9223372036854775808", "9223372036854775807"),
            ("e", "number", "'decimal(38,10)'", "-9999999999999999999999999999.9999999999", "0.0000000001"),
            ("f", "number", "'decimal(18,18)'", "-0.999999999999999999", "0.5"),
            ("g", "number", "'decimal(9,0)'", "-999999999", "999999999"), ("h", "number", "float", "-0.5", "1e30"),
            ("i", "number", "double", "-1e-300", "1e300"), ("j", "boolean", "boolean", "true", "false"),
            ("k", "timestamp", "timestamp", "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.999999Z\""),
            ("l", "timestamp", "timestamp_ntz", "\"0001-01-01T00:00:00\"", "\"9999-12-31T23:59:59.999999\""),
            ("m", "timestamp", "timestamp(3)", "\"0001-01-01T00:00:00.001Z\"", "\"9999-12-31T23:59:59.999Z\""),
            ("n", "date", "date", "\"0001-01-01\"", "\"9999-12-31\""),
            ("o", "time", "time", "\"00:00:00\"", "\"23:59:59.999999\""),
            ("p", "time", "time(3)", "\"00:00:00.001\"", "\"23:59:59.999\""),
            (
                "q", "string", "uuid", "\"00000000-0000-0000-0000-000000000000\"",
                "\"ffffffff-ffff-ffff-ffff-ffffffffffff\""
            ),
            ("r", "string", "json", "{\"x\":[1,null]}", "[]"), ("s", "string", "string", "\"\"", "\"ä😀\\n\""),
        ]
        let wide = (types.count..<999).map { ("c\($0)", "string", "string", "\"\($0)\"", "null") }
        let columns = (types + wide).map { "      - {name: \($0.0), logicalType: \($0.1), physicalType: \($0.2)}" }
        let key = "      - {name: id, logicalType: number, physicalType: 'decimal(20,0)', primaryKey: true}\n"
        try await publish(
            "schema:\n  - name: wide\n    properties:\n\(key)\(columns.joined(separator: "\n"))", emulator, folder)
        for version in 0..<2 {
            let rows = (0..<4).map { number in
                let members = (types + wide).map { column in
                    "\"\(column.0)\":" + [column.3, column.4, "null"][(number + version) % 3]
                }
                return
                    "{\"id\":\(number % 2 == 0 ? "-" : "")1844674407370955161\(number),\(members.joined(separator: ","))}"
            }
            let file = "\(folder.path)/\(version).json"
            try (rows.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            try await Referee.lake(emulator, "put", ["raw/wide/\(version).json", file])
            let records = try await Referee.lake(emulator, "settle").records("records")
            #expect(records.allSatisfy { $0.text("error_message") == nil }, "\(records)")
            try await merge(emulator)
            #expect(try await Referee.silver(emulator, "check", ["wide", "id"]).int("rows") == 4)
        }
    }

    @Test("structs and lists become Iceberg's: added to a table, changed, left out, and moved to other partitions")
    func nested() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let fields = try String(
            contentsOfFile: "\(Programs.packageRoot)/Tests/Fixtures/nested/columns.yaml", encoding: .utf8)
        for version in 0..<4 {
            try await publish(
                """
                customProperties: [{property: silverPartition, value: ["truncate[2](note)"]}]
                schema:
                  - name: basket
                    properties:
                      - {name: id, logicalType: integer, primaryKey: true}
                      - {name: note, logicalType: string}
                \(version > 0 ? fields : "")
                """, emulator, folder)
            let file = "\(folder.path)/\(version).json.gz"
            try await Referee.silver(emulator, "nested", ["\(version)", "80", file])
            try await Referee.lake(emulator, "put", ["raw/basket/\(version).json.gz", file])
            let records = try await Referee.lake(emulator, "settle").records("records")
            #expect(records.allSatisfy { $0.text("error_message") == nil }, "\(records)")
            try await merge(emulator)
            #expect(try #require(try await Referee.silver(emulator, "check", ["basket", "id"]).int("rows")) > 30)
        }
    }

    @Test("rows that DuckDB deletes and updates in place are followed by the next merge") func foreignDeletes()
        async throws
    {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        var files: [String] = []
        for seed in 1...2 {
            let file = try await Sample.generate(
                table: "beer", rows: 200 * seed, seed: seed, format: "json", into: folder)
            files.append(file)
            try await Referee.lake(emulator, "put", ["raw/beer/\(seed).json.gz", file])
            try await Referee.lake(emulator, "settle")
            if seed == 1 {
                try await merge(emulator)
                let made = try await Referee.silver(emulator, "foreign", ["beer", "\(folder.path)/rows"])
                #expect(try #require(made.int("deletes")) > 0)
            }
        }
        try await merge(emulator)
        let checked = try await Referee.silver(emulator, "after-foreign", ["beer", "\(folder.path)/rows", files[1]])
        #expect(try #require(checked.int("rows")) >= 400)
    }

    private func publish(_ text: String, _ emulator: RunningEmulator, _ folder: TemporaryDirectory) async throws {
        let path = "\(folder.path)/contract.odcs.yaml"
        let head = "apiVersion: v3.1.0\nkind: DataContract\nid: t\nversion: 1.0.0\nstatus: active\n"
        try (head + text + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        let run = try await Command.run(
            Programs.cupel, ["contract", "publish", path, "--endpoint", emulator.endpoint])
        #expect(run.status == 0, "\(run.errors)")
    }

    @Test(
        "DuckDB reads and writes by ENDPOINT_TYPE glue, which asks Glue and S3 by their names on AWS alone",
        .enabled(if: getuid() == 0, "names and ports of AWS need root")) func duckDBGlue() async throws
    {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let file = try await Sample.generate(table: "beer", rows: 100, seed: 1, format: "csv", into: folder)
        try await Referee.lake(emulator, "put", ["raw/beer/beer.csv.gz", file])
        try await Referee.lake(emulator, "settle")
        try await merge(emulator)
        let answer = try await Referee.duckDBGlue(emulator, "beer")
        #expect(answer.int("rows") == 100 && answer.int("written") == 2)
        #expect(try #require(answer.int("signed")) > 0)
        #expect(emulator.stop() == 0)
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
