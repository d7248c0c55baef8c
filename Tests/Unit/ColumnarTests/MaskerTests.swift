import Contracts
import Testing

@testable import Columnar

@Suite struct MaskerTests {
    @Test(
        "a mask keeps the first and the last character",
        arguments: [
            ("ann@example.org", "a*************g"), ("abc", "a*c"), ("ab", "**"), ("a", "*"), ("\"\"", ""),
            ("éab", "é*b"), ("葉山ビール", "葉***ル"), ("é", "*"), ("葉山", "**"), ("x😀y", "x*y"),
        ])
    func mask(text: String, masked: String) throws {
        let table = try contract(columns: "id: bigint!", "v: string mask")
        // A batch of ASCII takes another path, so each text is read beside ASCII and beside other text.
        for other in ["plain", "ö"] {
            let rows = try readCSV("id,v\n1,\(text)\n2,\n3,\(other)\n", table).rows
            #expect(rows.map { $0[1] } == [masked, nil, other == "ö" ? "*" : "p***n"])
        }
    }

    @Test(
        "a row's image shows of hidden values what their columns show",
        arguments: ["_cdc_before", "_cdc_previous_key"])
    func rowImages(column: String) throws {
        let table = try contract(columns: "id: bigint!", "v: string mask", "h: string hash", "r: string redact")
        let place = try #require(table.bronzeColumns.firstIndex { $0.name == column })
        func image(_ text: String) throws -> [String?] {
            let line = "{\"id\":1,\"h\":\"key\",\"\(column)\":\(text)}\n"
            let row = try #require(try readJSON(line.utf8, table, key: Array("secret".utf8)).rows.first)
            return [row[place], row[2]]
        }
        let shown = try image(#"{"id":12345678901234567890, "v":"ann@example.org","h":"key","r":"x"}"#)
        let hash = try #require(shown[1])
        #expect(hash.count == 64)
        #expect(shown[0] == #"{"id":12345678901234567890,"v":"a*************g","h":"\#(hash)","r":"[redacted]"}"#)
        let odd = try image(#"{"v":12.50,"h":null,"r":{"a":"b"},"pet":"ann","ann@example.org":1,"n":null}"#)
        #expect(
            odd[0] == #"{"v":"1***0","h":null,"r":"[redacted]","pet":"[redacted]","[redacted]":"[redacted]","n":null}"#)
        #expect(try image("null")[0] == nil && image("{}")[0] == "{}")
        // A name that repeats hides no value.
        #expect(try image(#"{"v":"secret","v":"other","\u0076":"third"}"#)[0] == #"{"v":"t***d"}"#)
    }

    @Test("without hidden columns a row's image stays as it is") func openRowImage() throws {
        let row = try readJSON(
            #"{"id":1,"_cdc_before":{"pet": 1.00,"pet":[2]}}"# + "\n", contract(columns: "id: bigint!"))
        #expect(row.rows[0].contains(#"{"pet":1.00,"pet":[2]}"#))
    }

    @Test("a classified column that stays readable is shown in the old key and before a change; an unknown one is not")
    func classifiedColumns() throws {
        let table = try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, schema: [{name: t, properties: [
                  {name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, required: true, classification: PII,
                   customProperties: [{property: masking, value: none}, {property: maskingReason, value: the key}]},
                  {name: note, logicalType: string, classification: restricted,
                   customProperties: [{property: masking, value: none}, {property: maskingReason, value: read here}]},
                  {name: name, logicalType: string, classification: internal},
                  {name: home, logicalType: object, properties: [{name: street, logicalType: string, classification: PII,
                   customProperties: [{property: masking, value: redact}]}]},
                  {name: city, logicalType: string}]}]}
                """, file: "c.yaml")
        let image = #"{"id":7,"note":"n","name":"a","home":{"street":"s"},"city":"c","pet":"p"}"#
        let row = try readJSON(#"{"id":8,"_cdc_before":\#(image),"_cdc_previous_key":\#(image)}"# + "\n", table).rows[0]
        let shown = #"{"id":7,"note":"n","name":"a","home":"[redacted]","city":"c","pet":"[redacted]"}"#
        #expect(row.count { $0 == shown } == 2, "\(row)")
    }
}
