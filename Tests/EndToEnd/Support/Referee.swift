import Foundation
import TestEmulator
import Testing

/// Independent clients and readers (boto3, pyarrow, DuckDB) behind one script.
enum Referee {
    /// Runs `Referees/lake.py COMMAND ARGUMENTS…` against `emulator` and returns the JSON that it prints.
    @discardableResult
    static func lake(
        _ emulator: RunningEmulator, _ command: String, _ arguments: [String] = [], seconds: Double = 1800
    ) async throws -> [String: Any] {
        try await answer(of: "lake.py", by: Programs.python, [emulator.endpoint, command] + arguments, seconds)
    }

    /// Runs `Referees/emr.py COMMAND ARGUMENTS…`: EMR Serverless by boto3.
    @discardableResult
    static func emr(
        _ emulator: RunningEmulator, _ command: String, _ arguments: [String] = []
    ) async throws -> [String: Any] {
        try await answer(of: "emr.py", by: Programs.python, [emulator.endpoint, command] + arguments, 600)
    }

    /// Runs `Referees/silver.py COMMAND ARGUMENTS…`: pyiceberg, DuckDB's extension for Iceberg, and a fold of its own.
    @discardableResult
    static func silver(
        _ emulator: RunningEmulator, _ command: String, _ arguments: [String] = [], seconds: Double = 1800
    ) async throws -> [String: Any] {
        let python = "\(Programs.packageRoot)/.venv-iceberg/bin/python3"
        return try await answer(of: "silver.py", by: python, [emulator.endpoint, command] + arguments, seconds)
    }

    /// Runs `Referees/gold.py COMMAND ARGUMENTS…`: SQLite with statements of its own, and pyiceberg.
    @discardableResult
    static func gold(
        _ emulator: RunningEmulator, _ command: String, _ arguments: [String] = [], seconds: Double = 1800
    ) async throws -> [String: Any] {
        let python = "\(Programs.packageRoot)/.venv-iceberg/bin/python3"
        return try await answer(of: "gold.py", by: python, [emulator.endpoint, command] + arguments, seconds)
    }

    /// Runs `Referees/notebook.py`: the snippets of README.md.
    static func notebook(_ emulator: RunningEmulator) async throws -> [String: Any] {
        let python = "\(Programs.packageRoot)/.venv-iceberg/bin/python3"
        return try await answer(of: "notebook.py", by: python, [emulator.endpoint], 1800)
    }

    /// Runs `Referees/duckdb_glue.py` for a silver table.
    static func duckDBGlue(_ emulator: RunningEmulator, _ table: String) async throws -> [String: Any] {
        let python = "\(Programs.packageRoot)/.venv-iceberg/bin/python3"
        return try await answer(of: "duckdb_glue.py", by: python, [emulator.endpoint, table], 600)
    }

    /// Runs `Referees/commits.py COMMAND ARGUMENTS…`.
    static func commits(
        _ emulator: RunningEmulator, _ command: String, _ arguments: [String] = []
    ) async throws -> [String: Any] {
        try await answer(of: "commits.py", by: Programs.python, [emulator.endpoint, command] + arguments, 1800)
    }

    /// Runs `Referees/erasure.py find TEXT…`: every version of every object, decoded.
    static func find(_ emulator: RunningEmulator, _ texts: [String]) async throws -> [String: [String]] {
        let found = try await answer(
            of: "erasure.py", by: Programs.python, [emulator.endpoint, "find"] + texts, 1800)["found"]
        return try #require(found as? [String: [String]])
    }

    /// Runs `Referees/erasure.py versioning STATUS`: whether objects that are written from now on get versions of their own.
    static func versioning(_ emulator: RunningEmulator, _ status: String) async throws {
        _ = try await answer(of: "erasure.py", by: Programs.python, [emulator.endpoint, "versioning", status], 600)
    }

    /// Runs `Referees/erasure.py leave TABLE`: manifests as a writer leaves them which is killed before its commit.
    static func leaveManifests(_ emulator: RunningEmulator, _ table: String) async throws {
        _ = try await answer(of: "erasure.py", by: Programs.python, [emulator.endpoint, "leave", table], 600)
    }

    /// Runs `Referees/erase_rounds.py`: kills an erasure of each key between two of its requests, and starts it again.
    static func eraseRounds(
        _ emulator: RunningEmulator, _ table: String, _ name: String, rounds: Int, seed: Int, keys: [String]
    ) async throws -> [String: Any] {
        try await answer(
            of: "erase_rounds.py", by: Programs.python,
            [emulator.endpoint, Programs.cupel, table, name, "\(rounds)", "\(seed)"] + keys, 6 * 3600)
    }

    /// Runs `Referees/spark_turns.py`: Spark, whose client of Iceberg set-up takes out of wheels.
    static func sparkTurns(_ emulator: RunningEmulator, _ folder: String) async throws -> [String: Any] {
        let python = "\(Programs.packageRoot)/.venv-iceberg/bin/python3"
        return try await answer(of: "spark_turns.py", by: python, [emulator.endpoint, Programs.cupel, folder], 1800)
    }

    private static func answer(
        of script: String, by python: String, _ arguments: [String], _ seconds: Double
    ) async throws -> [String: Any] {
        let path = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/\(script)"
        let run = try await Command.run(python, [path] + arguments, seconds: seconds)
        guard run.status == 0, let answer = try? JSONSerialization.jsonObject(with: run.output) as? [String: Any] else {
            throw Command.Failure(
                description: "\(script) \(arguments.joined(separator: " ")) ended with \(run.status): "
                    + run.text.suffix(2000) + run.errors.suffix(4000))
        }
        return answer
    }

    /// The names of all buckets.
    static func buckets(_ emulator: RunningEmulator) async throws -> [String] {
        let script =
            "import boto3, sys; print(*(b['Name'] for b in boto3.client('s3', endpoint_url=sys.argv[1], "
            + "region_name='us-east-1', aws_access_key_id='t', aws_secret_access_key='t').list_buckets()['Buckets']))"
        let run = try await Command.run(Programs.python, ["-c", script, emulator.endpoint])
        return run.text.split(whereSeparator: \.isWhitespace).map(String.init)
    }
}

extension [String: Any] {
    func int(_ name: String) -> Int? { (self[name] as? NSNumber)?.intValue }
    func text(_ name: String) -> String? { self[name] as? String }
    func records(_ name: String) -> [[String: Any]] { self[name] as? [[String: Any]] ?? [] }
}
