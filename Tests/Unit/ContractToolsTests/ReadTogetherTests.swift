import Contracts
import Foundation
import JSON
import TestReferee
import Testing

@testable import ContractTools

/// Checks what "compatible" means: DuckDB and pyarrow read files of both versions as one table.
@Suite struct ReadTogetherTests {
    struct Change: Sendable {
        let name: String
        let old: [String]
        let new: [String]
        /// One row as JSON under the old contract, one under the new.
        let rows: (String, String)
        /// Both rows, as a reader of both files returns them.
        let read: [JSON]
    }

    private static let id =
        "name: id, logicalType: integer, primaryKey: true, customProperties: [{property: fieldId, value: 1}]"

    private static func widening(
        _ logicalType: String, _ old: String, _ new: String, _ a: String, _ b: String, _ read: (JSON, JSON)
    ) -> Change {
        func column(_ type: String) -> String { "name: x, logicalType: \(logicalType), physicalType: '\(type)'" }
        return Change(
            name: "\(old) to \(new)", old: [id, column(old)], new: [id, column(new)],
            rows: (#"{"id":1,"x":\#(a)}"#, #"{"id":2,"x":\#(b)}"#),
            read: [["id": 1, "x": read.0], ["id": 2, "x": read.1]])
    }

    static let changes: [Change] = [
        widening("integer", "int", "bigint", "-2147483648", "9223372036854775807", (-2147483648, 9223372036854775807)),
        widening("integer", "tinyint", "smallint", "-128", "32767", (-128, 32767)),
        widening("integer", "smallint", "int", "-32768", "2147483647", (-32768, 2147483647)),
        widening("integer", "utinyint", "uinteger", "255", "4294967295", (255, 4294967295)),
        widening("number", "float", "double", "0.5", "0.25", (.number(JSONNumber(0.5)!), .number(JSONNumber(0.25)!))),
        widening("number", "decimal(5,2)", "decimal(9,2)", "123.45", "1234567.89", ("123.45", "1234567.89")),
        widening(
            "number", "decimal(9,2)", "decimal(18,2)", "1234567.89", "1234567890123456.78",
            ("1234567.89", "1234567890123456.78")),
        widening(
            "number", "decimal(18,2)", "decimal(38,2)", "1.50", "123456789012345678901234567890123456.78",
            ("1.50", "123456789012345678901234567890123456.78")),
        Change(
            name: "optional column added", old: [id], new: [id, "name: x, logicalType: string"],
            rows: (#"{"id":1}"#, #"{"id":2,"x":"b"}"#), read: [["id": 1, "x": nil], ["id": 2, "x": "b"]]),
        Change(
            name: "column dropped", old: [id, "name: x, logicalType: string"], new: [id],
            rows: (#"{"id":1,"x":"a"}"#, #"{"id":2}"#), read: [["id": 1, "x": "a"], ["id": 2, "x": nil]]),
        Change(
            name: "no longer required", old: [id, "name: x, logicalType: string, required: true"],
            new: [id, "name: x, logicalType: string"],
            rows: (#"{"id":1,"x":"a"}"#, #"{"id":2}"#), read: [["id": 1, "x": "a"], ["id": 2, "x": nil]]),
        Change(
            name: "column moved",
            old: [id, "name: x, logicalType: string, customProperties: [{property: fieldId, value: 2}]"],
            new: ["name: x, logicalType: string, customProperties: [{property: fieldId, value: 2}]", id],
            rows: (#"{"id":1,"x":"a"}"#, #"{"id":2,"x":"b"}"#), read: [["id": 1, "x": "a"], ["id": 2, "x": "b"]]),
        Change(
            name: "field added to a struct",
            old: [
                id, "name: o, logicalType: object, properties: [{name: a, logicalType: integer, physicalType: int}]",
            ],
            new: [
                id,
                "name: o, logicalType: object, properties: [{name: a, logicalType: integer, physicalType: int}, {name: b, logicalType: string}]",
            ],
            rows: (#"{"id":1,"o":{"a":1}}"#, #"{"id":2,"o":{"a":2,"b":"x"}}"#),
            read: [["id": 1, "o": ["a": 1, "b": nil]], ["id": 2, "o": ["a": 2, "b": "x"]]]),
        Change(
            name: "elements of a list grow",
            old: [id, "name: l, logicalType: array, items: {logicalType: integer, physicalType: int}"],
            new: [id, "name: l, logicalType: array, items: {logicalType: integer, physicalType: bigint}"],
            rows: (#"{"id":1,"l":[1,null]}"#, #"{"id":2,"l":[9223372036854775807]}"#),
            read: [["id": 1, "l": [1, nil]], ["id": 2, "l": [9223372036854775807]]]),
        Change(
            name: "another partitioning", old: [id, "name: x, logicalType: string"],
            new: [id, "name: x, logicalType: string, partitioned: true"],
            rows: (#"{"id":1,"x":"a"}"#, #"{"id":2,"x":"b"}"#), read: [["id": 1, "x": "a"], ["id": 2, "x": "b"]]),
    ]

    @Test("DuckDB and pyarrow read files of both versions as one table") func twoVersions() throws {
        try withTemporaryFolder { folder in
            for change in Self.changes {
                let difference = ContractDifference(from: try contract(change.old), to: try contract(change.new))
                #expect(difference.isCompatible && !difference.changes.isEmpty, "\(change.name)")
                let place = "\(folder)/\(change.name)"
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
                try write(change.rows.0, change.old, "\(place)/old")
                try write(change.rows.1, change.new, "\(place)/new")
            }
            let answers = try Referee.run("contracts/read_together.py", folder)
            let lines = answers.split(separator: "\n").map(String.init)
            try #require(lines.count == Self.changes.count)
            for line in lines {
                let answer = try JSON(parsing: line)
                let change = try #require(Self.changes.first { .string($0.name) == answer["case"] })
                for reader in ["duckdb", "pyarrow"] {
                    let rows = answer[reader]?.array?.map(Self.sorted)
                    #expect(rows == change.read.map(Self.sorted), "\(change.name), \(reader): \(line)")
                }
            }
        }
    }

    /// The columns in alphabetical order, since readers put a dropped column at different positions.
    private static func sorted(_ row: JSON) -> JSON {
        .object(JSONObject((row.object?.members ?? []).map { ($0.name, $0.value) }.sorted { $0.0 < $1.0 }))
    }

    private func write(_ row: String, _ properties: [String], _ path: String) throws {
        try Data((row + "\n").utf8).write(to: URL(filePath: "\(path).json"))
        try Referee.output(of: "/usr/bin/gzip", ["\(path).json"])
        try Data(contractText(properties).utf8).write(to: URL(filePath: "\(path).odcs.yaml"))
        let writer = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "bronze-writer").path
        let said = try Referee.output(
            of: writer, ["convert", "--contract", "\(path).odcs.yaml", "\(path).json.gz", "\(path).parquet"])
        #expect(said.contains("\"rows_written\":1"), "\(said)")
    }
}
