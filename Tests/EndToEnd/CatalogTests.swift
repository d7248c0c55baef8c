import Foundation
import TestEmulator
import Testing

/// The catalog describes bronze as the contracts declare it and as the files are.
@Suite struct CatalogTests {
    private func catalog(_ arguments: [String]) async throws -> String {
        let run = try await Command.run(Programs.cupel, ["catalog"] + arguments)
        try #require(run.status == 0, "\(run.errors)")
        return run.text
    }

    @Test("the committed tables are those that the contracts give")
    func committedTables() async throws {
        let root = Programs.packageRoot
        let committed = try String(contentsOfFile: "\(root)/infra/tables.yaml", encoding: .utf8)
        #expect(
            try await catalog(["--contracts", "\(root)/infra/contracts"]) == committed,
            "infra/tables.yaml is out of date: run `cupel catalog -o infra/tables.yaml`")
    }

    @Test("the committed template replicates the tables of the contracts")
    func committedReplication() async throws {
        let directory = try TemporaryDirectory()
        let (root, copy) = (Programs.packageRoot, "\(directory.path)/capture.yaml")
        try FileManager.default.copyItem(atPath: "\(root)/infra/capture.yaml", toPath: copy)
        #expect(try await catalog(["--contracts", "\(root)/infra/contracts", "--replication", copy]).isEmpty)
        #expect(
            try String(contentsOfFile: copy, encoding: .utf8)
                == String(contentsOfFile: "\(root)/infra/capture.yaml", encoding: .utf8),
            "infra/capture.yaml is out of date: run `cupel catalog --replication infra/capture.yaml`")
    }

    @Test("a contract's own schemas are replicated, each with its mapping")
    func replicationOfSchemas() async throws {
        let directory = try TemporaryDirectory()
        let contract = """
            {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: active,
             customProperties: [{property: sourceSchema, value: [sales, archive]}],
             schema: [{name: orders, properties: [{name: id, logicalType: integer}]}]}
            """
        try contract.write(toFile: "\(directory.path)/orders.odcs.yaml", atomically: true, encoding: .utf8)
        let template = "\(directory.path)/capture.yaml"
        try FileManager.default.copyItem(atPath: "\(Programs.packageRoot)/infra/capture.yaml", toPath: template)
        #expect(try await catalog(["--contracts", directory.path, "--replication", template]).isEmpty)
        let lines = try String(contentsOfFile: template, encoding: .utf8).split(separator: "\n").filter {
            $0.contains("object-locator")
        }
        #expect(
            lines.map { $0.trimmingPrefix { $0 == " " } } == [
                #"object-locator: { schema-name: "sales", table-name: orders }"#,
                #"object-locator: { schema-name: "archive", table-name: orders }"#,
                #"object-locator: { schema-name: "archive", table-name: "%" }"#,
                #"object-locator: { schema-name: "sales", table-name: "%" }"#,
            ])
        // The contract's own schemas leave the parameter for them, and what substitutes it, without use; the others are those
        // that the template ignores itself.
        let lint = try await Command.run(
            Programs.python,
            [
                "-c", "import sys; from cfnlint.runner import main; sys.exit(main())", template, "--ignore-checks",
                "W2001,W1020,W1101,W3002",
            ])
        #expect(lint.status == 0 && lint.text.isEmpty, "\(lint.text)\(lint.errors)")
    }

    @Test("a template without the marks of the tables is an error that names them")
    func replicationWithoutMarks() async throws {
        let root = Programs.packageRoot
        let run = try await Command.run(
            Programs.cupel,
            ["catalog", "--contracts", "\(root)/infra/contracts", "--replication", "\(root)/infra/network.yaml"])
        #expect(run.status == 1 && run.errors.contains("expected the lines \"# Tables: …\""), "\(run.errors)")
    }

    @Test("every column has the type of the bronze files", arguments: ["infra/contracts", "Tests/Fixtures/contracts"])
    func columnTypes(folder: String) async throws {
        let directory = try TemporaryDirectory()
        let (contracts, template) = ("\(Programs.packageRoot)/\(folder)", "\(directory.path)/tables.yaml")
        #expect(try await catalog(["--contracts", contracts, "-o", template]).isEmpty)
        let script = "\(Programs.packageRoot)/Tests/EndToEnd/Referees/catalog.py"
        let run = try await Command.run(Programs.python, [script, Programs.bronzeWriter, contracts, template])
        #expect(run.status == 0, "\(run.text)\(run.errors)")
    }

    @Test("a type that Athena would read wrongly is refused by name, inside a list too")
    func unsignedLong() async throws {
        let directory = try TemporaryDirectory()
        let contract = """
            {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: active, schema: [{name: orders, properties: [
              {name: sizes, logicalType: array, items: {logicalType: integer, physicalType: ubigint}}]}]}
            """
        try contract.write(toFile: "\(directory.path)/orders.odcs.yaml", atomically: true, encoding: .utf8)
        let run = try await Command.run(Programs.cupel, ["catalog", "--contracts", directory.path])
        #expect(run.status == 1 && run.text.isEmpty)
        #expect(run.errors.contains("orders, column sizes[]") && run.errors.contains("decimal(20,0)"), "\(run.errors)")
    }

    @Test("a folder without contracts is an error that says so")
    func emptyFolder() async throws {
        let directory = try TemporaryDirectory()
        let run = try await Command.run(Programs.cupel, ["catalog", "--contracts", directory.path])
        #expect(run.status == 1)
        #expect(run.errors.contains("the folder has no contract"))
    }
}
