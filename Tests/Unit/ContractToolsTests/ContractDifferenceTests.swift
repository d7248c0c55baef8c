import Contracts
import Testing

@testable import ContractTools

/// A contract whose properties are written in YAML's flow style, without braces.
func contract(
    _ properties: String..., version: String = "1.0.0", table: String = "orders", more: String = ""
) throws -> Contract {
    try contract(properties, version: version, table: table, more: more)
}

func contract(
    _ properties: [String], version: String = "1.0.0", table: String = "orders", more: String = ""
) throws -> Contract {
    try Contract(parsing: contractText(properties, version: version, table: table, more: more), file: "fixture")
}

func contractText(
    _ properties: [String], version: String = "1.0.0", table: String = "orders", more: String = ""
) -> String {
    """
    {apiVersion: v3.1.0, kind: DataContract, id: orders, version: \(version), status: draft, \(more)
     schema: [{name: \(table), properties: [
    \(properties.map { "   {\($0)}" }.joined(separator: ",\n"))
     ]}]}
    """
}

@Suite struct ContractDifferenceTests {
    private static let id = "name: id, logicalType: integer, primaryKey: true"

    private func changes(_ old: [String], _ new: [String], byID: Bool = false) throws -> [String] {
        let difference = ContractDifference(
            from: try contract([Self.id] + old), to: try contract([Self.id] + new), isByID: byID)
        return difference.changes.map {
            "\($0.kind.rawValue) \($0.column ?? "-") \($0.isCompatible ? "ok" : "breaks") \($0.step)"
        }
    }

    private static func property(_ name: String, _ logicalType: String, _ physicalType: String, _ more: String = "")
        -> String
    {
        "name: \(name), logicalType: \(logicalType), physicalType: '\(physicalType)'\(more)"
    }

    @Test("equal contracts have no differences") func equalContracts() throws {
        let difference = ContractDifference(from: try contract(Self.id), to: try contract(Self.id))
        #expect(difference.changes.isEmpty && difference.isCompatible)
        #expect("\(try #require(difference.suggestedVersion))" == "1.0.0" && !difference.isVersionTooLow)
    }

    @Test(
        "a wider type is compatible; a narrower or another type is not",
        arguments: [
            ("integer", "int", "integer", "bigint", true), ("integer", "tinyint", "integer", "smallint", true),
            ("integer", "smallint", "integer", "bigint", true), ("integer", "bigint", "integer", "int", false),
            ("integer", "utinyint", "integer", "ubigint", true), ("integer", "utinyint", "integer", "bigint", false),
            ("integer", "int", "number", "double", false), ("integer", "int", "number", "decimal(10,0)", false),
            ("number", "float", "number", "double", true), ("number", "double", "number", "float", false),
            ("number", "decimal(9,2)", "number", "decimal(18,2)", true),
            ("number", "decimal(18,2)", "number", "decimal(38,2)", true),
            ("number", "decimal(9,2)", "number", "decimal(18,3)", false),
            ("number", "decimal(18,2)", "number", "decimal(9,2)", false),
            ("date", "date", "timestamp", "timestamp", false),
            ("timestamp", "timestamp(3)", "timestamp", "timestamp", false),
            ("timestamp", "timestamp", "timestamp", "timestamp_ntz", false),
            ("string", "string", "string", "uuid", false),
            ("string", "string", "integer", "bigint", false), ("string", "varchar(10)", "string", "text", nil),
        ] as [(String, String, String, String, Bool?)])
    func typeChanges(oldLogical: String, old: String, newLogical: String, new: String, isCompatible: Bool?) throws {
        let found = try changes([Self.property("x", oldLogical, old)], [Self.property("x", newLogical, new)])
        #expect(found == (isCompatible.map { [$0 ? "type x ok minor" : "type x breaks major"] } ?? []))
    }

    @Test("an optional column may be added; a dropped column needs a new major version") func columnChanges() throws {
        let (a, b) = (Self.property("a", "string", "string"), Self.property("b", "string", "string"))
        #expect(try changes([a], [a, b]) == ["column_added b ok minor"])
        #expect(try changes([a], [a, b + ", required: true"]) == ["column_added b breaks major"])
        #expect(try changes([a, b], [a]) == ["column_dropped b ok major"])
        // Without ids of their own, columns are identified by their position.
        #expect(try changes([a], [b, a]) == ["column_added b ok minor", "field_id a breaks major"])
        #expect(try changes([a, b], [b]) == ["column_dropped a ok major", "field_id b breaks major"])
    }

    @Test("a renamed column with the same field id is compatible for readers by id only") func renaming() throws {
        func named(_ name: String, _ id: Int) -> String {
            "name: \(name), logicalType: string, customProperties: [{property: fieldId, value: \(id)}]"
        }
        #expect(try changes([named("a", 7)], [named("b", 7)]) == ["column_renamed a breaks major"])
        #expect(try changes([named("a", 7)], [named("b", 7)], byID: true) == ["column_renamed a ok major"])
        #expect(
            try changes([named("a", 7)], [named("b", 8)]) == ["column_added b ok minor", "column_dropped a ok major"])
        #expect(
            try changes([named("a", 7), named("b", 8)], [named("b", 8), named("a", 7)])
                == ["column_moved b ok patch", "column_moved a ok patch"])
        #expect(
            try changes(
                [named("a", 7)], ["name: b, logicalType: integer, customProperties: [{property: fieldId, value: 7}]"])
                == ["column_renamed a breaks major", "type b breaks major"])
    }

    @Test("a change that older files contradict is not compatible") func propertyChanges() throws {
        let plain = Self.property("a", "string", "string")
        #expect(try changes([plain + ", required: true"], [plain]) == ["required a ok minor"])
        #expect(try changes([plain], [plain + ", required: true"]) == ["required a breaks major"])
        let masked = plain + ", customProperties: [{property: masking, value: hash}]"
        #expect(try changes([plain], [masked]) == ["masking a breaks major"])
        #expect(
            try changes([masked], [plain + ", customProperties: [{property: masking, value: redact}]"]) == [
                "masking a breaks major"
            ])
        #expect(try changes([plain], [plain + ", classification: internal"]) == ["classification a ok patch"])
        #expect(try changes([plain], [plain + ", description: more"]) == ["description a ok patch"])
        #expect(try changes([plain], [plain + ", logicalTypeOptions: {maxLength: 3}"]) == ["rules a ok minor"])
        #expect(
            try changes([plain], [plain + ", primaryKey: true, primaryKeyPosition: 2"]) == [
                "required a breaks major", "primary_key - breaks major",
            ])
        #expect(try changes([plain], [plain + ", partitioned: true"]) == ["partitioning - ok minor"])
        #expect(try changes([plain], [plain + ", quality: [{metric: nullValues, mustBe: 0}]"]) == ["rules - ok minor"])
    }

    @Test("fields of objects and elements of lists follow the same rules") func nestedChanges() throws {
        func object(_ fields: String...) -> String {
            "name: o, logicalType: object, properties: [\(fields.map { "{\($0)}" }.joined(separator: ", "))]"
        }
        let (x, y) = ("name: x, logicalType: integer, physicalType: int", "name: y, logicalType: string")
        #expect(try changes([object(x)], [object(x, y)]) == ["column_added o.y ok minor"])
        #expect(try changes([object(x, y)], [object(x)]) == ["column_dropped o.y ok major"])
        #expect(try changes([object(x)], [object("name: x, logicalType: integer")]) == ["type o.x ok minor"])
        #expect(try changes([object(x)], [object(x, y + ", required: true")]) == ["column_added o.y breaks major"])
        func list(_ type: String) -> String {
            "name: l, logicalType: array, items: {logicalType: integer, physicalType: \(type)}"
        }
        #expect(try changes([list("int")], [list("bigint")]) == ["type l[] ok minor"])
        #expect(try changes([list("bigint")], [object(x)]) == ["column_renamed l breaks major", "type o breaks major"])
    }

    @Test("a new tolerance is compatible and suggests a minor version; a new table name is not compatible")
    func tableChanges() throws {
        let old = try contract(Self.id, version: "1.4.2")
        let tolerant = try contract(
            Self.id, version: "1.4.3", more: "customProperties: [{property: quarantineRows, value: 3}],")
        let difference = ContractDifference(from: old, to: tolerant)
        #expect(difference.changes.map(\.kind) == [.tolerance] && difference.isCompatible)
        #expect("\(try #require(difference.suggestedVersion))" == "1.5.0" && difference.isVersionTooLow)
        let moved = ContractDifference(from: old, to: try contract(Self.id, version: "2.0.0", table: "sales"))
        #expect(!moved.isCompatible && !moved.isVersionTooLow)
        #expect(ContractDifference(from: try contract(Self.id, version: "new"), to: old).suggestedVersion == nil)
    }

    @Test("a version is up to three numbers", arguments: [("1.2.3", "1.2.3"), ("v2", "2.0.0"), ("1.10", "1.10.0")])
    func semanticVersions(text: String, version: String) {
        #expect(SemanticVersion(text)?.description == version)
        for bad in ["", "1.2.3.4", "1.x", "-1", "1..2", "1.0-rc1"] { #expect(SemanticVersion(bad) == nil) }
    }
}
