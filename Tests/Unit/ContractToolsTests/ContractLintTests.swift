import Contracts
import Foundation
import Testing

@testable import ContractTools

@Suite struct ContractLintTests {
    private func findings(_ files: (name: String, text: String)...) throws -> [String] {
        try withTemporaryFolder { folder in
            var lint = ContractLint()
            for file in files {
                try Data(file.text.utf8).write(to: URL(filePath: "\(folder)/\(file.name)"))
                try lint.check("\(folder)/\(file.name)")
            }
            #expect(lint.hasErrors == lint.findings.contains { $0.isError })
            return lint.findings.map { "\($0)".replacingOccurrences(of: "\(folder)/", with: "") }
        }
    }

    private let good = contractText(["name: id, logicalType: integer, primaryKey: true"])

    @Test("a valid contract has no findings") func validContract() throws {
        #expect(try findings(("orders.odcs.yaml", good)) == [])
    }

    @Test("lint names who cannot read a type, inside structs and lists too")
    func unreadableTypes() throws {
        let text = contractText([
            "name: id, logicalType: integer, primaryKey: true",
            "name: key, logicalType: string, physicalType: uuid",
            "name: at, logicalType: object, properties: [{name: opens, logicalType: time}]",
            "name: sizes, logicalType: array, items: {logicalType: integer, physicalType: ubigint}",
            "name: port, logicalType: integer, physicalType: uinteger",
            "name: small, logicalType: integer, physicalType: usmallint",
        ])
        let found = try findings(("orders.odcs.yaml", text)).filter {
            $0.contains("refuses") || $0.contains("negative")
        }
        #expect(found.count == 4)
        for (finding, words) in zip(found, ["'key' is a uuid", "'at.opens' is a time", "'sizes[]'", "'port'"]) {
            #expect(finding.contains(words) && finding.contains("advice"), "\(finding)")
        }
    }

    @Test("an error has file, line, column and key, and says what is allowed") func errorPosition() throws {
        let text = contractText(["name: id, logicalType: int"])
        let found = try findings(("orders.odcs.yaml", text))
        #expect(found.count == 1)
        #expect(
            found[0].hasPrefix(
                "orders.odcs.yaml:3:28: error: schema[0].properties[0].logicalType: 'int' is not one of string, "))
    }

    @Test("all errors of a file are listed in the order of their lines") func allErrors() throws {
        let text = """
            apiVersion: v2
            kind: DataContract
            id: t
            version: 1
            state: draft
            customProperties: [{property: quarantineShare, value: 7}, {property: personalData, value: shred}]
            schema:
              - name: Or-ders
                quality:
                  - {metric: duplicateValues, mustBe: 0, arguments: {properties: [a, nowhere]}}
                  - {metric: rowCount, mustBe: many, severity: fatal}
                properties:
                  - {name: a, logicalType: int, required: maybe}
                  - {logicalType: string, logicalTypeOptions: {minLength: -1, maxLenght: 3}}
                  - name: b
                    logicalType: object
                    properties:
                      - {name: c, logicalType: string, unique: true, quality: [{metric: nulValues, mustBe: 0}]}
                      - {name: d, logicalType: array, physicalType: struct}
                      - {name: C, logicalType: string}
                  - name: e
                    logicalType: array
                    items: {logicalType: date, logicalTypeOptions: {minimum: 1900, maximum: today}}
                  - {name: B, logicalType: string, classification: public}
            """
        let found = try findings(("orders.odcs.yaml", text)).map { $0.split(separator: ": error: ", maxSplits: 1) }
        #expect(found.allSatisfy { $0.count == 2 && $0[0].hasPrefix("orders.odcs.yaml:") })
        let lines = found.map { $0[0].split(separator: ":")[1] }
        #expect(
            lines == [
                "1", "1", "5", "6", "6", "8", "11", "11", "13", "13", "14", "14", "14", "18", "18", "19", "20", "23",
                "23", "24",
            ])
        let expected = [
            "schema[0].properties[2].properties[0].quality[0].metric: 'nulValues' is not one of nullValues, ",
            "schema[0].properties[3].items.logicalTypeOptions.maximum: expected a date, YYYY-MM-DD, found 'today'",
            "schema[0].properties[4].name: the column 'B' is defined twice",
            "schema[0].properties[1]: the key 'name' is missing",
            "schema[0].properties[2].properties[1].physicalType: 'struct' is not one of list, ",
        ]
        for text in expected { #expect(found.contains { $0[1].hasPrefix(text) }, "\(text)") }
        // A missing column is not reported while another column has an error.
        #expect(!found.contains { $0[1].contains("nowhere") })
    }

    /// Each mistake in an otherwise valid contract is reported, both alone and together with all others.
    @Test("no error hides another") func independentErrors() throws {
        let mistakes = [
            ("status: draft", "status: ''"), ("version: 1.0.0", "version: [1]"), ("kind: DataContract", "kind: Data"),
            ("logicalType: integer", "logicalType: number, physicalType: blob"), ("name: orders", "name: 'or ders'"),
        ]
        var (all, single) = (good, Set<String>())
        for (right, wrong) in mistakes {
            try #require(good.contains(right), "\(right)")
            single.formUnion(try findings(("orders.odcs.yaml", good.replacingOccurrences(of: right, with: wrong))))
            all = all.replacingOccurrences(of: right, with: wrong)
        }
        func messages(_ found: some Sequence<String>) -> Set<Substring> {
            Set(found.map { $0.split(separator: ": ", maxSplits: 1)[1] })
        }
        #expect(single.count == mistakes.count)
        #expect(messages(try findings(("orders.odcs.yaml", all))) == messages(single))
    }

    @Test("invalid YAML is an error with its line") func invalidYAML() throws {
        #expect(try findings(("a.odcs.yaml", "a: [1\nb: 2\n"))[0].hasPrefix("a.odcs.yaml:2:"))
    }

    @Test("two contracts of one table are a warning, and an error where they are to be used together")
    func duplicateTable() throws {
        let found = try findings(("orders.odcs.yaml", good), ("copy.odcs.yaml", good))
        #expect(
            found.contains(
                "copy.odcs.yaml: warning: the table 'orders' already has a contract, orders.odcs.yaml, and a pipeline takes one; keep one"
            ))
        try withTemporaryFolder { folder in
            var lint = ContractLint(forUse: true)
            for name in ["orders", "copy"] {
                try Data(good.utf8).write(to: URL(filePath: "\(folder)/\(name).odcs.yaml"))
                try lint.check("\(folder)/\(name).odcs.yaml")
            }
            #expect(lint.hasErrors)
        }
    }

    @Test("advice says what to improve and where") func advice() throws {
        let text = contractText(
            ["name: a, logicalType: string", "name: b, logicalType: string, classification: public"], version: "first")
        #expect(
            try findings(("x.yaml", text)) == [
                "x.yaml: advice: functions read files named <table>.odcs.yaml; rename this one to orders.odcs.yaml",
                "x.yaml: advice: version: "
                    + "the version 'first' does not have the form 1.2.3, so diff cannot suggest the next",
                "x.yaml: advice: schema[0].properties: "
                    + "the table has no primary key, which updates and deletes in later layers need",
                "x.yaml:3:11: advice: schema[0].properties[0]: the text column 'a' has no classification; add one",
            ])
    }

    @Test("what keeps a table with a key from silver is advice") func silver() throws {
        let text = contractText([
            "name: a, logicalType: integer, primaryKey: true", "name: deleted_at, logicalType: timestamp",
        ])
        #expect(try findings(("orders.odcs.yaml", text)).contains { $0.contains("no silver table: silver adds") })
    }

    @Test("an unreadable file is an error, not a finding") func unreadableFile() {
        #expect(throws: ContractError.self) {
            var lint = ContractLint()
            try lint.check("/nonexistent/orders.odcs.yaml")
        }
    }

    /// What the standard's own examples have: several tables, names in any case, types of databases, nothing said of what is in a list.
    @Test("a contract as the standard's examples are has no error") func standard() throws {
        let text = """
            apiVersion: v3.0.2
            kind: DataContract
            id: 53581432-6c55-4ba2-a65f-72344a91553a
            version: 1.0.0
            status: active
            name: my_table
            dataProduct: my_quantum
            schema:
              - name: Air_Quality
                physicalType: table
                tags: [nyc]
                authoritativeDefinitions: [{url: https://example.com/a, type: businessDefinition}]
                properties:
                  - name: UniqueID
                    primaryKey: true
                    logicalType: number
                    physicalType: int
                    quality:
                      - {type: library, metric: nullValues, mustBe: 0, dimension: completeness, severity: error}
                      - {type: custom, engine: soda, implementation: {type: duplicate_percent, must_be_less_than: 1.0}}
                  - {name: at, logicalType: date, physicalType: timestamp, logicalTypeOptions: {format: "yyyy-MM-dd HH:mm:ss"}}
                  - {name: opens, logicalType: date, physicalType: time}
                  - {name: amount, logicalType: number, physicalType: double, logicalTypeOptions: {minimum: 0, format: f32}}
                  - {name: latest, logicalType: array, physicalType: list, logicalTypeOptions: {maxItems: 3, uniqueItems: true}}
                  - {name: details, logicalType: object, physicalType: json, logicalTypeOptions: {required: [a], maxProperties: 5}}
              - name: AnObject
                logicalType: object
                properties:
                  - name: street_lines
                    logicalType: array
                    items: {physicalType: VARCHAR(40), logicalType: string}
                relationships: [{type: foreignKey, from: AnObject.id, to: Air_Quality.UniqueID}]
              - name: Order Lines
                physicalName: order_lines
                properties:
                  - {name: a, logicalType: number, physicalType: serial}
                  - {name: b, logicalType: string, physicalType: xml}
                  - {name: c, logicalType: number, physicalType: money}
                  - {name: d, logicalType: timestamp, physicalType: datetime2(7)}
                  - {name: e, logicalType: string, physicalType: character varying(20)}
                  - {name: f, logicalType: array, physicalType: array<string>, items: {logicalType: string}}
            """
        let found = try findings(("all.odcs.yaml", text))
        #expect(!found.contains { $0.contains(": error: ") }, "\(found.joined(separator: "\n"))")
        #expect(found.contains { $0.contains("schema[2].properties[1]: the text column 'b'") }, "\(found)")
        let none = """
            {apiVersion: v3.0.2, kind: DataContract, id: a, version: 1.0.0, status: active, schema: [],
             price: {priceAmount: 9.95, priceCurrency: USD, priceUnit: megabyte}}
            """
        let empty = try findings(("none.odcs.yaml", none))
        #expect(empty.count == 1 && empty[0].contains("advice") && empty[0].contains("no table"), "\(empty)")
    }

    @Test("formats that a file could hardly have, or that lose something, get advice") func formatAdvice() throws {
        let text = contractText([
            "name: id, logicalType: integer, primaryKey: true",
            "name: price, logicalType: number, customProperties: [{property: numberFormat, value: '1.234,56'}]",
            "name: at, logicalType: timestamp, logicalTypeOptions: {format: epoch_ns}",
        ])
        let found = try findings(("orders.odcs.yaml", text)).filter { $0.contains("advice") }
        #expect(found.contains { $0.contains("'price' contain the delimiter") }, "\(found)")
        #expect(found.contains { $0.contains("excessFraction: truncate") }, "\(found)")
    }
}
