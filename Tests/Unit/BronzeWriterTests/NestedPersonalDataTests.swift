import Columnar
import Contracts
import Control
import JSON
import RawFile
import Testing

@testable import BronzeWriter

/// Personal data in unclassified structs, lists and JSON text.
extension PersonalDataTests {
    private func nestedContract(_ policy: String, city: String = "") throws -> Contract {
        try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: draft,
                 customProperties: [{property: personalData, value: \(policy)}, {property: quarantineRows, value: 9}],
                 schema: [{name: person, properties: [
                   {name: id, logicalType: integer, physicalType: bigint, required: true},
                   {name: address, logicalType: object, properties: [
                     {name: street, logicalType: string}, {name: zip, logicalType: string},
                     {name: city, logicalType: string\(city)}, {name: known, logicalType: string, classification: public}]},
                   {name: orders, logicalType: array, items: {logicalType: object, properties: [
                     {name: note, logicalType: string}, {name: tags, logicalType: array, items: {logicalType: string}}]}},
                   {name: payload, logicalType: object, physicalType: json},
                   {name: inner, logicalType: object, properties: [{name: extra, logicalType: array, physicalType: json}]}]}]}
                """, file: "fixture")
    }

    /// 400 rows. Every row has an e-mail address in the classified leaf; the row at `row` has one in every other leaf
    /// but the city and the zip code.
    private func nestedText(at row: Int, more: String = "") -> String {
        (0..<400).map { index in
            let found = index == row
            let orders = """
                [{"note":"\(found ? "bob@example.org" : "nothing")","tags":[]},\
                {"note":"\(found ? "ask bob@example.org" : "none")",\
                "tags":["\(found ? "joe@example.org" : "a")",null,"\(found ? "eve@example.org" : "b")"]}]
                """
            return """
                {"id":\(index),"address":{"street":"\(found ? "ann@example.org" : "Oak")","zip":"\(10_000 + index)","city":"Ulm",\
                "known":"joe@example.com"},"orders":\(index % 3 == 1 ? "[]" : orders),\
                "payload":{"a":["\(found ? "kim@example.org" : "x")",{"b":1}]},"inner":{"extra":["\(found ? "lee@example.org" : "y")"]}}

                """
        }.joined() + more
    }

    private static let foundPlaces = ["address.street", "orders[].note", "orders[].tags[]", "payload", "inner.extra"]

    @Test("personal data in structs, lists and JSON text is reported with its path", arguments: [0, 398])
    func nestedFindings(row: Int) throws {
        let (result, output, _) = try convert(nestedText(at: row), try nestedContract("report"), .json)
        let emails = result.personalData.filter { $0.kind == "email" }
        #expect(emails.map(\.column) == Self.foundPlaces)
        #expect(result.personalData.filter { $0.kind != "email" }.map(\.column) == ["address.zip"])
        // Values are counted, not rows: two notes in two of three rows; all of the first batch, 100 of each later one.
        #expect(emails[1].sampledCount == 67 * 2 + 3 * 100 && emails[0].sampledCount == 400)
        #expect(emails[0].matchedCount == 1)
        #expect(result.maskedColumns.isEmpty && holds(output, "eve@example.org"))
    }

    @Test(
        "personal data is masked from the first row in each place where it was found, and nowhere else",
        arguments: ["mask", "redact", "hash"], [0, 398])
    func nestedMasking(policy: String, row: Int) throws {
        // Broken rows, one of which has unknown members with the names of masked columns.
        let more = """
            {"id":"x","address":{"street":"max@example.org"}}
            {"id":1,"orders":[{"note":{"a":"max@example.org"}}]}
            {"id":2,"payload":"max@example.org"}
            {"id":3,"address":{"Street":"max@example.org"},"NOTE":"max@example.org"}

            """
        let (result, output, quarantine) = try convert(
            nestedText(at: row, more: more), try nestedContract(policy), .json
        ) { $0.maskingKey = Array("0123456789abcdef".utf8) }
        #expect(result.maskedColumns == ["address.street", "address.zip"] + Self.foundPlaces.dropFirst())
        #expect(Set(result.personalData.map(\.action)) == [policy])
        #expect(result.writtenCount == 401 && result.quarantinedCount == 3)
        #expect(!holds(output, "@example.org") && !quarantine.contains("@example.org"))
        #expect(!quarantine.contains("\"raw\":\"{"))
        // Places without findings and classified columns stay unmasked.
        #expect(holds(output, "Ulm") && holds(output, "joe@example.com"))
    }

    @Test("a masked JSON column still holds valid JSON") func maskedJSONColumn() throws {
        for (masking, expected) in [("redact", #""[redacted]""#), ("mask", #""{*****}""#)] {
            let contract = try Contract(
                parsing: """
                    {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.0.0, status: draft,
                     schema: [{name: person, properties: [{name: p, logicalType: object, physicalType: json,
                       customProperties: [{property: masking, value: \(masking)}]}]}]}
                    """, file: "fixture")
            let (result, output, _) = try convert(#"{"p": {"a":1}}"# + "\n", contract, .json)
            #expect(result.maskedColumns == ["p"] && holds(output, expected))
        }
    }
}
