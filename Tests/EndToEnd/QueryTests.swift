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
        let csv = try await query(emulator, silver, ["--format", "csv"])
        #expect(csv.text == "beer_id,beer_name,beer_abv\n1,Old Raven,4.5\n2,\"Rye, dark\",\n")
        let json = try await query(emulator, silver, ["--format", "json"])
        #expect(
            json.text == """
                {"beer_id":1,"beer_name":"Old Raven","beer_abv":4.5}
                {"beer_id":2,"beer_name":"Rye, dark","beer_abv":null}

                """)
        let bronze = try await query(
            emulator,
            "SELECT count(*) AS n, max(operation) AS operation, count(DISTINCT year) AS years FROM bronze.beer",
            ["--format", "csv"])
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
            emulator, #"SELECT snapshot_id FROM silver."beer$snapshots" ORDER BY committed_at"#, ["--format", "csv"])
        let ids = snapshots.text.split(separator: "\n").dropFirst()
        #expect(ids.count == 2)
        for (id, count) in zip(ids, [2, 3]) {
            let counted = try await query(
                emulator, "SELECT count(*) AS n FROM silver.beer FOR VERSION AS OF \(id)", ["--format", "csv"])
            #expect(counted.text == "n\n\(count)\n", "\(counted.errors)")
        }
        // By time: that of the second snapshot, and a moment before it, give each its state.
        let times = try await query(
            emulator,
            #"""
            SELECT date_format(committed_at, '%Y-%m-%d %H:%i:%s.%f') AS t,
              date_format(committed_at - INTERVAL '1' SECOND, '%Y-%m-%d %H:%i:%s.%f') AS before
            FROM silver."beer$snapshots" ORDER BY committed_at
            """#, ["--format", "csv"])
        let lines = times.text.split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
        #expect(lines.count == 2, "\(times.text)\(times.errors)")
        for (line, count) in zip(lines, [2, 3]) {
            let counted = try await query(
                emulator, "SELECT count(*) AS n FROM silver.beer FOR TIMESTAMP AS OF TIMESTAMP '\(line[0]) UTC'",
                ["--format", "csv"])
            #expect(counted.text == "n\n\(count)\n", "\(counted.errors)")
        }
        let early = try await query(
            emulator, "SELECT count(*) FROM silver.beer FOR TIMESTAMP AS OF TIMESTAMP '\(lines.first?[1] ?? "") UTC'")
        #expect(early.status == 1 && early.errors.contains("No version history table"), "\(early.text)\(early.errors)")

        let unknown = try await query(emulator, "SELECT nope FROM silver.beer")
        #expect(
            unknown.status == 1 && unknown.errors.contains("line 1:8: Column 'nope' cannot be resolved"),
            "\(unknown.errors)")
        let malformed = try await query(emulator, "SELEC 1")
        #expect(malformed.status == 2 && malformed.errors.contains("mismatched input 'SELEC'"), "\(malformed.errors)")
        let outside = try await query(emulator, "SELECT * FROM read_csv('/etc/passwd')")
        #expect(outside.status == 1 && !outside.text.contains("root:"), "\(outside.text)")
        // The pipeline's work group limits what they scan; who says where results go takes the one that lets him.
        #expect(try await countOfQueries(in: "primary", emulator) == 0)
        #expect(try await countOfQueries(in: "cupel-dev", emulator) > 5)
        let place = ["--output-location", "s3://\(RawHTTP.stageBucket)/results/"]
        #expect(try await query(emulator, "SELECT 1", place).status == 0)
        #expect(try await countOfQueries(in: "primary", emulator) == 1)
        #expect(emulator.stop() == 0)
    }

    @Test(
        "a query that would scan more than the pipeline's work group allows is cancelled, and the message says what to do"
    )
    func scanLimit() async throws {
        let emulator = try await RunningEmulator(parameters: ["QueryLimitInBytes": "10000000"])
        let results = ["--output-location", "s3://\(RawHTTP.stageBucket)/results/"]
        for (table, count) in [("large", 3000), ("small", 1)] {
            let made = try await query(
                emulator,
                "CREATE TABLE dm_silver.\(table) WITH (external_location = 's3://\(RawHTTP.stageBucket)/\(table)/') AS "
                    + "SELECT rand() AS x FROM UNNEST(sequence(1, \(count))) AS a (i) "
                    + "CROSS JOIN UNNEST(sequence(1, 1000)) AS b (j)", results)
            #expect(made.status == 0, "\(made.errors)")
        }
        let sum = "SELECT count(*) AS n FROM silver.large WHERE x >= 0"
        let refused = try await query(emulator, sum)
        #expect(refused.status == 1 && refused.text.isEmpty, "\(refused.text)")
        #expect(
            refused.errors.contains(
                "Bytes scanned limit was exceeded\na query of the work group cupel-dev may scan 10.0 MB: ")
                && refused.errors.contains("QueryLimitInBytes"), "\(refused.errors)")
        // What is below the limit, and a group without one.
        let small = try await query(emulator, "SELECT count(*) AS n FROM silver.small", ["--format", "csv"])
        #expect(small.text == "n\n1000\n", "\(small.errors)")
        let free = try await query(emulator, sum, ["--format", "csv"] + results)
        #expect(free.text == "n\n3000000\n", "\(free.errors)")
        #expect(emulator.stop() == 0)
    }

    private func countOfQueries(in group: String, _ emulator: RunningEmulator) async throws -> Int {
        let list = try await Command.run(
            Deployment.aws, ["athena", "list-query-executions", "--work-group", group],
            environment: Deployment.environment(for: emulator))
        let answer = try JSONSerialization.jsonObject(with: list.output) as? [String: Any]
        return try #require(answer?["QueryExecutionIds"] as? [String], "\(list.errors)").count
    }

    // MARK: Operations

    /// A row that would clear a terminal, name its window, and turn the text around.
    private static let hostile = "\u{1B}[2J\u{1B}]0;owned\u{07}\u{9B}31m\u{202E}evil"

    /// Brings a file with one row that breaks its contract to silver, and one that is no file of its kind.
    private func bringFiles(to emulator: RunningEmulator, _ folder: TemporaryDirectory) async throws {
        let good = "\(folder.path)/beer.csv"
        try
            "beer_id,brewery_id,beer_name,beer_style,beer_abv\n1,1,Old Raven,IPA,4.5\n2,1,\(Self.hostile),IPA,5\nx,1,\(Self.hostile),IPA,5\n"
            .write(toFile: good, atomically: true, encoding: .utf8)
        let run = try await Command.run(
            Programs.cupel, ["run", good, "--until", "silver", "--endpoint", emulator.endpoint])
        #expect(run.status == 0, "\(run.errors)")
        let broken = "\(folder.path)/broken.csv.gz"
        try "no gzip".write(toFile: broken, atomically: true, encoding: .utf8)
        try await Referee.lake(emulator, "put", ["raw/beer/broken.csv.gz", broken])
        try await Referee.lake(emulator, "settle")
    }

    @Test("the control table, executions and quarantined rows are tables; nothing is left of them after a query")
    func operations() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        try await bringFiles(to: emulator, folder)
        func csv(_ statement: String) async throws -> String {
            let answer = try await query(emulator, statement, ["--format", "csv"])
            #expect(answer.status == 0, "\(answer.errors)")
            return answer.text
        }
        #expect(
            try await csv(
                "SELECT layer, status, count(*) AS n, sum(quarantined_count) AS bad FROM control.files GROUP BY 1, 2 ORDER BY 1, 2"
            ) == "layer,status,n,bad\nbronze,error,1,\nbronze,success,1,1\nsilver,success,1,0\n")
        let id = try await csv("SELECT control_id FROM control.files WHERE status = 'error'").split(separator: "\n")
            .last
        #expect(
            try await csv("SELECT f.status, f.object_key FROM control.files f WHERE f.control_id = '\(id ?? "")'")
                == "status,object_key\nerror,raw/beer/broken.csv.gz\n")
        // Joined with each other, and with the lake.
        #expect(
            try await csv(
                """
                SELECT f.object_key, q.line, q.column_name, q.reason, (SELECT count(*) FROM silver.beer) AS beers
                FROM quarantine.rows AS q JOIN control.files AS f ON f.quarantine_key = q.quarantine_key
                WHERE q.table_name = 'beer'
                """) == "object_key,line,column_name,reason,beers\nraw/beer/beer.csv,4,beer_id,not_an_integer,2\n")
        #expect(
            try await csv("SELECT DISTINCT state_machine, status FROM executions.runs WHERE state_machine = 'silver'")
                == "state_machine,status\nsilver,SUCCEEDED\n")
        #expect(
            try await csv("SELECT count(*) AS n FROM executions.runs WHERE output IS NULL OR duration IS NULL")
                == "n\n0\n")
        #expect(
            try await csv(
                "SELECT count(*) AS n FROM executions.runs WHERE start_date >= TIMESTAMP '2999-01-01 00:00:00'")
                == "n\n0\n")
        #expect(try await csv("SHOW TABLES IN control") == "tab_name\nfiles\n")
        #expect(try await csv("DESCRIBE quarantine.rows").contains("raw_text"))
        // Only the layers' databases are left, and no file.
        let databases = try await csv("SHOW DATABASES")
        #expect(!databases.contains("cupel_query"), "\(databases)")
        let objects = try await Referee.lake(emulator, "digests").keys
        #expect(objects.contains { $0.hasPrefix("athena/") } && !objects.contains { $0.hasPrefix("athena/tables/") })
        #expect(emulator.stop() == 0)
    }

    @Test("what is missing, misspelled or cannot be is said with advice") func advice() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        func errors(_ statement: String, _ options: [String] = [], status: Int32 = 1) async throws -> String {
            let answer = try await query(emulator, statement, options)
            #expect(answer.status == status && answer.text.isEmpty, "\(answer.text)\(answer.errors)")
            // What follows Athena's own message.
            let advice = answer.errors.split(separator: "\n").dropFirst()
            #expect(status != 1 || advice.allSatisfy { $0.count <= 80 }, "\(answer.errors)")
            return answer.errors
        }
        #expect(try await errors("SELECT * FROM silver.beer").contains("silver has no table yet"))
        #expect(try await errors("SELECT * FROM gold.best").contains("gold has no table yet"))
        try await bringFiles(to: emulator, folder)
        #expect(try await errors("SELECT * FROM silver.bear").contains("did you mean silver.beer?"))
        #expect(try await errors("SELECT * FROM silver.other").contains("the tables are silver.beer"))
        let unknown = try await errors("SELECT * FROM control.records")
        #expect(unknown.contains("'awsdatacatalog.control.records'"), "\(unknown)")
        #expect(unknown.contains("the tables are control.files"), "\(unknown)")
        #expect(
            try await errors("SELECT\n status, nope FROM control.files").contains("line 2:10: Column 'nope' cannot be"))
        #expect(
            try await errors("DROP TABLE control.files", status: 2).contains("control can be read only"))
        #expect(try await errors("SELECT 1", ["--output", "csv"], status: 2).contains("--format csv"))
        #expect(emulator.stop() == 0)
    }

    @Test("rows are written as Parquet with their types, in their order; what has no type there is refused by name")
    func parquet() async throws {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        let file = "\(folder.path)/rows.parquet"
        let statement = """
            SELECT n, CAST(n AS DECIMAL(20, 2)) AS d, CAST(n AS DOUBLE) / 4 AS f, n % 2 = 0 AS even,
              DATE '2026-11-30' AS day, TIMESTAMP '2026-11-30 12:00:00.123' AS t, CASE WHEN n % 3 > 0 THEN 'ä' END AS s,
              CAST(NULL AS INTEGER) AS nothing
            FROM UNNEST(sequence(1, 5000)) AS r(n) ORDER BY n DESC
            """
        let written = try await query(emulator, statement, ["-o", file])
        #expect(written.status == 0 && written.text.isEmpty, "\(written.errors)")
        let script = """
            import json, sys, pyarrow.parquet as pq
            table = pq.read_table(sys.argv[1])
            print(json.dumps([[f"{f.name} {f.type}" for f in table.schema], table.num_rows,
                              [str(v) for v in table.slice(2, 1).to_pylist()[0].values()], table["s"].null_count]))
            """
        let read = try await Command.run(Programs.python, ["-c", script, file])
        #expect(
            read.text == """
                [["n int64", "d decimal128(20, 2)", "f double", "even bool", "day date32[day]", "t timestamp[us]", "s string", \
                "nothing int32"], 5000, ["4998", "4998.00", "1249.5", "True", "2026-11-30", "2026-11-30 12:00:00.123000", \
                "None", "None"], 1666]

                """, "\(read.errors)")
        for (statement, reason) in [
            ("SELECT ARRAY[1, 2] AS list", "column list is array"), ("SELECT 1 AS a, 2 AS a", "column a"),
        ] {
            let refused = try await query(emulator, statement, ["-o", file])
            #expect(refused.status == 2 && refused.errors.contains(reason), "\(refused.errors)")
        }
        // The earlier file is still whole.
        let again = try await Command.run(Programs.python, ["-c", script, file])
        #expect(again.text == read.text)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["rows.parquet"])
        #expect(emulator.stop() == 0)
    }

    @Test("the prompt keeps its history, and no text of a row reaches the terminal as a command") func prompt()
        async throws
    {
        let emulator = try await RunningEmulator()
        let folder = try TemporaryDirectory()
        try await bringFiles(to: emulator, folder)
        func type(_ keys: [[String]]) async throws -> [String] {
            let text = String(decoding: try JSONSerialization.data(withJSONObject: keys), as: UTF8.self)
            let run = try await Command.run(
                Programs.python,
                [
                    "\(Programs.packageRoot)/Tests/EndToEnd/Referees/prompt.py", text, Programs.cupel, "query",
                    "--endpoint", emulator.endpoint,
                ], environment: ["XDG_STATE_HOME": folder.path, "TERM": "xterm"])
            let answer = try JSONSerialization.jsonObject(with: run.output) as? [String: Any]
            #expect(answer?.int("status") == 0, "\(run.errors)")
            return try #require(answer?["screen"] as? [String], "\(run.errors)")
        }
        let up = "\u{1B}[A"
        let first = try await type([
            ["query> ", "SELECT beer_name FROM silver.beer\r"], ["    -> ", "WHERE beer_id = 2;\r"],
            ["(1 row", "SELECT raw_text FROM quarantine.rows;\r"],
            ["(1 row", "SELECT CAST(beer_name AS integer) FROM silver.beer WHERE beer_id = 2;\r"],
            ["cupel: ", "SELECT 1 AS thrown;\u{03}"], ["^C", "exit\r"],
        ])
        for shown in first {
            // The editor's own sequences go to a line's beginning, clear it, and move right.
            let rest = shown.replacing(#/\u{1B}\[(K|\d+C)/#, with: "")
            #expect(!rest.unicodeScalars.contains { [0x1B, 0x07, 0x9B, 0x202E].contains($0.value) }, "\(shown)")
        }
        #expect(first[2].contains("evil") && first[3].contains("evil"), "\(first)")
        let history = try String(contentsOfFile: "\(folder.path)/cupel/query-history", encoding: .utf8)
        #expect(history.hasPrefix("SELECT beer_name FROM silver.beer WHERE beer_id = 2;\n"), "\(history)")
        #expect(history.split(separator: "\n").count == 3, "\(history)")
        // Another run takes the oldest statement up again.
        let second = try await type([["query> ", up + up + up + "\r"], ["(1 row", "\u{04}"]])
        #expect(second[1].contains("evil"), "\(second)")
        #expect(emulator.stop() == 0)
    }
}
