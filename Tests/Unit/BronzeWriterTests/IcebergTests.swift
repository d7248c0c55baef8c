import Foundation
import JSON
import LambdaRuntime
import TestReferee
import Testing

@testable import BronzeWriter

/// Iceberg finds columns by the ids in the Parquet files, which come from the contract.
@Suite struct IcebergTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func convert(_ properties: String, _ rows: String, to name: String) throws -> String {
        let place = "\(folder.path)/\(name)"
        let contract = """
            {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: draft,
             schema: [{name: beer, properties: [\(properties)]}]}
            """
        try contract.write(toFile: "\(place).odcs.yaml", atomically: true, encoding: .utf8)
        try Data(gzip(rows)).write(to: URL(filePath: "\(place).json.gz"))
        let summary = try ConvertCommand(
            ["--contract", "\(place).odcs.yaml", "\(place).json.gz", "\(place).parquet"], Environment([:])
        ).run()
        #expect(summary.contains(#""rows_quarantined":0"#), "\(summary)")
        return "\(place).parquet"
    }

    @Test("files are added to an Iceberg table as they are, also after columns have moved") func addFiles()
        throws
    {
        let brewer = """
            logicalType: object, properties: [
              {name: since, logicalType: date}, {name: towns, logicalType: array, items: {logicalType: string}}]
            """
        let first = try convert(
            """
            {name: id, logicalType: integer, required: true}, {name: title, logicalType: string},
            {name: price, logicalType: number, physicalType: "decimal(9,2)"}, {name: brewer, \(brewer)}
            """,
            #"{"id": 1, "title": "Pale Ale", "price": 2.5, "brewer": {"since": "1883-05-01", "towns": ["Köln"]}}"#
                + "\n",
            to: "first")
        // The ids of the first contract's columns are their places; those in the struct count from 200,001.
        func moved(_ name: String, _ id: Int, _ rest: String) -> String {
            "{name: \(name), \(rest), customProperties: [{property: fieldId, value: \(id)}]}"
        }
        let second = try convert(
            """
            \(moved("price", 3, #"logicalType: number, physicalType: "decimal(9,2)""#)),
            {name: brewer, logicalType: object,
             customProperties: [{property: fieldId, value: 4}], properties: [
               {name: towns, logicalType: array, customProperties: [{property: fieldId, value: 200002}],
                items: {logicalType: string, customProperties: [{property: fieldId, value: 200003}]}},
               \(moved("since", 200_001, "logicalType: date"))]},
            \(moved("id", 1, "logicalType: integer, required: true")), \(moved("title", 2, "logicalType: string"))
            """,
            #"{"id": 2, "title": "Kölsch", "price": 3, "brewer": {"since": null, "towns": ["Bonn", null]}}"# + "\n",
            to: "second")

        let answer = try Referee.run("readers/add_files.py", folder.path, first, second)
        let table = try JSON(parsing: answer.trimmingCharacters(in: .whitespacesAndNewlines))
        #expect(table["id"] == [1, 2])
        #expect(table["title"] == ["Pale Ale", "Kölsch"])
        #expect(table["price"] == ["2.50", "3.00"])
        #expect(
            table["brewer"] == [
                ["since": "1883-05-01", "towns": ["Köln"]], ["since": nil, "towns": ["Bonn", nil]],
            ])
        #expect(table["operation"] == ["insert", "insert"])
    }
}
