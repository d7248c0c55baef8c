import Foundation
import TestEmulator
import Testing

/// `cupel query` over the lake that the pipeline has made.
@Suite struct QueryTests {
    private func query(
        _ emulator: RunningEmulator, _ statement: String, _ options: [String] = []
    ) async throws -> Command {
        try await Command.run(Programs.cupel, ["query", statement, "--endpoint", emulator.endpoint] + options)
    }

    @Test("bronze and silver are queried as text, CSV and JSON; earlier snapshots, too") func layers() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let file = "\(folder.path)/beer.csv"
        try "beer_id,brewery_id,beer_name,beer_style,beer_abv\n1,1,Old Raven,IPA,4.5\n2,1,\"Rye, dark\",Stout,\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        let run = try await Command.run(
            Programs.cupel, ["run", file, "--until", "silver", "--endpoint", emulator.endpoint])
        #expect(run.status == 0, "\(run.errors)")
        let silver = "SELECT beer_id, beer_name, beer_abv FROM silver.beer ORDER BY beer_id"
        let text = try await query(emulator, silver)
        #expect(
            text.text == """
                beer_id  beer_name  beer_abv
                -------  ---------  --------
                      1  Old Raven       4.5
                      2  Rye, dark

                """, "\(text.errors)")
        let csv = try await query(emulator, silver, ["--output", "csv"])
        #expect(csv.text == "beer_id,beer_name,beer_abv\n1,Old Raven,4.5\n2,\"Rye, dark\",\n")
        let json = try await query(emulator, silver, ["--output", "json"])
        #expect(
            json.text == """
                {"beer_id":1,"beer_name":"Old Raven","beer_abv":4.5}
                {"beer_id":2,"beer_name":"Rye, dark","beer_abv":null}

                """)
        let bronze = try await query(
            emulator,
            "SELECT count(*) AS n, max(operation) AS operation, count(DISTINCT year) AS years FROM bronze.beer",
            ["--output", "csv"])
        #expect(bronze.text == "n,operation,years\n2,insert,1\n", "\(bronze.errors)")

        try "beer_id,brewery_id,beer_name,beer_style,beer_abv\n3,1,New,IPA,5\n".write(
            toFile: "\(folder.path)/beer-2.csv", atomically: true, encoding: .utf8)
        let second = try await Command.run(
            Programs.cupel,
            [
                "run", "\(folder.path)/beer-2.csv", "--table", "beer", "--until", "silver", "--endpoint",
                emulator.endpoint,
            ])
        #expect(second.status == 0, "\(second.errors)")
        let snapshots = try await query(
            emulator, #"SELECT snapshot_id FROM silver."beer$snapshots" ORDER BY committed_at"#, ["--output", "csv"])
        let ids = snapshots.text.split(separator: "\n").dropFirst()
        #expect(ids.count == 2)
        for (id, count) in zip(ids, [2, 3]) {
            let counted = try await query(
                emulator, "SELECT count(*) AS n FROM silver.beer FOR VERSION AS OF \(id)", ["--output", "csv"])
            #expect(counted.text == "n\n\(count)\n", "\(counted.errors)")
        }

        let unknown = try await query(emulator, "SELECT nope FROM silver.beer")
        #expect(
            unknown.status == 1 && unknown.errors.contains("line 1:8: Column 'nope' cannot be resolved"),
            "\(unknown.errors)")
        let malformed = try await query(emulator, "SELEC 1")
        #expect(malformed.status == 2 && malformed.errors.contains("mismatched input 'SELEC'"), "\(malformed.errors)")
        let outside = try await query(emulator, "SELECT * FROM read_csv('/etc/passwd')")
        #expect(outside.status == 1 && !outside.text.contains("root:"), "\(outside.text)")
        #expect(emulator.stop() == 0)
    }
}
