import Foundation
import TestEmulator
import Testing

/// Builds of models that fail leave a trace, whether or not the function could say so.
@Suite struct GoldFailureTests {
    @Test(
        "a model that cannot be read and a build that is killed are errors in the control table, and a replay builds them"
    )
    func traces() async throws {
        let folder = try TemporaryDirectory()
        let pipeline = try ChangedPipeline(in: folder)
        try pipeline.replace(
            "SELECT profile_id", with: "SELECT 'no end, profile_id", in: "models/gold/top_drinkers.sql")
        // An engine that kills the function while it builds one model, as the system does when memory is short.
        let deadly = "\(folder.path)/deadly"
        try Data().write(to: URL(filePath: deadly))
        try Self.program(
            """
            case "$*" in *"GROUP BY state, review_year"*) [ -e '\(deadly)' ] && kill -9 $PPID && exit 1;; esac
            exec '\(Programs.packageRoot)/.venv-duckdb/duckdb' "$@"
            """, at: "\(folder.path)/duckdb")
        let functions = try Self.functions(in: folder, engine: "\(folder.path)/duckdb")
        let emulator = try await RunningEmulator(
            parameters: ["GoldSchedule": "rate(7 days)", "SilverSchedule": "rate(7 days)", "Lineage": "enabled"],
            template: pipeline.template,
            // Retries wait for a minute; time-outs, which go faster as well, must not.
            functions: functions, options: ["--execution-speed", "3"])
        for (table, rows) in [("beer", 50), ("brewery", 20), ("profile", 50), ("review", 3000)] {
            let file = try await Sample.generate(table: table, rows: rows, seed: 1, format: "csv", into: folder)
            try await Referee.lake(emulator, "put", ["raw/\(table)/a.csv.gz", file])
        }
        try await Referee.lake(emulator, "settle")
        _ = try await Referee.silver(emulator, "merge")

        let run = try await cupel(emulator, ["model", "run", "--json"])
        #expect(run.status == 1, "\(run.errors)")
        let models = try Self.json(run).records("models")
        #expect(models.count == 6 && models.count(where: { $0.text("outcome") == "built" }) == 4, "\(models)")
        let failures = Dictionary(models.map { ($0.text("model") ?? "", $0.text("failure")) }) { $1 }
        #expect(failures["dm_gold.top_drinkers"]??.hasPrefix("gold/top_drinkers.sql:") == true, "\(failures)")
        #expect(failures["dm_gold.state_by_review_volume"]??.contains("killed") == true, "\(failures)")
        let status = try await cupel(emulator, ["status", "--layer", "gold", "--status", "error", "--json"])
        #expect(
            try Set(Self.json(status).records("records").compactMap { $0.text("error_type") })
                == ["InvalidModel", "Runtime.ExitError"], "\(status.text)")
        let all = try await cupel(emulator, ["status"]).text
        #expect(all.contains("top_drinkers.sql") && all.contains("state_by_review_volume.sql"), "\(all)")

        let lineage = try await Referee.gold(emulator, "lineage")
        let events = try #require(lineage["events"] as? [String: [String]])
        #expect(events["dm_gold.top_styles_by_popularity"].map(Set.init) == ["START", "COMPLETE"], "\(events)")
        #expect(events["dm_gold.state_by_review_volume"].map(Set.init) == ["START", "FAIL"], "\(events)")
        #expect(events["dm_gold.top_drinkers"].map(Set.init) == ["FAIL"], "\(events)")
        #expect((lineage["columns"] as? [String: Int])?["dm_silver.review_flat"] == 22, "\(lineage)")
        // A model's changed text, before it is built.
        try pipeline.replace("HAVING COUNT(*) >= 25", with: "", in: "models/gold/top_beers_by_rating.sql")
        let diff = try await cupel(
            emulator,
            ["model", "diff", "gold.top_beers_by_rating", "--models", "\(folder.path)/infra/models", "--json"])
        #expect(diff.status == 0, "\(diff.errors)")
        let changes = try Self.json(diff)
        #expect(
            changes.int("added") ?? 0 > 100 && changes.int("removed") == 0 && changes.int("changed") == 0, "\(changes)")
        let shown = try await cupel(
            emulator, ["model", "diff", "gold.top_beers_by_rating", "--models", "\(folder.path)/infra/models"]
        ).text
        #expect(shown.contains("with this text") && shown.contains("+ beer_id "), "\(shown)")

        // Published, the model that cannot be read is replaced without a restart.
        let sound = "\(folder.path)/sound"
        try FileManager.default.copyItem(atPath: "\(Programs.packageRoot)/infra/models", toPath: sound)
        let faulty = try await cupel(emulator, ["model", "publish", "--models", "\(folder.path)/infra/models"])
        #expect(faulty.status == 1 && faulty.errors.contains("top_drinkers.sql"), "\(faulty.text)\(faulty.errors)")
        let published = try await cupel(
            emulator, ["model", "publish", "dm_gold.top_drinkers", "--models", sound, "--json"])
        #expect(published.status == 0, "\(published.errors)")
        #expect(try Self.json(published).records("models").first?.text("outcome") == "published")

        try FileManager.default.removeItem(atPath: deadly)
        let replay = try await cupel(emulator, ["replay", "--layer", "gold", "--json"])
        #expect(replay.status == 0, "\(replay.errors)")
        #expect(try Self.json(replay).records("records").count(where: { $0["replayed"] as? Bool == true }) == 2)
        var records: [[String: Any]] = []
        repeat {
            try await Task.sleep(for: .milliseconds(100))
            records = try Self.json(await cupel(emulator, ["status", "--layer", "gold", "--json"])).records("records")
        } while records.contains { ["pending", "running"].contains($0.text("status")) }
        #expect(records.count == 6 && records.allSatisfy { $0.text("status") == "success" }, "\(records)")
        let list = try await cupel(emulator, ["model", "list", "--models", sound, "--json"])
        let listed = try Self.json(list).records("models").first { $0.text("model") == "dm_gold.top_drinkers" }
        #expect(listed?.text("published") == "1.0.0" && listed?.text("status") == "success", "\(list.text)")
        #expect(emulator.stop() == 0)
    }

    @Test("without the engine every other stage works; a model that fails leaves its old rows to those that read it")
    func engine() async throws {
        let folder = try TemporaryDirectory()
        let engine = "\(folder.path)/duckdb"
        // While one of these files is there, the engine fails at that model.
        let (flat, drinkers) = ("\(folder.path)/flat", "\(folder.path)/drinkers")
        let emulator = try await RunningEmulator(
            parameters: ["GoldSchedule": "rate(7 days)", "SilverSchedule": "rate(7 days)"],
            functions: try Self.functions(in: folder, engine: engine))
        let made = try await Referee.gold(emulator, "make", [folder.path, "1", "1"]).records("states")
        func merge(_ state: [String: Any]) async throws {
            for file in try #require(state["files"] as? [[String]]) { try await Referee.lake(emulator, "put", file) }
            try await Referee.lake(emulator, "settle")
            _ = try await Referee.silver(emulator, "merge")
        }
        try await merge(made[0])
        for layer in ["bronze", "silver"] {
            let records = try Self.json(await cupel(emulator, ["status", "--layer", layer, "--json"])).records(
                "records")
            #expect(records.count == 4 && records.allSatisfy { $0.text("status") == "success" }, "\(records)")
        }
        let missing = try await cupel(emulator, ["model", "run"])
        let said = missing.text + missing.errors
        #expect(missing.status == 1 && said.contains("`make run` and `make package` install it"), "\(said)")

        try Data().write(to: URL(filePath: drinkers))
        try Self.program(
            """
            case "$*" in
                *'AS review_time, r.review_year'*) fails='\(flat)';;
                *'GROUP BY profile_id'*) fails='\(drinkers)';;
            esac
            if [ -e "$fails" ]; then echo 'no such luck' >&2; exit 1; fi
            exec '\(Programs.packageRoot)/.venv-duckdb/duckdb' "$@"
            """, at: engine)
        #expect(try await outcomes(emulator) == ["built": 5, "failed": 1])

        // What review_flat is made of changes, it fails, and a reader is built for the first time.
        try FileManager.default.removeItem(atPath: drinkers)
        try Data().write(to: URL(filePath: flat))
        try await merge(made[1])
        #expect(try await outcomes(emulator) == ["failed": 1, "built": 1, "unchanged": 4])
        _ = try await Referee.gold(emulator, "check", [folder.path, "0"])

        try FileManager.default.removeItem(atPath: flat)
        #expect(try await outcomes(emulator) == ["built": 6])
        _ = try await Referee.gold(emulator, "check", [folder.path, "1"])
        #expect(emulator.stop() == 0)
    }

    /// Builds the models.
    /// - Returns: how many ended in which way.
    private func outcomes(_ emulator: RunningEmulator) async throws -> [String: Int] {
        let run = try await cupel(emulator, ["model", "run", "--json"])
        let models = try Self.json(run).records("models")
        return Dictionary(models.map { ($0.text("outcome") ?? "", 1) }, uniquingKeysWith: +)
    }

    /// The functions, of which gold-build finds its engine at a path of the test's.
    private static func functions(in folder: TemporaryDirectory, engine: String) throws -> String {
        let functions = "\(folder.path)/functions"
        try FileManager.default.createDirectory(atPath: functions, withIntermediateDirectories: true)
        for name in [
            "compute-router", "control-recorder", "bronze-writer", "replayer", "silver-merge", "lake-maintenance",
            "firehose-transform",
        ] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(functions)/\(name)", withDestinationPath: "\(Programs.directory)/\(name)")
        }
        try program("DUCKDB='\(engine)' exec '\(Programs.directory)/gold-build'", at: "\(functions)/gold-build")
        return functions
    }

    private func cupel(_ emulator: RunningEmulator, _ arguments: [String]) async throws -> Command {
        try await Command.run(Programs.cupel, arguments + ["--endpoint", emulator.endpoint])
    }

    private static func program(_ script: String, at path: String) throws {
        try "#!/bin/sh\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    private static func json(_ command: Command) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: command.output) as? [String: Any] ?? [:]
    }
}
