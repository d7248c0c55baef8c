import Contracts
import Gzip
import JSON
import Testing

@testable import ContractTools

@Suite struct SchemaDriftTests {
    private let contract: Contract

    init() throws {
        contract = try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: active, schema: [{name: orders, properties: [
                  {name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, required: true},
                  {name: price, logicalType: number, physicalType: "decimal(10,2)"},
                  {name: paid, logicalType: boolean}, {name: made, logicalType: timestamp},
                  {name: code, logicalType: string, physicalType: uuid}, {name: note, logicalType: string, required: true},
                  {name: home, logicalType: object, customProperties: [{property: layout, value: flatten}],
                   properties: [{name: city, logicalType: string}, {name: zip, logicalType: string}]}]}]}
                """, file: "c")
    }

    /// The columns that PostgreSQL's table has in DMS's words, if it is as the contract says.
    private static let columns =
        #""id":{"type":"INT4"},"price":{"type":"NUMERIC","precision":10,"scale":2},"paid":{"type":"WSTRING","length":5},"#
        + #""made":{"type":"DATETIME"},"code":{"type":"STRING","length":36},"note":{"type":"NCLOB"},"home":{"type":"NCLOB"}"#

    private func definition(_ columns: String = Self.columns, operation: String = "add-column") throws
        -> SourceDefinition
    {
        let line =
            #"{"operation":"\#(operation)","schema_name":"public","table_name":"orders","control":{"table-def":{"columns":{"#
            + columns + #"}}},"_cdc_timestamp":"2026-01-02T03:04:05Z","_cdc_sequence":"49"}"#
        return try #require(SourceDefinition(try JSON(parsing: line)))
    }

    private func drifts(_ columns: String) throws -> [SchemaDrift] {
        SchemaDrift.between(contract, try definition(columns))
    }

    @Test("a table that is as its contract says has no drift") func noDrift() throws {
        #expect(try drifts(Self.columns).isEmpty)
    }

    @Test(
        "a new column is proposed with the type that its values fit",
        arguments: [
            (#"{"type":"INT8"}"#, "logicalType: integer"), (#"{"type":"REAL8"}"#, "logicalType: number"),
            (#"{"type":"NUMERIC","precision":12,"scale":4}"#, #"logicalType: number, physicalType: "decimal(12,4)""#),
            (#"{"type":"NUMERIC"}"#, "logicalType: number"), (#"{"type":"BOOLEAN"}"#, "logicalType: boolean"),
            (#"{"type":"DATE"}"#, "logicalType: date"), (#"{"type":"DATETIME"}"#, "logicalType: timestamp"),
            (#"{"type":"WSTRING","length":20}"#, "logicalType: string"), (#"{"type":"BLOB"}"#, "logicalType: string"),
        ])
    func newColumn(column: String, type: String) throws {
        let found = try drifts(Self.columns + #","colour: x":\#(column)"#)
        #expect(found.map(\.kind) == [.newColumn] && found[0].column == "colour: x")
        let line = try #require(found[0].contractLine)
        #expect(line.hasSuffix(", \(type)}"))
        // It is a line of a contract.
        let whole =
            "{apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: active, schema: [{name: t, properties: ["
            + line.replacing("colour: x", with: "colour").dropFirst(2) + "]}]}"
        #expect(try Contract(parsing: whole, file: "c").columns.map(\.name) == ["colour"])
    }

    @Test("a column that is gone says what becomes of new rows") func missingColumn() throws {
        let found = try drifts(#""id":{"type":"INT4"},"paid":{"type":"BOOLEAN"},"made":{"type":"DATETIME"}"#)
        #expect(found.map(\.column) == ["price", "code", "note", "home_city", "home_zip"])
        #expect(found.allSatisfy { $0.kind == .missingColumn && $0.contractLine == nil })
        #expect(found[0].message.contains("null in new rows") && found[2].message.contains("required, so new rows"))
        #expect(found[0].message.contains("add-column at 2026-01-02T03:04:05Z"))
    }

    @Test(
        "a type that a column's values no longer fit is told",
        arguments: [
            ("id", "WSTRING"), ("price", "WSTRING"),
            ("made", "INT8"), ("paid", "REAL8"),
        ])
    func changedType(column: String, type: String) throws {
        let changed = Self.columns.replacing(
            try Regex("\"\(column)\":\\{[^}]*\\}"), with: "\"\(column)\":{\"type\":\"\(type)\",\"length\":40}")
        let found = try drifts(changed)
        #expect(found.map(\.kind) == [.changedType] && found[0].column == column, "\(found)")
        #expect(found[0].message.contains("\(type) in the source"))
    }

    @Test("a table that was dropped or renamed is told, other records without columns are not") func tables() throws {
        func told(_ operation: String) throws -> [String] {
            let line = #"{"operation":"\#(operation)","table_name":"orders","control":null}"#
            let definition = try #require(SourceDefinition(try JSON(parsing: line)))
            return SchemaDrift.between(contract, definition).map(\.message)
        }
        #expect(try told("drop-table") == ["the source's table was dropped (drop-table); no more changes arrive"])
        #expect(try told("rename-table").count == 1)
        #expect(try told("create-table").isEmpty)
    }

    @Test("definitions are read from an object, and follow each other as the stream took them") func order() throws {
        let lines = ["9", "10", "099"].map { #"{"operation":"add-column","table_name":"t","_cdc_sequence":"\#($0)"}"# }
        let text = lines.joined(separator: "\n") + "\nbroken\n" + #"{"operation":"x"}"# + "\n"
        var object = GzipWriter()
        object.append(Array(text.utf8))
        let read = try SourceDefinition.all(inObject: object.finish())
        #expect(read.count == 3)
        #expect(read[0].precedes(read[1]) && read[1].precedes(read[2]) && !read[2].precedes(read[0]))
    }
}
