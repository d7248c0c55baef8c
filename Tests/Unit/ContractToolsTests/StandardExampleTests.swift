import Contracts
import Foundation
import Testing

@testable import ContractTools

/// What contracts in the manner of the standard's own examples have. They were written for databases, and not for Cupel.
@Suite struct StandardExampleTests {
    private func contract(_ schema: String, version: String = "v3.2.0") -> String {
        """
        apiVersion: \(version)
        kind: DataContract
        id: example
        version: 1.0.0
        status: active
        schema: \(schema)
        """
    }

    private func lint(_ text: String) throws -> ContractLint {
        try withTemporaryFolder { folder in
            var lint = ContractLint()
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/a.odcs.yaml"))
            try lint.check("\(folder)/a.odcs.yaml")
            return lint
        }
    }

    /// The contracts of a file that has no error, and what lint says of it.
    private func checked(_ text: String) throws -> (contracts: [Contract], findings: String) {
        let lint = try lint(text)
        let findings = lint.findings.map { "\($0)" }.joined(separator: "\n")
        #expect(!lint.hasErrors, "\(findings)")
        return (lint.contracts.map(\.contract), findings)
    }

    private func column(_ members: String, version: String = "v3.2.0") throws -> (type: ColumnType?, findings: String) {
        let (contracts, findings) = try checked(
            contract("[{name: t, physicalType: table, properties: [{name: c, \(members)}]}]", version: version))
        return (contracts.first?.columns.first?.type, findings)
    }

    @Test(
        "types that databases write in ways of their own",
        arguments: [
            ("string", "varchar[15]", ColumnType.string), ("string", "varchar[2147483647]", .string),
            ("number", "float(3,2)", .float), ("number", "double(10,2)", .double),
            ("number", "numeric", .decimal(precision: 38, scale: 9)),
            ("number", "decimal[12,2]", .decimal(precision: 12, scale: 2)),
            ("number", "serial", .int32),
            ("object", "Name", .string), ("object", "Flag", .string), ("array", "bytea", .string),
            ("date", "timestamp", .timestamp(.microseconds, isAdjustedToUTC: true)),
        ])
    func types(logical: String, physical: String, type: ColumnType) throws {
        #expect(try column("logicalType: \(logical), physicalType: '\(physical)'", version: "v3.0.0").type == type)
    }

    @Test("what is kept otherwise than it says is a warning")
    func warnings() throws {
        #expect(try column("logicalType: number, physicalType: numeric").findings.contains("decimal(38,9)"))
        #expect(try column("logicalType: object, physicalType: Name").findings.contains("kept as text"))
        let map = try column(
            "logicalType: map, physicalType: 'MAP<STRING, INT>', map: {key: {logicalType: string}, value: {logicalType: integer}}"
        )
        #expect(map.type == .json(.object) && map.findings.contains("a map is kept as JSON text"))
        let rule = try column(
            "logicalType: number, quality: [{type: library, rule: between, customProperties: [{property: min, value: 0}]}]"
        )
        #expect(rule.findings.contains("this rule is not measured"))
    }

    @Test("the values of 'enum' are the only valid ones")
    func listedValues() throws {
        let columns = "[{name: c, logicalType: integer, enum: [{value: 1, label: One, tags: [a]}, {value: 2}]}]"
        let (contracts, _) = try checked(contract("[{name: t, properties: \(columns)}]"))
        #expect(contracts[0].constraints["c"]?.validValues == ["1", "2"])
        let both = try lint(
            contract(
                "[{name: t, properties: [{name: c, logicalType: string, enum: [{value: a}], "
                    + "customProperties: [{property: validValues, value: [a]}]}]}]"))
        #expect(both.findings.contains { $0.message.contains("'enum' and the custom property 'validValues'") })
    }

    @Test("a rule about invalid values that names none means those outside 'enum'")
    func ruleOfListedValues() throws {
        let rule = "quality: [{type: library, metric: invalidValues, mustBeLessThan: 1, unit: percent}]"
        let (contracts, _) = try checked(
            contract(
                "[{name: t, properties: [{name: c, logicalType: string, enum: [{value: a}, {value: b}], \(rule)}]}]"))
        #expect(contracts[0].rules.first?.arguments.constraints.validValues == ["a", "b"])
        let without = try lint(contract("[{name: t, properties: [{name: c, logicalType: string, \(rule)}]}]"))
        #expect(without.findings.contains { $0.message.contains("define the valid values") })
    }

    @Test("a restricted key that says nothing of masking is no error: it is hashed, and a warning says so")
    func restricted() throws {
        let (contracts, findings) = try checked(
            contract(
                "[{name: t, physicalType: table, properties: [{name: id, primaryKey: true, primaryKeyPosition: 1, logicalType: string, "
                    + "physicalType: varchar(18), classification: restricted, encryptedName: enc_id}, "
                    + "{name: full_name, logicalType: string, classification: restricted}]}]"))
        #expect(contracts[0].columns.map(\.masking) == [.hash, .redact])
        #expect(findings.contains("warning") && findings.contains("'full_name' is classified restricted"))
    }

    @Test("classified structs and lists are no error: their text is redacted, and a warning says so")
    func restrictedStructs() throws {
        let (contracts, findings) = try checked(
            contract(
                "[{name: t, physicalType: table, properties: [{name: id, logicalType: string, primaryKey: true}, "
                    + "{name: home, logicalType: object, classification: restricted, properties: [{name: street, logicalType: string}]}, "
                    + "{name: phones, logicalType: array, classification: PII, items: {logicalType: string, physicalType: VARCHAR(20)}}]}]"
            ))
        #expect(contracts[0].maskedColumns == ["home.street", "phones[]"])
        #expect(findings.contains("'home.street' is classified restricted and says nothing of masking"))
    }

    @Test("a classified date is a warning of lint, and whoever would convert by the contract is refused")
    func undecided() throws {
        let text = contract(
            "[{name: t, physicalType: table, properties: [{name: id, logicalType: string, primaryKey: true}, "
                + "{name: born, logicalType: date, classification: restricted}]}]")
        let (contracts, findings) = try checked(text)
        #expect(contracts.count == 1)
        #expect(findings.contains("warning: schema[0].properties[1].classification: 'born' is classified restricted"))
        #expect(findings.contains("no file is converted by this contract"))
        #expect(throws: ContractError.self) { try Contract(parsing: text, file: "c") }
        try withTemporaryFolder { folder in
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/t.odcs.yaml"))
            #expect(throws: ContractError.self) { try ContractCatalog(directory: folder) }
            var use = ContractLint(forUse: true)
            try use.check("\(folder)/t.odcs.yaml")
            #expect(use.hasErrors && use.contracts.isEmpty)
        }
    }

    @Test("measures and dimensions are no columns of a file")
    func computed() throws {
        let (contracts, _) = try checked(
            contract(
                """
                [{name: t, properties: [{name: a, logicalType: string}, {name: m, semanticType: measure, logicalType: integer},
                  {name: d, semanticType: dimension, logicalType: date}, {name: b, logicalType: string}]}]
                """))
        #expect(contracts[0].columns.map(\.name) == ["a", "b"])
        #expect(contracts[0].columns.map(\.fieldID) == [1, 4])
    }

    @Test("a topic without columns is no table, and not an error")
    func topic() throws {
        let topic = "{name: Orders, physicalName: orders.avro.v1, logicalType: object, physicalType: topic}"
        let (none, findings) = try checked(contract("[\(topic)]", version: "v3.0.0"))
        #expect(none.isEmpty && findings.contains("this topic has no 'properties'"))
        let (one, _) = try checked(contract("[\(topic), {name: t, properties: [{name: a, logicalType: string}]}]"))
        #expect(one.map(\.table) == ["t"])
        let table = try lint(contract("[{name: t, physicalType: table}]"))
        #expect(table.findings.contains { $0.message.contains("the key 'properties' is missing") })
    }
}
