import Contracts
import Foundation
import Testing

private let contracts = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../infra/contracts")
    .standardizedFileURL.path

/// Runs `body` with a folder of the given files and removes it afterwards.
private func withFolder(_ files: [String: String], _ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "contracts-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
    try body(folder.path)
}

private func minimal(_ table: String) -> String {
    """
    {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "x", "version": "1", "status": "draft",
     "schema": [{"name": "\(table)", "properties": [{"name": "id", "logicalType": "integer"}]}]}
    """
}

@Suite struct ContractCatalogTests {
    @Test("the project's own contracts load") func projectContracts() throws {
        let catalog = try Contract.load(directory: contracts)
        #expect(catalog.tables == ["beer", "brewery", "profile", "review"])
        let review = try catalog.contract(forTable: "review")
        #expect(review.columns.count == 10)
        #expect(review.columns.filter { $0.type == .double }.count == 5)
        #expect(review.primaryKey == ["review_id"])
        #expect(try catalog.contract(forTable: "profile").maskedColumns == ["email"])
    }

    @Test(
        "the project's own contracts and the test fixture have no warning",
        arguments: ["", "../../Tests/Fixtures/contracts"])
    func noWarnings(folder: String) throws {
        #expect(try Contract.load(directory: "\(contracts)/\(folder)").warnings == [])
    }

    @Test("only files named as contracts are read, and JSON text is accepted") func fileNames() throws {
        try withFolder(["a.odcs.yaml": minimal("orders"), "notes.txt": "not a contract"]) { folder in
            let catalog = try ContractCatalog(directory: folder)
            #expect(catalog.tables == ["orders"])
        }
    }

    @Test("a file may have several tables, each with a contract of its own, or none")
    func severalTables() throws {
        let several = """
            {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "x", "version": "1", "status": "draft",
             "customProperties": [{"property": "csvDelimiter", "value": "bar"}],
             "schema": [{"name": "Orders", "properties": [{"name": "id", "logicalType": "integer"}]},
               {"name": "Order-Lines", "physicalName": "lines", "properties": [{"name": "sku", "logicalType": "string"}]}]}
            """
        let none = #"{apiVersion: v3.1.0, kind: DataContract, id: x, version: "1", status: draft}"#
        try withFolder(["a.odcs.yaml": several, "b.odcs.yaml": none, "c.odcs.yaml": minimal("third")]) { folder in
            let catalog = try ContractCatalog(directory: folder)
            #expect(catalog.tables == ["lines", "orders", "third"])
            #expect(try catalog.contract(forTable: "lines").columns.map(\.name) == ["sku"])
            #expect(try catalog.contract(forTable: "orders").dialect.delimiter == UInt8(ascii: "|"))
            let path = "\(folder)/a.odcs.yaml"
            #expect(try Contract(contentsOf: path, table: "lines").table == "lines")
            for table in [nil, "third"] {
                let error = #expect(throws: ContractError.self) { try Contract(contentsOf: path, table: table) }
                #expect(error?.description.contains("orders, lines") == true)
            }
            #expect(throws: ContractError.self) { try Contract(contentsOf: "\(folder)/b.odcs.yaml") }
        }
        let twice = several.replacingOccurrences(of: "Order-Lines", with: "orders")
            .replacingOccurrences(of: "\"physicalName\": \"lines\", ", with: "")
        try withFolder(["a.odcs.yaml": twice]) { folder in
            let error = #expect(throws: ContractError.self) { try ContractCatalog(directory: folder) }
            #expect(error?.description.contains("'orders' is there twice") == true)
        }
    }

    @Test("a table without a contract is an error that lists the tables") func unknownTable() throws {
        let catalog = ContractCatalog([try Contract(parsing: minimal("orders"), file: "a")])
        let error = #expect(throws: ContractError.self) { try catalog.contract(forTable: "../orders") }
        #expect(error == .unknownTable("../orders", known: ["orders"]))
        #expect(error?.description.contains("the tables are orders") == true)
    }

    @Test("one table in two files is an error that names both files") func duplicateTable() throws {
        try withFolder(["a.odcs.yaml": minimal("orders"), "b.odcs.yaml": minimal("orders")]) { folder in
            let error = #expect(throws: ContractError.self) { try ContractCatalog(directory: folder) }
            #expect(error == .duplicateTable("orders", files: ["\(folder)/a.odcs.yaml", "\(folder)/b.odcs.yaml"]))
        }
    }

    @Test("an empty or missing folder is an error") func emptyFolder() throws {
        try withFolder([:]) { folder in
            let error = #expect(throws: ContractError.self) { try ContractCatalog(directory: folder) }
            #expect(error?.description.contains("the folder has no contract") == true)
        }
        let error = #expect(throws: ContractError.self) { try ContractCatalog(directory: "/nonexistent") }
        #expect(error == .unreadable(path: "/nonexistent", reason: "No such file or directory"))
    }
}
