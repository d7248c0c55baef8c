import ContractTools
import Contracts
import Testing

@Suite struct WeakerMaskingTests {
    private static func contract(_ columns: String, personalData: String = "report") throws -> Contract {
        try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: draft,
                 customProperties: [{property: personalData, value: \(personalData)}],
                 schema: [{name: person, properties: [{name: id, logicalType: integer}, \(columns)]}]}
                """, file: "fixture")
    }

    private static func masked(_ way: String, classification: String = "PII") -> String {
        "{name: email, logicalType: string, classification: \(classification), customProperties: "
            + "[{property: masking, value: \(way)}]}"
    }

    private func places(_ old: String, _ new: String) throws -> [String] {
        WeakerMasking.places(from: try Self.contract(old), to: try Self.contract(new)).map(\.description)
    }

    @Test(
        "a masking that hides less is weaker; one that hides as much or more is not",
        arguments: [("redact", 3), ("hash", 2), ("mask", 1)])
    func strengths(way: String, strength: Int) throws {
        for (other, theirs) in [("redact", 3), ("hash", 2), ("mask", 1)] {
            let found = try places(Self.masked(way), Self.masked(other))
            #expect(found == (theirs < strength ? ["person, email: the masking \(way) becomes \(other)"] : []))
        }
        let unmasked = try places(
            Self.masked(way), "{name: email, logicalType: string, classification: internal}")
        #expect(unmasked == ["person, email: the masking \(way) becomes none"])
        #expect(try places("{name: email, logicalType: string}", Self.masked(way)) == [])
    }

    @Test("a masked column that is dropped or renamed is weaker: its raw values go to _rescued_data")
    func dropped() throws {
        let found = try places(Self.masked("hash"), Self.masked("hash").replacing("email", with: "mail"))
        #expect(found.count == 1 && found[0].hasPrefix("person, email: it was masked by hash"), "\(found)")
        let secret = "{name: salary, logicalType: integer, classification: internal}"
        #expect(try places(secret, "{name: other, logicalType: integer}").first?.contains("it was classified") == true)
    }

    @Test("a classification that is removed is weaker, also around a nested field") func classification() throws {
        let secret = "{name: salary, logicalType: integer, classification: internal}"
        for open in ["{name: salary, logicalType: integer}", secret.replacing("internal", with: "public")] {
            #expect(try places(secret, open) == ["person, salary: the classification internal is removed"])
        }
        #expect(try places(secret, secret.replacing("internal", with: "confidential")) == [])
        let nested =
            "{name: home, logicalType: object, classification: internal, properties: [{name: street, logicalType: string}]}"
        let found = try places(nested, nested.replacing("classification: internal, ", with: ""))
        #expect(found.contains { $0.hasPrefix("person, home.street: the classification") }, "\(found)")
    }

    @Test("fields that become masked JSON text are hidden as before") func jsonText() throws {
        let nested = "{name: home, logicalType: object, properties: [\(Self.masked("mask"))]}"
        let text =
            "{name: home, logicalType: object, physicalType: json, customProperties: [{property: masking, value: redact}]}"
        #expect(try places(nested, text) == [])
        #expect(
            try places(nested, text.replacing(", customProperties: [{property: masking, value: redact}]", with: ""))
                .count == 1)
    }

    @Test("personal data that is masked where it is found stays masked") func personalData() throws {
        let column = "{name: note, logicalType: string}"
        let found = WeakerMasking.places(
            from: try Self.contract(column, personalData: "hash"), to: try Self.contract(column, personalData: "report")
        )
        #expect(found.map(\.description) == ["person: the masking of personal data that is found, hash, becomes none"])
    }
}
