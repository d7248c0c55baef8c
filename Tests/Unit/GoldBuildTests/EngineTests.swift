import Foundation
import TestEmulator
import Testing

@testable import GoldBuild

/// DuckDB itself, as models are run by it.
@Suite struct EngineTests {
    private let folder: TemporaryDirectory
    private let engine: Engine

    init() throws {
        folder = try TemporaryDirectory()
        engine = Engine(program: "\(Programs.packageRoot)/.venv-duckdb/duckdb", memoryInMB: 256)
    }

    private func run(_ statements: String, seconds: Double = 60) throws -> Engine.Outcome? {
        try engine.run(statements, in: folder.path, until: .now + .seconds(seconds))
    }

    @Test("statements read and write the build's folder") func folderIsOpen() throws {
        let outcome = try #require(
            try run(
                "COPY (SELECT 7 AS x) TO '\(folder.path)/a.parquet'; SELECT x FROM read_parquet('\(folder.path)/*.parquet');"
            ))
        #expect(outcome.succeeded, "\(outcome.errors)")
        #expect(outcome.output == "7\n")
    }

    @Test(
        "statements reach no other file, no network, no program and no setting",
        arguments: [
            "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('FOLDER/../x')",
            "COPY (SELECT 1) TO '/tmp/cupel-gold-test.csv'", "ATTACH '/tmp/cupel-gold-test.db'", "INSTALL httpfs",
            "LOAD httpfs", "SET enable_external_access = true", "SET allowed_directories = ['/']",
            "SELECT * FROM read_parquet('https://example.com/x.parquet')", "SELECT 1;\n.shell id", "\n.shell id",
            "SELECT getenv('PATH')",
        ])
    func confinement(statement: String) throws {
        let outcome = try #require(
            try run(statement.replacingOccurrences(of: "FOLDER", with: folder.path) + ";"))
        #expect(!outcome.succeeded && !outcome.errors.isEmpty, "\(outcome.output)")
        #expect(!outcome.output.contains("root:") && !outcome.output.contains("uid="))
        #expect(!FileManager.default.fileExists(atPath: "/tmp/cupel-gold-test.csv"))
    }

    @Test("a statement that does not end is stopped at the deadline") func deadline() throws {
        #expect(try run("SELECT count(*) FROM range(10000000000) a, range(10000000000) b;", seconds: 0.2) == nil)
    }

    @Test("more memory than is allowed is an error of its own") func memory() throws {
        let small = Engine(program: engine.program, memoryInMB: 20)
        let outcome = try #require(
            try small.run(
                "SELECT list(a.range || repeat('x', 1000)) FROM range(1000000) a;", in: folder.path,
                until: .now + .seconds(600)))
        #expect(!outcome.succeeded && outcome.errors.hasPrefix("Out of Memory Error"), "\(outcome.errors)")
    }

    @Test("a program that is not there is an error that says what installs it") func missingProgram() throws {
        let missing = Engine(program: "\(folder.path)/duckdb", memoryInMB: 256)
        let error = #expect(throws: GoldError.self) {
            _ = try missing.run("SELECT 1;", in: folder.path, until: .now + .seconds(1))
        }
        #expect(error?.errorType == "NoEngine" && "\(error!)".contains("make run"))
    }
}
