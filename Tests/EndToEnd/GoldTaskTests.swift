import Foundation
import TestEmulator
import Testing

/// Models that read too much for the function are built elsewhere, as the state machine decides by what the function answers.
@Suite struct GoldTaskTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    /// A pipeline with all tables in silver; nothing but the test starts gold.
    private func pipeline(_ parameters: [String: String], _ environment: [String: String] = [:]) async throws
        -> RunningEmulator
    {
        let quiet = ["GoldSchedule": "rate(7 days)", "SilverSchedule": "rate(7 days)"]
        let emulator = try await RunningEmulator(
            parameters: quiet.merging(parameters) { $1 }, environment: environment)
        let states = try await Referee.gold(emulator, "make", [folder.path, "1", "0"]).records("states")
        for file in try #require(states.first?["files"] as? [[String]]) {
            try await Referee.lake(emulator, "put", file)
        }
        try await Referee.lake(emulator, "settle")
        return emulator
    }

    private func targets(_ models: [[String: Any]]) -> [String?] {
        models.map { ($0["result"] as? [String: Any])?.text("target") }
    }

    @Test("a model that reads GoldTaskBytes is built by a task, with the same rows; the next run finds nothing to do")
    func task() async throws {
        let emulator = try await pipeline(["GoldTaskBytes": "1"])
        let models = try await Referee.gold(emulator, "follow").records("models")
        #expect(models.count == 6 && models.allSatisfy { $0.text("outcome") == "built" }, "\(models)")
        #expect(targets(models) == Array(repeating: "ecs", count: 6))
        let rows = try #require(
            try await Referee.gold(emulator, "check", [folder.path, "0"])["rows"] as? [String: Int])
        for model in models {
            #expect((model["result"] as? [String: Any])?.int("rows") == rows[model.text("model") ?? ""], "\(model)")
        }
        let records = try await Referee.lake(emulator, "records").records("records")
        let gold = records.filter { $0.text("schema_name") == "dm_gold" }
        #expect(gold.count == 6 && gold.allSatisfy { $0.text("status") == "success" }, "\(gold)")
        let logs = try await Command.run(
            Programs.cupel, ["logs", "--task", "gold-build", "--endpoint", emulator.endpoint])
        #expect(logs.text.contains("ModelsBuilt") && logs.text.contains("top_drinkers"), "\(logs.text)\(logs.errors)")
        for model in try await Referee.gold(emulator, "build").records("models") {
            #expect(model.text("outcome") == "unchanged", "\(model)")
        }
        #expect(emulator.stop() == 0)
    }

    @Test("what a task finds wrong with a model is in its record, and in the run's end") func failure() async throws {
        let pipeline = try ChangedPipeline(in: folder)
        try pipeline.replace(
            "    description: One row a reviewer and month.\n",
            with: "    quality:\n      - {type: library, name: none, metric: rowCount, mustBe: 0, severity: error}\n",
            in: "models/gold/top_drinkers.odcs.yaml")
        let emulator = try await RunningEmulator(
            parameters: ["GoldSchedule": "rate(7 days)", "SilverSchedule": "rate(7 days)", "GoldTaskBytes": "1"],
            template: pipeline.template)
        for (table, rows) in [("beer", 50), ("brewery", 20), ("profile", 50), ("review", 500)] {
            let file = try await Sample.generate(table: table, rows: rows, seed: 1, format: "csv", into: folder)
            try await Referee.lake(emulator, "put", ["raw/\(table)/a.csv.gz", file])
        }
        try await Referee.lake(emulator, "settle")
        _ = try await Referee.silver(emulator, "merge")
        let run = try await Command.run(Programs.cupel, ["model", "run", "--json", "--endpoint", emulator.endpoint])
        #expect(run.status == 1, "\(run.errors)")
        let answer = try JSONSerialization.jsonObject(with: run.output) as? [String: Any] ?? [:]
        let failed = answer.records("models").filter { $0.text("outcome") == "failed" }
        #expect(failed.count == 1 && failed[0].text("model") == "dm_gold.top_drinkers", "\(answer)")
        #expect(failed.first?.text("failure")?.contains("rule none measures") == true, "\(failed)")
        let records = try await Referee.lake(emulator, "records").records("records")
        let record = records.first { $0.text("object_key") == "gold/top_drinkers.sql" }
        #expect(record?.text("status") == "error" && record?.text("error_type") == "QualityFailed", "\(records)")
        #expect(emulator.stop() == 0)
    }

    /// `make soak` runs real Spark in its place.
    @Test("a model that reads GoldSparkBytes is built by a job, which gets the model's place and the hash of its text")
    func spark() async throws {
        let calls = "\(folder.path)/calls"
        let script = #"""
            #!/bin/sh
            echo "$@" >> '\#(calls)'
            while [ $# -gt 0 ]; do
                if [ "$1" = --model ]; then MODEL=$2; fi
                if [ "$1" = --location ]; then LAKE_BUCKET=${2#s3://}; fi
                shift
            done
            unset CONTROL_TABLE
            export MODEL LAKE_BUCKET MODELS_DIR='\#(Programs.packageRoot)/infra/models'
            export DUCKDB='\#(Programs.packageRoot)/.venv-duckdb/duckdb'
            exec '\#(Programs.directory)/gold-build'
            """#
        let spark = "\(folder.path)/spark-submit"
        try script.write(toFile: spark, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: spark)
        let emulator = try await pipeline(["GoldSparkBytes": "1", "Lineage": "enabled"], ["SPARK_SUBMIT": spark])
        let models = try await Referee.gold(emulator, "follow").records("models")
        #expect(models.count == 6 && models.allSatisfy { $0.text("outcome") == "built" }, "\(models)")
        #expect(targets(models) == Array(repeating: "emr", count: 6))
        _ = try await Referee.gold(emulator, "check", [folder.path, "0"])
        let lines = try String(contentsOfFile: calls, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 6)
        for line in lines {
            #expect(
                line.contains("--models s3://cupel-dev-lake-000000000000-us-east-1/jobs/models --model dm_"), "\(line)")
            #expect(line.contains("spark.sql.catalog.lake.type=rest") && line.contains("--expect "), "\(line)")
        }
        let events = try #require(try await Referee.gold(emulator, "lineage")["events"] as? [String: [String]])
        #expect(events.count == 6 && events.values.allSatisfy { $0.sorted() == ["COMPLETE", "START"] }, "\(events)")
        let records = try await Referee.lake(emulator, "records").records("records")
        let gold = records.filter { $0.text("schema_name") == "dm_gold" }
        #expect(gold.count == 6 && gold.allSatisfy { $0.text("status") == "success" }, "\(gold)")
        #expect(emulator.stop() == 0)
    }
}
