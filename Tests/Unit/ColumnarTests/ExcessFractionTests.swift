import Contracts
import Testing

@testable import Columnar

/// Times with more digits than their column keeps, in a contract that cuts them off.
@Suite struct ExcessFractionTests {
    private func contract(_ word: String) throws -> Contract {
        let property = "customProperties: [{property: excessFraction, value: \(word)}]"
        return try Contract(
            parsing: """
                apiVersion: v3.1.0
                kind: DataContract
                id: t
                name: t
                version: 1.0.0
                status: active
                schema:
                  - name: t
                    properties:
                      - {name: at, logicalType: timestamp, \(property)}
                      - {name: ms, logicalType: timestamp, physicalType: timestamp(3), \(property)}
                      - {name: t, logicalType: time, \(property)}
                      - name: inner
                        logicalType: object
                        properties: [{name: at, logicalType: timestamp, \(property)}]
                """, file: "c.yaml")
    }

    private func read(_ text: String, _ word: String) throws -> Reading {
        try readJSON(text, try contract(word))
    }

    private let line =
        #"{"at":"2024-01-01T10:00:00.1234567Z","ms":"2024-01-01 10:00:00.1239","t":"10:00:00.123456789","#
        + #""inner":{"at":"1969-12-31T23:59:59.999999999"}}"# + "\n"

    @Test("digits beyond the unit are cut off, never rounded, in columns and in fields") func truncate() throws {
        let reading = try read(line, "truncate")
        #expect(reading.faults.isEmpty)
        let row = try #require(reading.rows.first)
        #expect(row[0] == "1704103200123456" && row[1] == "1704103200123" && row[2] == "36000123456")
        #expect(row[3] == "nested")
        let longer = #"{"at":"2024-01-01T10:00:00.1234567890Z"}"# + "\n"
        #expect(try read(longer, "truncate").faults == ["1 not_a_timestamp"])
    }

    @Test("otherwise they break the contract, and the message names the property") func reject() throws {
        let reading = try read(line, "reject")
        #expect(reading.faults == ["1 out_of_range"])
        #expect(reading.rejected[0].message.contains("'excessFraction: truncate'"))
    }

    @Test("the property has its two values, and belongs to times") func declaration() throws {
        #expect(throws: ContractError.self) { try contract("round") }
        let text = try #require(
            """
            {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, schema: [{name: t, properties: [
            {name: n, logicalType: integer, customProperties: [{property: excessFraction, value: truncate}]}]}]}
            """ as String?)
        let error = #expect(throws: ContractError.self) { try Contract(parsing: text, file: "c.yaml") }
        #expect(error.map { "\($0)" }?.contains("is for times and timestamps") == true)
    }
}
