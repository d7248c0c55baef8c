import Contracts
import Testing

@Suite struct MaskingDeclarationTests {
    private func fault(_ properties: String) -> String {
        do {
            _ = try contract(properties)
            return ""
        } catch { return "\(error)" }
    }

    private func contract(_ properties: String) throws -> Contract {
        try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: draft,
                 schema: [{name: person, properties: [{name: id, logicalType: integer}, \(properties)]}]}
                """, file: "c")
    }

    private static let none =
        "customProperties: [{property: masking, value: none}, {property: maskingReason, value: court order 7}]"

    @Test(
        "text with a sensitive classification is redacted where the contract does not decide, and a warning says so",
        arguments: [
            "PII", "pii", "Restricted", "PII.email", "personal data", "PHI", "pci-dss", "sensitive", "personalData",
            "PIIData", "HighlyRestricted", "non-public personal", "GDPR_PII_1",
        ])
    func sensitive(classification: String) throws {
        let email = "{name: email, logicalType: string, classification: \(classification)"
        let undecided = try contract(email + "}")
        #expect(undecided.column(named: "email")?.masking == .redact && undecided.maskedColumns == ["email"])
        #expect(
            undecided.warnings.map(\.reason).contains {
                $0.contains("'email' is classified \(classification)") && $0.contains("redacted")
            })
        #expect(
            try contract("\(email), customProperties: [{property: masking, value: mask}]}").maskedColumns == ["email"])
        let open = try contract("\(email), \(Self.none)}")
        #expect(open.maskedColumns == [] && open.column(named: "email")?.maskingReason == "court order 7")
    }

    @Test(
        "a key is hashed by default, so that different values stay different",
        arguments: ["primaryKey: true", "unique: true", "partitioned: true"])
    func key(role: String) throws {
        let read = try contract("{name: ssn, logicalType: string, classification: restricted, \(role)}")
        #expect(read.column(named: "ssn")?.masking == .hash)
        #expect(read.warnings.map(\.reason).contains { $0.contains("hashed") && $0.contains("masking key") })
    }

    @Test("nothing is masked by default in an object whose values stay readable with a reason") func exempt() throws {
        let object =
            "{name: o, logicalType: object, classification: PII, customProperties: ["
            + "{property: layout, value: flatten}, {property: masking, value: none}, {property: maskingReason, value: r}], "
            + "properties: [{name: a, logicalType: string, classification: PII}]}"
        let read = try contract(object)
        #expect(read.maskedColumns == [] && read.warnings.isEmpty)
    }

    @Test("a classification around flattened text masks it by default") func flattenedText() throws {
        let object =
            "{name: o, logicalType: object, classification: PII, customProperties: ["
            + "{property: layout, value: flatten}], properties: [{name: a, logicalType: string}]}"
        #expect(try contract(object).maskedColumns == ["o_a"])
        #expect(fault(object.replacing("logicalType: string", with: "logicalType: date")).contains("and not masked"))
    }

    @Test(
        "other classifications need no masking",
        arguments: ["public", "internal", "confidential", "non-PII", "not sensitive", "unrestricted"])
    func others(classification: String) throws {
        let read = try contract("{name: a, logicalType: string, classification: \(classification)}")
        #expect(read.bronzeColumns[1].isHidden == (classification != "public"))
    }

    @Test("numbers and dates cannot be masked, so they need a reason") func otherTypes() throws {
        let born = "{name: born, logicalType: date, classification: PII"
        #expect(fault(born + "}").contains("'born' is classified PII and not masked"))
        #expect(
            fault("\(born), customProperties: [{property: masking, value: hash}]}").contains(
                "only text columns can be masked"))
        #expect(try contract("\(born), \(Self.none)}").bronzeColumns[1].isHidden)
    }

    @Test(
        "a classification holds for the fields inside objects, lists, flattened objects and JSON text: their text is redacted",
        arguments: [
            ("logicalType: object, properties: [{name: a, logicalType: string}]", ["o.a"]),
            ("logicalType: array, items: {logicalType: string}", ["o[]"]),
            (
                "logicalType: array, items: {logicalType: object, properties: [{name: a, logicalType: string}, "
                    + "{name: b, logicalType: string, classification: public}, "
                    + "{name: c, logicalType: array, items: {logicalType: string, physicalType: json}}]}",
                ["o[].a", "o[].c[]"]
            ),
            ("logicalType: object, physicalType: json", ["o"]), ("logicalType: string, physicalType: json", ["o"]),
            (
                "logicalType: object, physicalType: json, properties: [{name: a, logicalType: string, classification: PII}]",
                ["o"]
            ),
            ("logicalType: object", ["o"]), ("logicalType: array", ["o"]),
            ("logicalType: map, map: {key: {logicalType: string}, value: {logicalType: string}}", ["o"]),
        ])
    func inside(type: String, masked: [String]) throws {
        let read = try contract("{name: o, classification: PII, \(type)}")
        #expect(read.maskedColumns == masked)
        #expect(Set(read.bronzeColumns[1].places.compactMap(\.field.masking)) == [.redact])
        for place in masked {
            #expect(read.warnings.map(\.reason).contains { $0.hasPrefix("'\(place)' is classified PII") })
        }
        let decided = try contract("{name: o, classification: PII, \(Self.none), \(type)}")
        #expect(decided.maskedColumns == [] && decided.bronzeColumns[1].isHidden)
        #expect(decided.unclassifiedPlaces.map(\.path) == ["_rescued_data"])
        let internalOnly = try contract("{name: o, classification: internal, \(type)}")
        #expect(internalOnly.bronzeColumns[1].isHidden)
    }

    @Test("a field's own decision counts inside a classified struct, and masking one field does not mask the others")
    func ownDecision() throws {
        let masked = "{name: a, logicalType: string, customProperties: [{property: masking, value: hash}]}"
        let struct_ = "logicalType: object, properties: [\(masked), {name: b, logicalType: string, \(Self.none)}]"
        let read = try contract("{name: o, classification: PII, \(struct_)}")
        #expect(read.maskedColumns == ["o.a"] && read.bronzeColumns[1].isMasked(by: .hash))
        #expect(read.warnings.isEmpty)
    }

    @Test(
        "values that are not text keep a classified struct, list or flattened object from being used",
        arguments: [
            "logicalType: object, properties: [{name: a, logicalType: string}, {name: b, logicalType: date}]",
            "logicalType: array, items: {logicalType: number}",
            "logicalType: object, customProperties: [{property: layout, value: flatten}], properties: [{name: a, logicalType: integer}]",
            "logicalType: string, physicalType: uuid",
        ])
    func valuesInside(type: String) {
        #expect(fault("{name: o, classification: PII, \(type)}").contains("is classified PII and not masked"))
    }

    @Test("a declared field of JSON text classifies the text") func jsonText() throws {
        let text =
            "{name: o, logicalType: object, physicalType: json, properties: [{name: a, logicalType: string, classification: PII}]"
        let read = try contract(text + "}")
        #expect(read.maskedColumns == ["o"] && read.warnings.map(\.reason).contains { $0.contains("redacted") })
        #expect(try contract("\(text), customProperties: [{property: masking, value: hash}]}").maskedColumns == ["o"])
    }

    @Test("'none' needs a reason, and a reason needs 'none'") func reason() {
        func column(_ properties: String) -> String {
            "{name: a, logicalType: string, customProperties: [\(properties)]}"
        }
        let reason = "{property: maskingReason, value: because}"
        #expect(fault(column("{property: masking, value: none}")).contains("needs the custom property 'maskingReason'"))
        #expect(
            fault(column("{property: masking, value: none}, {property: maskingReason, value: ' '}"))
                .contains("needs the custom property 'maskingReason'"))
        #expect(fault(column(reason)).contains("'maskingReason' has no effect without"))
        #expect(
            fault(column("{property: masking, value: hash}, \(reason)")).contains(
                "has no effect beside 'masking: hash'"))
        #expect(
            fault(column("{property: masking, value: shred}")).contains(
                "'shred' is not one of hash, mask, redact, none"))
    }

    @Test("custom properties of columns have no effect on a flattened object", arguments: ["fieldId", "validValues"])
    func flattened(name: String) {
        #expect(
            fault(
                "{name: o, logicalType: object, customProperties: [{property: layout, value: flatten}, {property: \(name), value: [1]}], "
                    + "properties: [{name: a, logicalType: string}]}"
            ).contains("set '\(name)' on its fields"))
    }
}
