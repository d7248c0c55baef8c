import Contracts
import Testing

/// A contract with custom properties in each place that the standard has one for.
private func text(contract: String = "", table: String = "", column: String = "", more: String = "") -> String {
    """
    apiVersion: v3.1.0
    kind: DataContract
    id: t
    version: 1.0.0
    status: draft
    customProperties: [\(contract)]
    \(more)
    schema:
      - name: person
        customProperties: [\(table)]
        properties:
          - {name: id, logicalType: integer}
          - {name: email, logicalType: string, customProperties: [\(column)]}
    """
}

private func property(_ name: String, _ value: String = "1") -> String { "{property: \(name), value: \(value)}" }

private func fault(_ text: String) -> String {
    do {
        _ = try Contract(parsing: text, file: "c")
        return ""
    } catch { return "\(error)" }
}

@Suite struct CustomPropertyTests {
    @Test("a table takes changes of one schema, of several, or of any")
    func sourceSchema() throws {
        func contract(_ value: String) throws -> Contract {
            try Contract(parsing: text(contract: property("sourceSchema", value)), file: "c")
        }
        #expect(try contract("sales").sourceSchemas == ["sales"])
        #expect(try contract("sales").bronzeColumns.allSatisfy { $0.name != "_schema" })
        let several = try contract("[sales, Archive_2$]")
        #expect(several.sourceSchemas == ["sales", "Archive_2$"])
        #expect(several.bronzeColumns.suffix(2).map(\.name) == ["_schema", "_rescued_data"])
        #expect(several.bronzeColumns.suffix(2).map(\.fieldID) == [100_011, 100_005])
        #expect(try Contract(parsing: text(), file: "c").sourceSchemas.isEmpty)
    }

    @Test(
        "a schema's name that is none is an error with its place",
        arguments: [
            ("[]", "expected the name of a schema, or a list of them"), ("[a, a]", "'a' is listed twice"),
            ("\"a b\"", "'a b' is not the name of a schema"), ("\"%\"", "'%' is not the name"),
            ("2a", "'2a' is not the name"),
        ])
    func sourceSchemaFaults(value: String, reason: String) {
        let said = fault(text(contract: property("sourceSchema", value)))
        #expect(said.contains(reason) && said.contains("c:6:"), "\(said)")
    }

    @Test("no column of a table's own is named as bronze's column of the schema")
    func schemaColumn() {
        let contract = """
            {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: active, schema: [{name: t, properties: [
              {name: _schema, logicalType: string}]}]}
            """
        #expect(fault(contract).contains("_schema"))
    }

    @Test(
        "a name close to one of ours is an error that names ours",
        arguments: [
            ("maskin", "masking"), ("Masking", "masking"), ("maksing", "masking"), ("mask", "masking"),
            ("masked", "masking"), ("maskingMethod", "masking"), ("masking_reason", "maskingReason"),
            ("quarantineRow", "quarantineRows"), ("quarantine_share", "quarantineShare"),
            ("quarantine", "quarantineRows"), ("personal-data", "personalData"), ("fieldID", "fieldId"),
        ])
    func closeNames(name: String, ours: String) {
        for text in [
            text(contract: property(name)), text(table: property(name)), text(column: property(name, "hash")),
            text(more: "team: {name: a, customProperties: [\(property(name))]}"),
        ] {
            #expect(
                fault(text).contains("unknown custom property '\(name)'")
                    && fault(text).contains("did you mean '\(ours)'?"))
        }
    }

    @Test(
        "a name close to one of ours is an error in its place; elsewhere it may be a name of somebody else's",
        arguments: [
            ("encoding", "encodings"), ("validValue", "validValues"), ("layuot", "layout"),
            ("excessFractions", "excessFraction"),
        ])
    func closeNamesInPlace(name: String, ours: String) throws {
        let (contract, column) = (text(contract: property(name)), text(column: property(name, "a")))
        let (home, elsewhere) = name == "encoding" ? (contract, column) : (column, contract)
        #expect(fault(home).contains("did you mean '\(ours)'?"))
        let read = try Contract(parsing: elsewhere, file: "c")
        #expect(read.warnings.map(\.reason).contains { $0.contains("does not know the custom property '\(name)'") })
    }

    @Test("one of ours in a place where it has no effect is an error that says where it belongs")
    func wrongPlace() {
        for name in ["quarantineRows", "quarantineShare", "personalData", "encodings"] {
            for text in [
                text(table: property(name)), text(column: property(name)),
                text(more: "roles: [{role: r, customProperties: [\(property(name))]}]"),
            ] {
                #expect(
                    fault(text).contains(
                        "'\(name)' has no effect here; move it to the customProperties of the contract"))
            }
        }
        for name in ["masking", "maskingReason", "layout", "fieldId", "validValues"] {
            for text in [
                text(contract: property(name)), text(table: property(name)),
                text(more: "servers: [{server: s, type: s3, customProperties: [\(property(name))]}]"),
            ] {
                #expect(
                    fault(text).contains("'\(name)' has no effect here; move it to the customProperties of a column"))
            }
        }
        #expect(
            fault(text(table: property("quarantineRows"))).hasPrefix("c:10:35: schema[0].customProperties[0].property"))
        #expect(
            fault(text(column: "\(property("masking", "hash")), \(property("masking", "mask"))"))
                .contains("'masking' is set twice"))
    }

    @Test("a name that Cupel does not know is a warning with its position") func unknownNames() throws {
        let contract = try Contract(
            parsing: text(
                contract: property("costCenter"), table: property("owner"),
                column: property("masking", "mask") + ", " + property("pipelineHint"),
                more: "team: {name: a, customProperties: [\(property("slackChannel"))]}"), file: "c")
        #expect(
            contract.warnings.map(\.path) == [
                "customProperties[0].property", "team.customProperties[0].property",
                "schema[0].customProperties[0].property", "schema[0].properties[1].customProperties[1].property",
            ])
        #expect(contract.warnings[0].description.hasPrefix("c:6:31: customProperties[0].property: Cupel does not know"))
        #expect(contract.column(named: "email")?.masking == .mask)
    }

    @Test("inside free values of the standard nothing is ours") func freeValues() throws {
        let contract = try Contract(
            parsing: text(more: "servers: []").replacing(
                "name: email,", with: "name: email, examples: [{customProperties: [{property: maskin, value: 1}]}],"),
            file: "c")
        #expect(contract.warnings == [])
    }

    @Test("'masking' as a key of a column says that it is a custom property") func maskingKey() {
        let text = text().replacing("name: email,", with: "name: email, masking: hash,")
        #expect(
            fault(text).contains("'masking' is a custom property: customProperties: [{property: masking, value: …}]"))
    }
}

@Suite struct StandardKeysTests {
    @Test("every key of the standard is accepted, without a warning") func everyKey() throws {
        let contract = try Contract(
            parsing: """
                apiVersion: v3.1.0
                kind: DataContract
                id: all
                name: all
                version: 1.0.0
                status: active
                tenant: t
                domain: d
                dataProduct: p
                contractCreatedTs: '2026-01-01T00:00:00Z'
                tags: [a]
                description: {purpose: a, limitations: b, usage: c, authoritativeDefinitions: [{url: u, type: t}], customProperties: []}
                authoritativeDefinitions: [{id: a, url: u, type: t, description: d}]
                servers: [{id: s, server: s, type: s3, description: d, environment: e, roles: [{role: r}], customProperties: [], location: l}]
                support: [{id: s, channel: c, url: u, description: d, tool: t, scope: s, invitationUrl: i, customProperties: []}]
                price: {id: p, priceAmount: 1, priceCurrency: EUR, priceUnit: month}
                team: {id: t, name: n, description: d, tags: [], authoritativeDefinitions: [], customProperties: [], members: [{id: m, username: u, name: n,
                  description: d, role: r, dateIn: '2026-01-01', dateOut: '2026-01-02', replacedByUsername: v, tags: [], authoritativeDefinitions: [], customProperties: []}]}
                roles: [{id: r, role: r, description: d, access: a, firstLevelApprovers: f, secondLevelApprovers: s, customProperties: []}]
                slaDefaultElement: e
                slaProperties: [{id: s, property: latency, value: 1, valueExt: 2, unit: d, element: e, driver: d, description: d, scheduler: s, schedule: c}]
                customProperties: [{id: q, property: quarantineRows, value: 1, description: d}]
                schema:
                  - id: t
                    name: all
                    physicalName: all_1
                    physicalType: table
                    logicalType: object
                    description: d
                    businessName: b
                    dataGranularityDescription: g
                    tags: []
                    authoritativeDefinitions: []
                    customProperties: []
                    relationships: [{type: foreignKey, from: a.b, to: c.d, customProperties: []}]
                    quality:
                      - {id: q, name: n, type: library, metric: rowCount, mustBeGreaterThan: 0, unit: rows, severity: info, description: d, dimension: completeness,
                         method: m, businessImpact: b, scheduler: s, schedule: c, tags: [], authoritativeDefinitions: [], customProperties: []}
                      - {type: sql, query: select 1, mustBe: 1}
                      - {type: custom, engine: soda, implementation: 'x: 1'}
                      - {type: text, description: d}
                    properties:
                      - {id: a, name: a, physicalName: a_1, physicalType: varchar(3), logicalType: string, logicalTypeOptions: {minLength: 1, maxLength: 3, pattern: a, format: email},
                         description: d, businessName: b, tags: [], authoritativeDefinitions: [], customProperties: [], relationships: [{to: x.y, type: foreignKey}],
                         primaryKey: true, primaryKeyPosition: 1, required: true, unique: true, partitioned: true, partitionKeyPosition: 1, classification: public,
                         encryptedName: e, transformSourceObjects: [o], transformLogic: l, transformDescription: d, examples: [a], criticalDataElement: true,
                         quality: [{metric: nullValues, mustBe: 0}]}
                      - {name: n, logicalType: number, logicalTypeOptions: {minimum: 0, maximum: 9, format: f64}}
                      - {name: i, logicalType: integer, logicalTypeOptions: {exclusiveMinimum: 0, exclusiveMaximum: 9, multipleOf: 2}}
                      - {name: t, logicalType: timestamp, logicalTypeOptions: {format: "yyyy-MM-dd'T'HH:mm:ss", timezone: true, defaultTimezone: UTC}}
                      - {name: l, logicalType: array, logicalTypeOptions: {minItems: 0, maxItems: 9, uniqueItems: true}, items: {logicalType: string}}
                      - {name: o, logicalType: object, logicalTypeOptions: {minProperties: 0, maxProperties: 9, required: [x]}, properties: [{name: x, logicalType: boolean}]}
                """, file: "all")
        #expect(contract.columns.count == 6 && contract.warnings == [])
    }
}
