import EmulatorCore
import Foundation
import TestServices
import Testing
import Time

@testable import EmulatedAthena

/// DuckDB itself, as statements reach it whatever the dialect lets through.
@Suite struct QueryEngineTests {
    @Test(
        "a statement reaches no other file, no network, no program, no extension and no setting",
        arguments: [
            "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('FOLDER/../x')",
            "SELECT * FROM '/etc/passwd'",
            "COPY (SELECT 1) TO '/tmp/cupel-athena-test.csv'", "ATTACH '/tmp/cupel-athena-test.db'", "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true", "SET allowed_directories = ['/']", "RESET lock_configuration",
            "SELECT * FROM read_parquet('https://example.com/x.parquet')", "SELECT getenv('PATH')",
            "SELECT 1; .shell id",
            "EXPORT DATABASE '/tmp/cupel-athena-test'", "IMPORT DATABASE '/etc'", "SELECT * FROM glob('/etc/*')",
        ])
    func confinement(statement: String) async throws {
        let directory = try TemporaryDirectory()
        try "secret".write(toFile: directory.path + "/x", atomically: true, encoding: .utf8)
        let engine = try await QueryEngine.start(
            AthenaFixture.program, in: directory.path + "/engine", memoryInMB: 256, ProcessHost(), .system)
        let text = statement.replacingOccurrences(of: "FOLDER", with: engine.folder)
        await #expect(throws: QueryEngine.Failure.self) { try await engine.run(text) }
        #expect(!FileManager.default.fileExists(atPath: "/tmp/cupel-athena-test.csv"))
        #expect(!FileManager.default.fileExists(atPath: "/tmp/cupel-athena-test"))
        #expect(try await engine.run("SELECT 7 AS x") == [#"{"x":7}"#], "the engine goes on")
    }

    @Test("a folder of an engine is gone with it") func cleaning() async throws {
        let directory = try TemporaryDirectory()
        var engine: QueryEngine? = try await QueryEngine.start(
            AthenaFixture.program, in: directory.path + "/engine", memoryInMB: 256, ProcessHost(), .system)
        _ = try await engine?.run("COPY (SELECT 1 AS x) TO '\(directory.path)/engine/a.csv'")
        #expect(FileManager.default.fileExists(atPath: directory.path + "/engine/a.csv"))
        engine = nil
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/engine"))
    }

    @Test("a program that is not there is an error that names it") func missingProgram() async throws {
        let directory = try TemporaryDirectory()
        let error = await #expect(throws: ProcessError.self) {
            _ = try await QueryEngine.start(
                directory.path + "/none", in: directory.path + "/engine", memoryInMB: 256, ProcessHost(), .system)
        }
        #expect(error?.path.hasSuffix("/none") == true)
    }
}
