import Foundation
import TestEmulator
import Testing

@testable import GoldBuild

@Suite struct ModelCatalogTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        for layer in ["silver", "gold"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/\(layer)", withIntermediateDirectories: true)
        }
    }

    private func write(_ name: String, _ sql: String, table: String? = nil) throws {
        let table = table ?? String(name.split(separator: "/")[1])
        let contract = """
            apiVersion: v3.1.0
            kind: DataContract
            id: \(table)
            name: \(table)
            version: 1.0.0
            status: active
            schema:
              - name: \(table)
                logicalType: object
                physicalType: table
                properties:
                  - {name: id, logicalType: integer, physicalType: bigint, classification: public}
            """
        try sql.write(toFile: "\(folder.path)/\(name).sql", atomically: true, encoding: .utf8)
        try contract.write(toFile: "\(folder.path)/\(name).odcs.yaml", atomically: true, encoding: .utf8)
    }

    @Test("models come after those that they read") func order() throws {
        try write("gold/a", "SELECT id FROM dm_gold.b")
        try write("gold/b", "SELECT id FROM dm_silver.c, dm_silver.stored")
        try write("silver/c", "SELECT id FROM dm_silver.stored")
        let catalog = try ModelCatalog(ModelFolder.read(folder.path))
        #expect(catalog.levels.map { $0.map { "\($0)" } } == [["dm_silver.c"], ["dm_gold.b"], ["dm_gold.a"]])
        let inputs = try catalog.model(TableName(layer: "gold", table: "b")).inputs
        #expect(inputs.map { "\($0)" } == ["dm_silver.c", "dm_silver.stored"])
    }

    @Test(
        "a circle of models, another table's contract and a broken text are errors of their models, which name the file"
    )
    func errors() throws {
        func reason(_ model: String) -> String {
            do {
                _ = try ModelCatalog(ModelFolder.read(folder.path)).model(#require(TableName(model: model)))
                return "no error"
            } catch { return "\(error)" }
        }
        try write("gold/a", "SELECT id FROM dm_gold.b")
        try write("gold/b", "SELECT id FROM dm_gold.a")
        try write("gold/sound", "SELECT id FROM dm_silver.stored")
        #expect(reason("dm_gold.a") == "gold/a.sql: models read each other in a circle: dm_gold.a, dm_gold.b")
        #expect(reason("dm_gold.sound") == "no error")
        try write("gold/b", "SELECT 1 AS id", table: "other")
        #expect(reason("dm_gold.b") == "gold/b.sql: its contract is that of table other; name both alike")
        try write("gold/b", "SELECT 1 AS id\n; DROP TABLE a")
        #expect(reason("dm_gold.b") == "gold/b.sql:2: a ';' stands here; a model is one statement without an end mark")
        #expect(reason("dm_gold.a") == "no error" && reason("dm_gold.sound") == "no error")
        #expect(reason("dm_gold.c").hasPrefix("there is no model dm_gold.c; there are dm_gold.b, "))
    }

    @Test("the hash changes with the text") func hash() throws {
        try write("gold/a", "SELECT 1 AS id")
        let first = try ModelCatalog(ModelFolder.read(folder.path)).model(TableName(layer: "gold", table: "a")).hash
        try write("gold/a", "SELECT 2 AS id")
        #expect(
            try ModelCatalog(ModelFolder.read(folder.path)).model(TableName(layer: "gold", table: "a")).hash != first)
    }
}
