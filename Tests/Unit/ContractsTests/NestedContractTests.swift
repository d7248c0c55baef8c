import Foundation
import Testing

@testable import Contracts

/// The text of a contract with `properties`, written in YAML's flow style.
private func text(_ properties: String) -> String {
    """
    {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft,
     schema: [{name: t, properties: [
    \(properties)]}]}
    """
}

private func complaint(_ properties: String) -> String {
    do throws(ContractError) {
        _ = try Contract(parsing: text(properties), file: "t.yaml")
        return "accepted"
    } catch {
        return error.description
    }
}

private let flatten = "customProperties: [{property: layout, value: flatten}]"
private let hash = "customProperties: [{property: masking, value: hash}]"

@Suite struct NestedContractTests {
    @Test("objects and arrays become columns, structs, lists or JSON text as in the README")
    func readmeExample() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Fixtures/contracts/order.odcs.yaml").standardizedFileURL.path
        let contract = try Contract(contentsOf: path)
        #expect(
            contract.columns.map { "\($0.name): \($0.type)" } == [
                "order_id: int64", "address_city: string", "address_location_latitude: double",
                "customer: struct<name: string required, email: string, born: date>",
                "lines: list<struct<sku: uuid required, price: decimal(12,2), tags: list<string>> required>",
                "quantity: uint16", "shipped: timestamp without time zone", "payload: json", "history: json",
                "extension: json",
            ])
        #expect(
            contract.columns.map(\.type)[7...] == [.json(.object), .json(.array), .json(.any)])
        #expect(contract.column(named: "address_location_latitude")?.path == ["address", "location", "latitude"])
        #expect(contract.columns.map(\.isRequired).prefix(5) == [true, false, false, false, true])
        #expect(contract.maskedColumns == ["customer.email"])
        #expect(contract.columns.map(\.fieldID) == [1, 200_001, 200_003, 3, 4, 5, 6, 7, 8, 9])
        guard case .list(let line) = contract.columns[4].type, case .structure(let fields) = line.type else {
            Issue.record("lines is \(contract.columns[4].type)")
            return
        }
        #expect(line.fieldID == 200_007)
        #expect(fields.map(\.fieldID) == [200_008, 200_009, 200_010])
    }

    @Test("field ids that the contract sets take precedence") func givenIDs() throws {
        let id = { (number: Int) in "customProperties: [{property: fieldId, value: \(number)}]" }
        let contract = try Contract(
            parsing: text(
                """
                {name: a, logicalType: array, \(id(7)), items: {logicalType: object, \(id(8)), properties: [
                  {name: x, logicalType: string, \(id(9))}]}}
                """), file: "t.yaml")
        guard case .list(let element) = contract.columns[0].type, case .structure(let fields) = element.type else {
            return
        }
        #expect([contract.columns[0].fieldID, element.fieldID, fields[0].fieldID] == [7, 8, 9])
    }

    @Test(
        "a field id is one that neither bronze's own columns nor Iceberg's have",
        arguments: [
            (1, true), (100_000, true), (100_001, false), (200_000, false), (200_001, true),
            (2_147_483_446, true), (2_147_483_447, false), (0, false),
        ])
    func idsOfOthers(id: Int, isFree: Bool) throws {
        let column = "{name: a, logicalType: string, customProperties: [{property: fieldId, value: \(id)}]}"
        if isFree {
            #expect(try Contract(parsing: text(column), file: "t.yaml").columns[0].fieldID == Int32(id))
        } else {
            let error = #expect(throws: ContractError.self) { try Contract(parsing: text(column), file: "t.yaml") }
            #expect(
                error.map { "\($0)" }?.contains("customProperties[0].value: ") == true, "\(error.map { "\($0)" } ?? "")"
            )
        }
    }

    @Test("masked columns are named by their path") func maskedPaths() throws {
        let contract = try Contract(
            parsing: text(
                """
                {name: a, logicalType: array, items: {logicalType: string, \(hash)}},
                {name: b, logicalType: array, items: {logicalType: array, items: {logicalType: object, properties: [
                  {name: c, logicalType: string, \(hash)}, {name: d, logicalType: string}]}}},
                {name: e, logicalType: object, \(flatten), properties: [{name: f, logicalType: string, \(hash)}]},
                {name: g, logicalType: object, physicalType: json, \(hash)},
                {name: h, logicalType: object, properties: [{name: i, logicalType: array, physicalType: json, \(hash)}]}
                """), file: "t.yaml")
        #expect(contract.maskedColumns == ["a[]", "b[][].c", "e_f", "g", "h.i"])
    }

    @Test("unclassified text is found inside nested columns and can be masked by its path")
    func unclassifiedPlaces() throws {
        let contract = try Contract(
            parsing: text(
                """
                {name: a, logicalType: object, properties: [{name: x, logicalType: string}, {name: n, logicalType: integer},
                  {name: y, logicalType: string, classification: public}, {name: z, logicalType: string, \(hash)}]},
                {name: b, logicalType: array, items: {logicalType: object, properties: [{name: c, logicalType: string},
                  {name: d, logicalType: array, items: {logicalType: string}}]}},
                {name: e, logicalType: object, classification: internal, properties: [{name: f, logicalType: string}]},
                {name: g, logicalType: object, physicalType: json}, {name: h, logicalType: string}
                """), file: "t.yaml")
        let places = ["a.x", "b[].c", "b[].d[]", "g", "h", "_rescued_data"]
        #expect(contract.unclassifiedPlaces.map(\.path) == places)
        let masked = contract.masking(["b[].d[]", "a.x", "a.z", "h"], by: .redact)
        #expect(masked.maskedColumns == ["a.x", "a.z", "b[].d[]", "h"])
        #expect(masked.unclassifiedPlaces.map(\.path) == ["b[].c", "g", "_rescued_data"])
        // The contract's own masking takes precedence over a finding.
        #expect(masked.bronzeColumns[0].places.first { $0.path == "a.z" }?.field.masking == .hash)
        let types = { (contract: Contract) in contract.bronzeColumns.map { "\($0.type)" } }
        #expect(types(masked) == types(contract))
    }

    @Test("nested rules and constraints have their paths, in the contract's order") func nestedRules() throws {
        func rules(_ name: String) -> String { "quality: [{metric: nullValues, mustBe: 0, name: \(name)}]" }
        let contract = try Contract(
            parsing: text(
                """
                {name: a, logicalType: array, \(rules("1")), items: {logicalType: object, \(rules("2")), properties: [
                  {name: b, logicalType: string, \(rules("3")), logicalTypeOptions: {maxLength: 3}}]}},
                {name: c, logicalType: object, properties: [{name: d, logicalType: integer, \(rules("4"))}], \(rules("5"))}
                """), file: "t.yaml")
        #expect(contract.rules.map(\.column) == ["a", "a[]", "a[].b", "c", "c.d"])
        #expect(contract.rules.map(\.name) == ["1", "2", "3", "5", "4"])
        let constrained = contract.bronzeColumns.flatMap(\.places).filter { $0.field.constraints != nil }
        #expect(constrained.map(\.path) == ["a[].b"] && constrained[0].field.constraints?.maxLength == 3)
    }

    @Test("an object or array that says nothing of what is in it is JSON text, with a warning")
    func unknownInside() throws {
        let contract = try Contract(
            parsing: text(
                """
                {name: a, logicalType: object}, {name: b, logicalType: array, physicalType: list},
                {name: c, logicalType: array, items: {logicalType: string}}
                """), file: "t.yaml")
        #expect(contract.columns.map { "\($0.type)" } == ["json", "json", "list<string>"])
        #expect(
            contract.warnings.count == 2 && contract.warnings.allSatisfy { $0.reason.contains("physicalType json") })
    }

    @Test(
        "an invalid column is refused with the reason",
        arguments: [
            ("{name: a, logicalType: object, properties: []}", "at least one property"),
            (
                "{name: a, logicalType: array, physicalType: struct, items: {logicalType: string}}",
                "'struct' is not one of"
            ),
            (
                "{name: a, logicalType: object, "
                    + "properties: [{name: x, logicalType: string}, {name: X, logicalType: string}]}",
                "the field 'X' is defined twice"
            ),
            (
                "{name: a_b, logicalType: string}, "
                    + "{name: a, logicalType: object, \(flatten), properties: [{name: b, logicalType: string}]}",
                "the column 'a_b' is defined twice"
            ),
            (
                "{name: a, logicalType: object, \(flatten), "
                    + "properties: [{name: b, logicalType: string, required: true}]}",
                "cannot be required while the flattened object around it is not"
            ),
            (
                "{name: a, required: true, logicalType: object, \(flatten), "
                    + "properties: [{name: b, logicalType: string}]}",
                "a required flattened object needs a required field"
            ),
            (
                "{name: a, logicalType: array, items: {logicalType: object, \(flatten), "
                    + "properties: [{name: b, logicalType: string}]}}",
                "is in an object that is not flattened"
            ),
            ("{name: a, logicalType: string, \(flatten)}", "only objects are flattened"),
            (
                "{name: a, logicalType: object, customProperties: [{property: layout, value: flat}], "
                    + "properties: [{name: b, logicalType: string}]}",
                "'flat' is not one of flatten"
            ),
            (
                "{name: a, logicalType: object, physicalType: json, properties: ["
                    + "{name: b, logicalType: array, items: {logicalType: string, \(hash)}}]}",
                "a masked field (a.b[]) would be readable in a column that is kept as JSON text"
            ),
            (
                "{name: a, logicalType: object, \(hash), properties: [{name: b, logicalType: string}]}",
                "only text columns can be masked"
            ),
            (
                "{name: a, logicalType: string, physicalType: uuid, \(hash)}",
                "only text columns can be masked, and 'a' is uuid"
            ),
            (
                "{name: a, logicalType: object, properties: [{name: b, logicalType: string, unique: true}]}",
                "'unique' applies to columns"
            ),
            (
                "{name: a, logicalType: object, properties: [{name: b, logicalType: boolean, "
                    + "customProperties: [{property: validValues, value: [true]}]}]}",
                "schema[0].properties[0].properties[0]: values of the type boolean cannot be compared"
            ),
            (
                "{name: a, logicalType: object, physicalType: json, properties: [{name: b, logicalType: string, "
                    + "logicalTypeOptions: {maxLength: 3}}]}",
                "the values of 'a.b' cannot be checked in a column that is kept as JSON text"
            ),
            (
                "{name: a, logicalType: array, physicalType: json, items: {logicalType: string, "
                    + "quality: [{metric: nullValues, mustBe: 0}]}}",
                "the values of 'a[]' cannot be checked in a column that is kept as JSON text"
            ),
            (
                "{name: a, logicalType: array, items: {logicalType: object, properties: ["
                    + "{name: b, logicalType: string, quality: [{metric: duplicateValues, mustBe: 0}]}]}}",
                "properties[0].items.properties[0].quality[0]: duplicateValues of 'a[].b' "
                    + "cannot be measured: it compares rows"
            ),
            (
                "{name: a, logicalType: object, properties: [{name: b, logicalType: object, "
                    + "properties: [{name: c, logicalType: string}], "
                    + "quality: [{metric: missingValues, mustBe: 0, arguments: {missingValues: [x]}}]}]}",
                "missingValues of 'a.b' cannot be measured: it is struct<c: string>"
            ),
            (
                "{name: a, logicalType: object, primaryKey: true, properties: [{name: b, logicalType: string}]}",
                "it cannot be a key or unique"
            ),
            (
                "{name: a, logicalType: object, properties: [{name: b, logicalType: string, format: x}]}",
                "unknown key 'format'"
            ),
            (
                "{name: a, logicalType: integer, logicalTypeOptions: {format: i128}}",
                "the format 'i128' is not supported"
            ),
            (
                "{name: a, logicalType: timestamp, physicalType: timestamptz, logicalTypeOptions: {timezone: false}}",
                "the physicalType 'timestamptz' contradicts it"
            ),
        ])
    func invalidColumns(properties: String, reason: String) {
        #expect(complaint(properties).contains(reason), "\(complaint(properties))")
    }

    @Test("sixteen levels of nesting are allowed, seventeen are not") func nestingLimit() {
        func nested(_ depth: Int) -> String {
            (0..<depth).reduce("logicalType: string") { inner, _ in "logicalType: array, items: {\(inner)}" }
        }
        #expect(complaint("{name: a, \(nested(16))}") == "accepted")
        #expect(complaint("{name: a, \(nested(17))}").contains("nested deeper than 16 levels"))
    }

    @Test(
        "options of a logical type set width and time zone",
        arguments: [
            ("integer", "format: u16", ColumnType.uint16), ("integer", "format: i8", .int8),
            ("number", "format: f32", .float),
            ("timestamp", "timezone: false", .timestamp(.microseconds, isAdjustedToUTC: false)),
            ("time", "timezone: true", .time(.microseconds, isAdjustedToUTC: true)),
            ("string", "format: uuid", .string),
        ])
    func typeOptions(logical: String, option: String, type: ColumnType) throws {
        let properties = "{name: a, logicalType: \(logical), logicalTypeOptions: {\(option)}}"
        #expect(try Contract(parsing: text(properties), file: "t.yaml").columns[0].type == type)
    }
}
