import Foundation
import TestEmulator
import Testing

/// A bad raw file ends as a clear error in its control record, or as quarantined rows.
@Suite struct BadInputTests {
    /// Files and the words that their errors must contain.
    static let failing: [String: [String]] = [
        "not-gzip.csv.gz": ["gzip"],
        "truncated.csv.gz": ["gzip", "ends"],
        "wrong-crc.csv.gz": ["gzip", "CRC"],
        "empty-object.csv.gz": ["empty"],
        "empty.csv.gz": ["header"],
        "no-required-column.csv.gz": ["beer_id", "column"],
        "all-rows-bad.csv.gz": ["40", "beer_id"],
        "bomb.csv.gz": ["400 times", "bomb"],
    ]
    /// Files with forty good rows and one bad row, and the words that its quarantine line must contain.
    static let quarantining: [String: [String]] = [
        "too-few-fields.csv.gz": ["field"],
        "too-many-fields.csv.gz": ["field"],
        "text-in-integer.csv.gz": ["beer_id", "forty-one"],
        "integer-overflow.csv.gz": ["beer_id", "9223372036854775808"],
        "invalid-utf8.csv.gz": ["UTF-8"],
        "garbage-line.json.gz": ["JSON"],
        "nested.json.gz": ["beer_id"],
        "long-line.csv.gz": ["line"],
    ]

    @Test("a bad file is an error that says what and where, and a bad row is quarantined")
    func badFiles() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let script = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/bad_files.py"
        let made = try await Command.run(Programs.python, [script, folder.path])
        try #require(made.status == 0, "\(made.errors)")
        let files = Self.failing.keys.sorted() + Self.quarantining.keys.sorted()
        try await Referee.lake(emulator, "put", files.flatMap { ["raw/beer/\($0)", "\(folder.path)/\($0)"] })
        let records = try await Referee.lake(emulator, "settle").records("records").filter {
            $0.text("schema_name") == "dm_bronze"
        }
        let byFile = Dictionary(
            uniqueKeysWithValues: records.map {
                ($0.text("object_key")?.split(separator: "/").last.map(String.init) ?? "", $0)
            })
        for (file, fragments) in Self.failing {
            let record = try #require(byFile[file])
            let message = record.text("error_message") ?? ""
            #expect(record.text("status") == "error", "\(file): \(record)")
            #expect(message.contains("raw/beer/\(file)"), "the error must name the object: \(message)")
            for fragment in fragments {
                #expect(
                    message.localizedCaseInsensitiveContains(fragment), "\(file): '\(fragment)' is not in: \(message)")
            }
            #expect(record.text("output_key") == nil)
        }
        let quarantined = try await Referee.lake(emulator, "quarantine").records("lines")
        for (file, fragments) in Self.quarantining {
            let record = try #require(byFile[file])
            #expect(record.text("status") == "success", "\(file): \(record)")
            #expect(record.int("quarantined_count") == 1)
            let lines = quarantined.filter { $0.text("object_key") == "raw/beer/\(file)" }
            #expect(lines.count == 1)
            let line = try String(
                decoding: JSONSerialization.data(withJSONObject: try #require(lines.first)), as: UTF8.self)
            for fragment in fragments {
                #expect(
                    line.localizedCaseInsensitiveContains(fragment),
                    "\(file): '\(fragment)' is not in: \(line.prefix(600))")
            }
        }
        try await Referee.lake(emulator, "check")
    }

    @Test("keys with spaces, signs, and other scripts are read, and what cannot be read is an error record")
    func unusualKeys()
        async throws
    {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let file = try await Sample.generate(table: "brewery", rows: 50, seed: 5, format: "csv", into: folder)
        let names = ["two words", "a+b", "100%", "50%2525", "naïve-ビール", "q?x=1&y", "semi;colon", "#1", "it's"]
        let unreadable = [
            "raw/unknown/x.csv.gz": "UnknownTable", "raw/brewery/../beer/x.csv.gz": "InvalidKey",
            "raw/brewery/x.txt": "UnknownFormat", "raw/brewery/x.parquet": "UnknownFormat",
        ]
        let good = Set(names.map { "raw/brewery/\($0).csv.gz" })
        let keys = good.sorted() + unreadable.keys.sorted() + ["other/brewery/x.csv.gz"]
        try await Referee.lake(emulator, "put", keys.flatMap { [$0, file] })
        let records = try await Referee.lake(emulator, "settle").records("records").filter {
            $0.text("schema_name") == "dm_bronze"
        }
        let (failed, succeeded) = (
            records.filter { $0.text("status") == "error" }, records.filter { $0.text("status") == "success" }
        )
        #expect(Set(succeeded.compactMap { $0.text("object_key") }) == good)
        let found = failed.map { ($0.text("object_key") ?? "", $0.text("error_type") ?? "") }
        #expect(Dictionary(uniqueKeysWithValues: found) == unreadable)
        #expect(records.count == keys.count - 1)
        #expect(try await Referee.lake(emulator, "check").int("rows") == 50 * names.count)
    }

    @Test("an object deleted before it was read is an error that says so")
    func deletedObject() async throws {
        let emulator = try await RunningEmulator()
        try await Referee.lake(emulator, "phantom-event", ["raw/beer/gone.csv.gz"])
        let records = try await Referee.lake(emulator, "settle").records("records")
        let record = try #require(records.first)
        #expect(record.text("status") == "error")
        let message = record.text("error_message") ?? ""
        #expect(message.contains("raw/beer/gone.csv.gz"))
        #expect(message.contains("gone") || message.contains("no longer") || message.contains("deleted"), "\(message)")
    }
}
