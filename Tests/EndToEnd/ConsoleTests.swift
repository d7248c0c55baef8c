import Foundation
import TestEmulator
import Testing

/// The console in a real browser, over a pipeline that has converted files and refused some.
@Suite struct ConsoleTests {
    /// Files of beer: good ones, one with a few broken rows, one that breaks the contract, and one that is no gzip file.
    private static func feed(_ emulator: RunningEmulator) async throws {
        let folder = try TemporaryDirectory()
        let made = try await Command.run(Programs.cupel, ["generate", "--rows", "400", "-o", folder.path])
        #expect(made.status == 0, "\(made.errors)")
        let others = try await Command.run(
            Programs.cupel,
            ["run", "--data", emulator.data.path]
                + ["brewery", "profile", "review"].map { "\(folder.path)/\($0).csv.gz" }, seconds: 1800)
        #expect(others.status == 0, "\(others.text)\(others.errors)")
        let script = """
            import gzip, sys
            folder = sys.argv[1]
            rows = gzip.open(folder + "/beer.csv.gz", "rt").read().splitlines()
            good = [row.split(",") for row in rows[1:200]]
            for number, row in enumerate(good):
                row[0] = str(100000 + number)
            good[7][4] = good[8][4] = "strong"
            good[9][0] = "<script>document.title = 'run'</script>"
            gzip.open(folder + "/broken.csv.gz", "wt").write("\\n".join([rows[0]] + [",".join(row) for row in good]) + "\\n")
            gzip.open(folder + "/worse.csv.gz", "wt").write("\\n".join([rows[0]] + ["x,y,<img src=x onerror=alert(1)>,s,z"] * 50) + "\\n")
            open(folder + "/plain.csv.gz", "w").write("no gzip")
            """
        let written = try await Command.run(Programs.python, ["-c", script, folder.path])
        #expect(written.status == 0, "\(written.errors)")
        let files = ["beer", "broken", "worse", "plain"].map { "\(folder.path)/\($0).csv.gz" }
        let run = try await Command.run(
            Programs.cupel, ["run", "--table", "beer", "--data", emulator.data.path] + files, seconds: 1800)
        #expect(run.status == 1 && run.errors.contains("2 of 4 files failed"), "\(run.text)\(run.errors)")
    }

    /// The script of axe-core.
    private static func axe() throws -> String {
        let libraries = "\(Programs.packageRoot)/.venv-axe/lib"
        let version = try #require(
            try? FileManager.default.contentsOfDirectory(atPath: libraries).first,
            "axe-core is missing; run: infra/setup test")
        return "\(libraries)/\(version)/site-packages/axe_playwright_python/axe.min.js"
    }

    @Test("in a real browser every page shows the pipeline, in light and dark, wide and narrow, and replays files")
    func everyPage() async throws {
        let emulator = try await RunningEmulator()
        #expect(emulator.output.contains("console  \(emulator.endpoint)/console/"))
        try await Self.feed(emulator)
        let referee = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/console.py"
        let run = try await Command.run(
            Programs.python, ["-B", referee, emulator.endpoint, try Self.axe()], seconds: 1800)
        let answer = try #require(
            try? JSONSerialization.jsonObject(with: run.output) as? [String: Any],
            "console.py ended with \(run.status): \(run.errors.suffix(4000))")
        #expect(answer["problems"] as? [String] == [], "\(answer["problems"] ?? "")")
        let pages = try #require(answer["pages"] as? [String: Any])
        #expect(pages["complaints"] as? [String] == [])
        func expect(_ page: String, _ texts: String..., place: SourceLocation = #_sourceLocation) {
            let text = pages[page] as? String ?? ""
            for part in texts { #expect(text.contains(part), "\(page): \(text)", sourceLocation: place) }
        }
        expect("flow", "Bronze", "2 failed", "NotGzip", "ContractBroken")
        expect("files", "beer.csv.gz", "broken.csv.gz", "plain.csv.gz", "success", "error")
        expect("filtered", "worse.csv.gz", "plain.csv.gz")
        #expect((pages["filtered"] as? String)?.contains("broken.csv.gz") == false)
        expect(
            "file", "Raw object", "Routed", "lambda", "dm_silver.beer", "rows quarantined", "'strong' is not a number")
        expect("file", "<script>document.title = 'run'</script>")
        expect("failed file", "50 of 50 rows break the contract", "<img src=x onerror=alert(1)>")
        expect("masked", "Masked columns: ", "mail")
        expect("executions", "silver", "gold", "succeeded")
        expect("execution", "ListTables", "Task, succeeded", "EachTable", "Timeline")
        expect("tables", "dm_silver.beer", "Days of bronze")
        expect("table", "beer_id", "Quality", "Snapshots", "beer.csv.gz")
        expect("sql", "error\t2", "success\t5", "Chart")
        expect("part", "function", "Log", "REPORT RequestId", "cupel-dev-function-errors")
        expect("store", "worse.csv.gz", "plain.csv.gz", "failed-files")
        expect("sorted", "File ▲", "beer.csv.gz")
        expect("lines", "broken.csv.gz", "5", "100003,")
        expect("three clicks", "review.csv.gz", "bronze/review/")
        expect("origin", "1 row,", "100003")
        expect("quarantine", "not a number", "beer_abv")
        expect("workbench", "broken", "Try on these rows")
        expect("tried as it is", "0 of 3 rows would be accepted")
        expect("tried wider", "2 of 3 rows would be accepted")
        expect("lineage", "dm_silver.review_flat", "avg_rating")
        expect("streams", "cupel-dev-changes-to-raw")
        expect("cost", "lambda", "$0.", "no limit", "By Spark")
        expect("missing", "no control record has the ID")
        expect("log", "REPORT RequestId")
        expect("published", "is in force: published", "replayed from success", "1 of 1 have ended, 0 of them failed")
        // A time that was waited is never less than none.
        expect("replayed file", "dm_silver.beer")
        #expect((pages["replayed file"] as? String)?.contains("after -") == false)
        expect("dry run", "2 of 2 would be replayed")
        expect("replayed", "2 of 2 are replayed")
        expect("backfill dry run", "1 of 1 would be replayed")
        expect("backfill", "1 of 1 are replayed", "0 of them failed")
        expect("run now", "gold", "ListModels")
        expect("partitioned", "Partitions", "day=2026-11-30", "Schema changes", "added note")
        expect("sample rows", "2026-11-29")
        expect("map run", "A map run of", "Items", "3")
        expect("items", "Each item of Each", "One")
        expect("child", "Inner", "Pass, succeeded")
        expect("searched", "many-2999.csv.gz")
        expect("failed execution", "Start again from where it failed", "Task, failed")
        expect("redriven", "succeeded", "Task, caught", "Run again with the same input")
        #expect(emulator.stop() == 0)
    }

    @Test("over a pipeline that nothing came through yet, every page says what to do")
    func emptyPipeline() async throws {
        let emulator = try await RunningEmulator()
        let referee = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/console_empty.py"
        let run = try await Command.run(
            Programs.python, ["-B", referee, emulator.endpoint, try Self.axe()], seconds: 1800)
        let answer = try #require(
            try? JSONSerialization.jsonObject(with: run.output) as? [String: Any],
            "console_empty.py ended with \(run.status): \(run.errors.suffix(4000))")
        #expect(answer["problems"] as? [String] == [])
        let pages = try #require(answer["pages"] as? [String: String])
        for (page, text) in [
            ("", "cupel run sample"), ("files", "cupel run sample"), ("files?layer=silver", "cupel run sample"),
            ("files?status=error&table=beer", "Widen the filter"), ("executions", "cupel run sample"),
            ("tables", "cupel run sample"), ("sql", "Examples"), ("quarantine", "every row has kept its contract"),
            ("quarantine?table=beer", "Choose another table"), ("lineage", "top_drinkers"),
            ("lineage?table=dm_gold.nothing", "No lineage of dm_gold.nothing"), ("lines", "Table"),
            ("lines?table=beer&text=1", "No line of beer has the value 1"), ("streams", "No change-capture has begun"),
            ("cost", "cupel run sample"), ("flow/gold", "Alarms"), ("flow/bronze-writer", "Alarms"),
        ] { #expect(pages[page]?.contains(text) == true, "\(page): \(pages[page] ?? "")") }
        #expect(emulator.stop() == 0)
    }

    @Test("the API answers every operation of its description as that says, to right and to wrong requests")
    func description() async throws {
        let emulator = try await RunningEmulator()
        try await Self.feed(emulator)
        let referee = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/console_api.py"
        let run = try await Command.run(Programs.python, ["-B", referee, emulator.endpoint], seconds: 1800)
        #expect(run.status == 0, "\(run.text)\(run.errors.suffix(4000))")
        #expect(emulator.stop() == 0)
    }

    @Test("requests that Schemathesis makes of the description get the answers that it promises")
    func schemathesis() async throws {
        let emulator = try await RunningEmulator()
        try await Self.feed(emulator)
        let referee = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/console_schema.py"
        let run = try await Command.run(
            Programs.python,
            ["-B", referee, "\(Programs.packageRoot)/.venv-api/bin/schemathesis", emulator.endpoint], seconds: 1800)
        #expect(run.status == 0, "\(run.text.suffix(8000))\(run.errors.suffix(4000))")
        #expect(emulator.stop() == 0)
    }

    @Test("trace follows a file from raw to silver, and top counts what is in each stage")
    func commands() async throws {
        let emulator = try await RunningEmulator()
        try await Self.feed(emulator)
        let trace = try await Command.run(
            Programs.cupel, ["trace", "raw/beer/broken.csv.gz", "--data", emulator.data.path])
        #expect(trace.status == 0, "\(trace.errors)")
        for text in ["Raw object", "rows quarantined: 3", "dm_silver.beer", "line 9:"] {
            #expect(trace.text.contains(text), "\(trace.text)")
        }
        let missing = try await Command.run(Programs.cupel, ["trace", "raw/no.csv.gz", "--data", emulator.data.path])
        #expect(missing.status == 3)
        let top = try await Command.run(Programs.cupel, ["top", "--data", emulator.data.path])
        #expect(top.text.contains(#/Bronze +7 +0 +0 +2/#), "\(top.text)")
        // On a terminal it shows them again each second, until Ctrl-C.
        let live = try await Command.run(
            Programs.python,
            [
                "\(Programs.packageRoot)/Tests/EndToEnd/Referees/terminal.py", "OLDEST", Programs.cupel, "top",
                "--interval", "1",
                "--data", emulator.data.path,
            ])
        let seen = try #require(try JSONSerialization.jsonObject(with: live.output) as? [String: Any], "\(live.errors)")
        let screen = seen.text("screen") ?? ""
        #expect(screen.matches(of: #/Bronze +7 +0 +0 +2/#).count >= 2, "\(screen)")
        #expect((seen.int("widest") ?? 81) <= 80 && seen.int("status") == -Int(SIGINT), "\(screen)")
        #expect(emulator.stop() == 0)
    }

    @Test("over an account the console only reads, unless it is allowed to replay")
    func account() async throws {
        let emulator = try await RunningEmulator()
        try await Self.feed(emulator)
        let referee = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/console_command.py"
        let run = try await Command.run(
            Programs.python, ["-B", referee, Programs.cupel, emulator.endpoint],
            environment: ["AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"])
        #expect(run.status == 0, "\(run.text)\(run.errors.suffix(4000))")
        #expect(emulator.stop() == 0)
    }
}
